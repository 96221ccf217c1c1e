//! An open file: opening, what is true of it as a whole, and giving it back to std.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::cursor::{Cursor, Pending};
use super::metadata::Metadata;
use super::open_options::OpenOptions;
use super::work::{given_back, pool};
use crate::buf::Staging;
use crate::driver::file::{Advice, Code, Descriptor, Landed, ring_for_file};
use crate::driver::in_runtime;

/// An open file.
///
/// Reads and writes come in three kinds. At the cursor: [`read`](File::read), [`write`](File::write),
/// [`seek`](File::seek) and the traits of other crates; they take `&mut self`. At a place: [`read_at`](File::read_at),
/// [`write_at`](File::write_at) and their like take `&self` and can run side by side. With owned buffers:
/// [`read_owned_at`](File::read_owned_at) and its like hand the buffer to the kernel and back, without a copy.
///
/// Nothing is buffered: when a write is ready the kernel has its bytes, and a later [`sync_all`](File::sync_all) is about
/// them. A small read of what the page cache has is ready at once; everything else is done by the kernel, or by the
/// blocking pool where the kernel has no ring, and never blocks a worker.
///
/// Dropping a file closes it at once, or as soon as its operations in flight are over. A file that a server keeps (FUSE, NFS
/// and their like) is closed by a thread that may wait for it.
///
/// # Cancel safety
/// The cursor moves when a future is ready, never else. After a read was dropped the next one reads the same bytes; a
/// write that was dropped may be in the file or not, wholly or in part, the next operation of this `File` comes after it, and
/// the next write goes to the same place. That holds for files that can seek. A pipe, a terminal and a file opened for append
/// have no place to go back to: there a dropped write may have happened, and what a dropped read took is kept for the
/// next one.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join("heist_file_example");
/// let mut file = heist::fs::File::create(&path).await?;
/// file.write_all(b"hello, disk").await?;
/// drop(file);
///
/// let file = heist::fs::File::open(&path).await?;
/// let mut word = [0; 4];
/// file.read_exact_at(&mut word, 7).await?;
/// assert_eq!(&word, b"disk");
/// heist::fs::remove_file(&path).await
/// # }
/// ```
pub struct File {
    pub(super) descriptor: Arc<Descriptor>,
    pub(super) cursor: Arc<Cursor>,
    pub(super) pending: Option<Pending>,
    /// What a dropped read took from a stream.
    pub(super) leftover: Vec<u8>,
    /// The buffer of the last operation, for the next.
    pub(super) spare: Staging,
    /// Where a seek of tokio's trait shall go.
    #[cfg(feature = "tokio-io")]
    pub(super) wanted_seek: Option<SeekFrom>,
}

