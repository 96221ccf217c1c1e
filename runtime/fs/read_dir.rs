//! What is in a folder.

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
use crate::driver::in_runtime;
use crate::driver::of_pool;
use crate::task::{AbortOnDropHandle, spawn_blocking};

/// So many entries are fetched by one visit of the blocking pool.
const BATCH_COUNT: usize = 128;

/// Lists a folder.
///
/// # Errors
/// Those of [`std::fs::read_dir`].
///
/// # Cancel safety
/// Cancel safe.
///
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
        Ok(ReadDir(State::Here(batch)))
    })
}

/// The entries of a folder, in no order: a [`Stream`]. See [`read_dir`].
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct ReadDir(State);

#[derive(Debug)]
enum State {
    Here(Batch),
    Coming(AbortOnDropHandle<Batch>),
}

#[derive(Debug)]
struct Batch {
    entries: VecDeque<io::Result<std::fs::DirEntry>>,
    /// None: there are no more.
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
    /// The next entry.
    ///
    /// # Errors
    /// Those of the system. There may be more entries after one.
    ///
    /// # Cancel safety
    /// Cancel safe: no entry is lost.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await.transpose()
    }

    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        loop {
            match &mut self.0 {
                State::Here(batch) => {
                    if let Some(entry) = batch.entries.pop_front() {
                        return Poll::Ready(Some(entry.map(|entry| DirEntry(Arc::new(entry)))));
                    }
                    let Some(rest) = batch.rest.take() else { return Poll::Ready(None) };
                    self.0 = State::Coming(AbortOnDropHandle::new(spawn_blocking(|| next_batch(rest))));
                }
                State::Coming(handle) => match ready!(Pin::new(handle).poll(cx)) {
                    Ok(batch) => self.0 = State::Here(batch),
                    Err(error) => {
                        self.0 = State::Here(Batch { entries: VecDeque::new(), rest: None });
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

/// One entry of a folder.
#[derive(Clone, Debug)]
pub struct DirEntry(Arc<std::fs::DirEntry>);

impl DirEntry {
    /// The folder's path with the name.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// The name alone.
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// What the system knows of it; a link is not followed.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        symlink_metadata(self.path()).await
    }

    /// What kind of file it is; a link is not followed. The folder tells, as a rule, without another question.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn file_type(&self) -> io::Result<FileType> {
        let entry = self.0.clone();
        // Most file systems have told already; the others must be asked, which may block.
        pool(move || entry.file_type()).await.map(FileType::from)
    }
}
