//! An open file. `behind.rs` has its writes, `file_traits.rs` its traits.

use std::fmt;
use std::fs::{Metadata, Permissions};
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use heist::fs::facade;

use super::behind::Behind;
use crate::context;

/// The most bytes of one read or write, unless `set_max_buf_size` says otherwise.
const BUF_BYTES_MAX: usize = 2 * 1024 * 1024;

/// An open file. A write is done in the background; [`flush`](crate::io::AsyncWriteExt::flush)
/// waits for it.
pub struct File {
    pub(super) inner: heist::fs::File,
    pub(super) behind: Behind,
    pub(super) seek: Option<SeekFrom>,
    pub(super) position: u64,
    pub(super) max_buf_size: usize,
}

/// Times of a file that [`File::set_times`] is to set.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileTimes {
    inner: std::fs::FileTimes,
}

impl FileTimes {
    /// No times.
    pub fn new() -> Self {
        FileTimes::default()
    }

    /// The time of the last access.
    pub fn set_accessed(self, t: SystemTime) -> Self {
        FileTimes { inner: self.inner.set_accessed(t) }
    }

    /// The time of the last change.
    pub fn set_modified(self, t: SystemTime) -> Self {
        FileTimes { inner: self.inner.set_modified(t) }
    }
}

impl File {
    pub(super) fn over(inner: heist::fs::File) -> File {
        File { inner, behind: Behind::default(), seek: None, position: 0, max_buf_size: BUF_BYTES_MAX }
    }

    /// Opens a file for reading.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<File> {
        context::runtime();
        heist::fs::File::open(path).await.map(File::over)
    }

    /// Opens a file for writing. It is created, or loses its contents.
    pub async fn create(path: impl AsRef<Path>) -> io::Result<File> {
        context::runtime();
        heist::fs::File::create(path).await.map(File::over)
    }

    /// Creates a file for reading and writing. It must not exist yet.
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        context::runtime();
        heist::fs::File::create_new(path).await.map(File::over)
    }

    /// Takes a file of std.
    pub fn from_std(std: std::fs::File) -> File {
        File::over(heist::fs::File::from_std(std))
    }

    async fn idle(&self) {
        poll_fn(|cx| self.behind.poll_idle(cx)).await;
    }

    /// Waits until the system has stored the contents and the metadata.
    pub async fn sync_all(&self) -> io::Result<()> {
        self.idle().await;
        self.inner.sync_all().await
    }

    /// Waits until the system has stored the contents.
    pub async fn sync_data(&self) -> io::Result<()> {
        self.idle().await;
        self.inner.sync_data().await
    }

    /// Shortens the file, or lengthens it with zeros.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        self.idle().await;
        self.inner.set_len(size).await
    }

    /// Returns the metadata.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.idle().await;
        facade::file_metadata(&self.inner).await
    }

    /// Returns another handle to the open file: with the same cursor.
    pub async fn try_clone(&self) -> io::Result<File> {
        self.idle().await;
        let mut file = File::over(self.inner.try_clone().await?);
        file.max_buf_size = self.max_buf_size;
        Ok(file)
    }

    /// Gives the file to std, after the operation that is in flight.
    pub async fn into_std(mut self) -> std::fs::File {
        poll_fn(|cx| self.poll_settled(cx)).await;
        self.inner.into_std().expect("a duplicate of an open descriptor")
    }

    /// Gives the file to std, unless an operation is in flight.
    #[expect(clippy::result_large_err, reason = "the signature of tokio")]
    pub fn try_into_std(self) -> Result<std::fs::File, Self> {
        if self.behind.is_busy() || self.seek.is_some() {
            return Err(self);
        }
        Ok(self.inner.into_std().expect("a duplicate of an open descriptor"))
    }

    /// Changes the permissions.
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.idle().await;
        self.inner.set_permissions(perm).await
    }

    /// Changes the times.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.idle().await;
        self.inner.set_times(times.inner).await
    }

    /// Changes the time of the last change.
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Sets how many bytes a read or a write takes at most; 2 MiB by default. Panics if it is 0.
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.max_buf_size = max_buf_size;
    }

    /// Returns how many bytes a read or a write takes at most.
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }
}

impl From<std::fs::File> for File {
    fn from(std: std::fs::File) -> Self {
        Self::from_std(std)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("tokio::fs::File").field("std", &facade::std_file(&self.inner)).finish()
    }
}

#[cfg(unix)]
mod unix {
    #![expect(unsafe_code, reason = "the caller of `from_raw_fd` promises that the descriptor is its own")]

    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

    use super::File;

    impl AsFd for File {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for File {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }

    impl FromRawFd for File {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            // SAFETY: the promise of the caller.
            File::from_std(unsafe { std::fs::File::from_raw_fd(fd) })
        }
    }

    impl From<OwnedFd> for File {
        fn from(fd: OwnedFd) -> Self {
            File::from_std(fd.into())
        }
    }
}