impl File {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// Those of [`std::fs::File::open`].
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).open(path).await })
    }

    /// Opens a file to write it; creates it, or makes it empty.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create`].
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed; it may have been created or made empty.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().write(true).create(true).truncate(true).open(path).await })
    }

    /// Creates a file to read and write it.
    ///
    /// # Errors
    /// `AlreadyExists` if it is there, and those of [`std::fs::File::create_new`].
    ///
    /// # Cancel safety
    /// A file that is created after the future was dropped is closed, and stays.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).write(true).create_new(true).open(path).await })
    }

    /// Options to open a file with: the same as [`OpenOptions::new`].
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    pub(super) fn over(descriptor: Arc<Descriptor>) -> File {
        File::with_cursor(descriptor, Arc::new(Cursor::new()))
    }

    fn with_cursor(descriptor: Arc<Descriptor>, cursor: Arc<Cursor>) -> File {
        File {
            descriptor,
            cursor,
            pending: None,
            leftover: Vec::new(),
            spare: Staging::default(),
            #[cfg(feature = "tokio-io")]
            wanted_seek: None,
        }
    }

    /// Takes over a file of std's, with its cursor.
    pub fn from_std(file: std::fs::File) -> File {
        File::over(Arc::new(Descriptor::inspect(file)))
    }

    /// Gives the file back to std, with its cursor. An operation in flight is cancelled.
    ///
    /// # Errors
    /// While an operation is in flight, or a clone exists, the descriptor is duplicated, which needs a free one. Moving the
    /// kernel's cursor may fail as well.
    pub fn into_std(mut self) -> io::Result<std::fs::File> {
        self.pending = None;
        self.cursor.hand_over(self.descriptor.file())?;
        match Arc::try_unwrap(self.descriptor) {
            Ok(descriptor) => Ok(descriptor.into_file()),
            Err(shared) => shared.file().try_clone(),
        }
    }

    /// A second handle to the same open file, with the same cursor.
    ///
    /// Two handles at the cursor at the same time may read the same bytes: use places there.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Cancel safe: it waits for nothing.
    pub async fn try_clone(&self) -> io::Result<File> {
        Ok(File::with_cursor(self.descriptor.clone(), self.cursor.clone()))
    }

    /// Waits until data and metadata are on the disk.
    ///
    /// # Errors
    /// An error tells that earlier writes may be lost. The kernel tells it once; a second call that succeeds proves
    /// nothing.
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn sync_all(&self) -> io::Result<()> {
        self.sync(false).await
    }

    /// Waits until the data, and what metadata is needed to read it, are on the disk.
    ///
    /// # Errors
    /// As for [`sync_all`](File::sync_all).
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn sync_data(&self) -> io::Result<()> {
        self.sync(true).await
    }

    async fn sync(&self, is_data_only: bool) -> io::Result<()> {
        let file = self.descriptor.clone();
        match ring_for_file(Code::Sync, &file) {
            Some(ring) => ring.sync(file, is_data_only).await.result.map(drop),
            None if is_data_only => pool(move || file.file().sync_data()).await,
            None => pool(move || file.file().sync_all()).await,
        }
    }

    /// Makes the file that long: cuts off what is beyond, or adds zeros.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_len`].
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn set_len(&self, len: u64) -> io::Result<()> {
        let file = self.descriptor.clone();
        match ring_for_file(Code::SetLen, &file).filter(|_| i64::try_from(len).is_ok()) {
            Some(ring) => ring.set_len(file, len).await.result.map(drop),
            None => pool(move || file.file().set_len(len)).await,
        }
    }

    /// Reserves room on the disk for `len` bytes from `offset` on, so that writing them does not fail for want of it. The
    /// file grows, if it is shorter.
    ///
    /// # Errors
    /// `StorageFull` if there is no room; `Unsupported` where the system or the file system cannot do it.
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        let file = self.descriptor.clone();
        match ring_for_file(Code::Allocate, &file) {
            Some(ring) => ring.allocate(file, 0, offset, len).await.result.map(drop),
            None => pool(move || file.allocate(offset, len)).await,
        }
    }

    /// Tells the system how a range will be used; a `len` of 0 means up to the end. Does nothing where the system does
    /// not want to know.
    ///
    /// # Errors
    /// `InvalidInput` for a pipe, and for a range that overflows.
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn advise(&self, offset: u64, len: u64, advice: Advice) -> io::Result<()> {
        let file = self.descriptor.clone();
        let ring = ring_for_file(Code::Advise, &file).filter(|_| i64::try_from(offset).is_ok());
        match (ring, i32::try_from(len)) {
            (Some(ring), Ok(short)) => {
                ring.advise(file, offset, short.unsigned_abs(), advice).await.result.map(drop)
            }
            _ => pool(move || file.advise(offset, len, advice)).await,
        }
    }

    /// What the system knows of the file.
    ///
    /// # Errors
    /// Those of [`std::fs::File::metadata`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let file = self.descriptor.clone();
        match ring_for_file(Code::Stat, &file) {
            Some(ring) => {
                let Landed { result, resources, .. } = ring.stat_file(file).await;
                result.map(|_| Metadata::of_ring(given_back(resources)))
            }
            None => pool(move || file.file().metadata()).await.map(Metadata::from),
        }
    }

    /// Changes the permissions.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_permissions`].
    ///
    /// # Cancel safety
    /// Dropped, it may have happened or not.
    pub async fn set_permissions(&self, permissions: std::fs::Permissions) -> io::Result<()> {
        let file = self.descriptor.clone();
        pool(move || file.file().set_permissions(permissions)).await
    }

    /// Moves the cursor, and says where it is.
    ///
    /// # Errors
    /// `InvalidInput` for a place before the beginning; `NotSeekable` for a pipe or a terminal.
    ///
    /// # Cancel safety
    /// Dropped, it has not moved the cursor, except in a file opened for append.
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        poll_fn(|cx| self.poll_seek_to(cx, to)).await
    }

    /// Moves the cursor to the beginning.
    ///
    /// # Errors
    /// As for [`seek`](File::seek).
    ///
    /// # Cancel safety
    /// As for [`seek`](File::seek).
    pub async fn rewind(&mut self) -> io::Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// Where the cursor is.
    ///
    /// # Errors
    /// As for [`seek`](File::seek).
    ///
    /// # Cancel safety
    /// Cancel safe: it moves nothing.
    pub async fn stream_position(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }

    /// Waits for a write that was given up. There is nothing else to flush: see [`sync_all`](File::sync_all) for the disk.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, the write that it waited for goes on.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_settle(cx)).await;
        Ok(())
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> File {
        File::from_std(file)
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for File {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.descriptor.file().as_fd()
    }
}

#[cfg(unix)]
impl std::os::fd::AsRawFd for File {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.descriptor.file().as_raw_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("file", self.descriptor.file()).finish_non_exhaustive()
    }
}
