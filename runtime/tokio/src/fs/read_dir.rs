//! The entries of a directory.

use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use heist::fs::facade;

use crate::context;

/// Lists a directory.
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    context::runtime();
    heist::fs::read_dir(path).await.map(ReadDir)
}

/// The entries of a directory.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct ReadDir(heist::fs::ReadDir);

impl ReadDir {
    /// Returns the next entry, or none at the end.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// [`next_entry`](Self::next_entry) as a poll function.
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        let entry = ready!(Pin::new(&mut self.0).poll_next(cx)).transpose()?;
        Poll::Ready(Ok(entry.map(|entry| DirEntry(facade::entry(&entry)))))
    }
}

/// An entry of a directory.
#[derive(Debug)]
pub struct DirEntry(Arc<std::fs::DirEntry>);

impl DirEntry {
    /// Returns the path of the entry: that of the directory and its name.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Returns the name of the entry.
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// Returns the metadata of the entry. Does not follow links.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let entry = self.0.clone();
        facade::on_pool(move || entry.metadata()).await
    }

    /// Returns the kind of the entry. Does not follow links.
    pub async fn file_type(&self) -> io::Result<FileType> {
        let entry = self.0.clone();
        facade::on_pool(move || entry.file_type()).await
    }

    /// Returns the number of the file in its file system.
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.0)
    }
}
