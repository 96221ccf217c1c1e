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
use crate::blocking::spawn_blocking;
use crate::driver::file::pool;
use crate::driver::{in_runtime, of_pool};
use crate::task::AbortOnDropHandle;

/// One visit of the blocking pool fetches this many entries.
const BATCH_COUNT: usize = 128;

/// Lists a directory.
///
/// # Errors
/// Those of [`std::fs::read_dir`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
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
    /// The next entry, or `None` at the end.
    ///
    /// # Errors
    /// Those of the system. More entries may follow after an error.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the entry was read together with an earlier
    /// one.
    ///
    /// # Cancel safety
    /// Cancel safe: no entry is lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let mut names = Vec::new();
    /// while let Some(entry) = entries.next_entry().await? {
    ///     names.push(entry.file_name());
    /// }
    /// assert_eq!(names, ["poem"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// [`next_entry`](ReadDir::next_entry) as a poll function.
    ///
    /// # Errors
    /// As for [`next_entry`](ReadDir::next_entry).
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the entry was read together with an earlier
    /// one.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = std::future::poll_fn(|cx| entries.poll_next_entry(cx)).await?;
    /// assert!(entry.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        self.poll_entry(cx).map(Option::transpose)
    }

    fn poll_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
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
        self.poll_entry(cx)
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
    pub(super) fn as_std(&self) -> &Arc<std::fs::DirEntry> {
        &self.0
    }

    /// The path of the directory joined with the name.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = entries.next_entry().await?.expect("a file is there");
    /// assert_eq!(entry.path(), directory.path().join("poem"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// The name alone.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = entries.next_entry().await?.expect("a file is there");
    /// assert_eq!(entry.file_name(), "poem");
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// The number of the file on its file system. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = entries.next_entry().await?.expect("a file is there");
    /// assert_eq!(entry.ino(), entry.path().metadata()?.ino());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn ino(&self) -> u64 {
        use std::os::unix::fs::DirEntryExt as _;
        self.0.ino()
    }

    /// Type, size, times and owner; a link is not followed.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = entries.next_entry().await?.expect("a file is there");
    /// assert_eq!(entry.metadata().await?.len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        symlink_metadata(self.path()).await
    }

    /// Which kind of file it is; a link is not followed. Most file systems report it with the
    /// entry, so that the file itself need not be asked.
    ///
    /// # Errors
    /// Those of [`symlink_metadata`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # heist::fs::write(directory.path().join("poem"), "text").await?;
    /// let mut entries = heist::fs::read_dir(directory.path()).await?;
    /// let entry = entries.next_entry().await?.expect("a file is there");
    /// assert!(entry.file_type().await?.is_file());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        let entry = self.0.clone();
        // Most file systems have reported it with the entry. The others must be asked, which may
        // block.
        pool(move || entry.file_type()).await.map(FileType::from)
    }
}
