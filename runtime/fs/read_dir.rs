//! The entries of a directory.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::metadata::{FileType, Metadata};
use super::paths::symlink_metadata;
use super::work::pool;
use crate::blocking::spawn_blocking;
use crate::driver::in_runtime;
use crate::driver::of_pool;
use crate::task::AbortOnDropHandle;

/// One visit of the blocking pool fetches this many entries.
const BATCH_COUNT: usize = 128;

/// Lists a directory.
///
/// # Errors
/// Those of [`std::fs::read_dir`].
///
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut entries = heist::fs::read_dir(".").await?;
/// let mut names = Vec::new();
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// assert!(names.iter().any(|name| name == "Cargo.toml"));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<ReadDir>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        let batch = pool(move || Ok(next_batch(std::fs::read_dir(path)?))).await?;
        Ok(ReadDir(ReadDirState::Here(batch)))
    })
}

/// The entries of a directory, in no particular order. [`read_dir`] returns it.
///
/// It is a [`Stream`] as well:
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use futures::TryStreamExt;
///
/// let entries = heist::fs::read_dir(".").await?;
/// let paths: Vec<_> = entries.map_ok(|entry| entry.path()).try_collect().await?;
/// assert!(!paths.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct ReadDir(ReadDirState);

#[derive(Debug)]
enum ReadDirState {
    Here(Batch),
    Coming(AbortOnDropHandle<Batch>),
}

#[derive(Debug)]
struct Batch {
    entries: VecDeque<io::Result<std::fs::DirEntry>>,
    /// None: there are no more entries.
    rest: Option<std::fs::ReadDir>,
}

fn next_batch(mut rest: std::fs::ReadDir) -> Batch {
    let mut entries = VecDeque::with_capacity(BATCH_COUNT);
    while entries.len() < BATCH_COUNT {
        match rest.next() {
            Some(entry) => entries.push_back(entry),
            None => return Batch { entries, rest: None },
        }
    }
    Batch { entries, rest: Some(rest) }
}

impl ReadDir {
    /// The next entry, or `None` at the end. [`read_dir`] has an example.
    ///
    /// # Errors
    /// Those of the system. More entries may follow after an error.
    ///
    /// # Cancel safety
    /// Cancel safe: no entry is lost.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await.transpose()
    }

    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        loop {
            match &mut self.0 {
                ReadDirState::Here(batch) => {
                    if let Some(entry) = batch.entries.pop_front() {
                        return Poll::Ready(Some(entry.map(|entry| DirEntry(Arc::new(entry)))));
                    }
                    let Some(rest) = batch.rest.take() else { return Poll::Ready(None) };
                    self.0 =
                        ReadDirState::Coming(AbortOnDropHandle::new(spawn_blocking(|| next_batch(rest))));
                }
                ReadDirState::Coming(handle) => match ready!(Pin::new(handle).poll(cx)) {
                    Ok(batch) => self.0 = ReadDirState::Here(batch),
                    Err(error) => {
                        self.0 = ReadDirState::Here(Batch { entries: VecDeque::new(), rest: None });
                        return Poll::Ready(Some(Err(of_pool(error))));
                    }
                },
            }
        }
    }
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        self.poll_next_entry(cx)
    }
}

/// One entry of a directory.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut entries = heist::fs::read_dir("runtime").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     let is_dir = entry.file_type().await?.is_dir();
///     assert_eq!(is_dir, entry.metadata().await?.is_dir());
///     assert!(entry.path().starts_with("runtime"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DirEntry(Arc<std::fs::DirEntry>);

impl DirEntry {
    /// The path of the directory joined with the name.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// The name alone.
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// Type, size, times and owner; a link is not followed. [`DirEntry`] has an example.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        symlink_metadata(self.path()).await
    }

    /// Which kind of file it is; a link is not followed. Most file systems report it with the
    /// entry, so that the file itself need not be asked. [`DirEntry`] has an example.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    pub async fn file_type(&self) -> io::Result<FileType> {
        let entry = self.0.clone();
        // Most file systems have reported it with the entry. The others must be asked, which may
        // block.
        pool(move || entry.file_type()).await.map(FileType::from)
    }
}
