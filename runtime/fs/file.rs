//! An open file: opening, what is true of it as a whole, and giving it back to std.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::sync::Arc;

use super::cursor::{Gate, Held, Turn};
use super::lanes::{Owner, Touch};
use super::metadata::Metadata;
use super::work::{self, given_back, pool};
use crate::driver::file::{Advice, Code, Descriptor, Landed, ring_for_file};

/// An open file.
///
/// Reads and writes come in three kinds. At the cursor: [`read`](File::read), [`write`](File::write),
/// [`seek`](File::seek) and the traits of other crates; they take `&mut self`. At a place: [`read_at`](File::read_at),
/// [`write_at`](File::write_at) and their like take `&self` and can run side by side. With owned buffers:
/// [`read_owned_at`](File::read_owned_at) and its like hand the buffer to the kernel and back, without a copy.
///
/// No bytes are held back: when a write is ready the kernel has them, and a later [`sync_all`](File::sync_all) is about
/// them. A small read of what the page cache has is ready at once; everything else is done by the kernel, or by the
/// blocking pool where the kernel has no ring, and never blocks a worker. An open file keeps the memory of its last
/// operation at the cursor for the next, at most 64 KiB.
///
/// The cursor is the kernel's: clones, duplicates of std's and child processes share it. Handles of this process can read
/// and write at it at the same time, and nothing falls on anything else. With other processes that holds for one after the
/// other; at the very same time, open the file for append.
///
/// A stream whose descriptor does not block (`O_NONBLOCK`) is waited for all the same.
///
/// Dropping a file closes it at once, or as soon as its operations in flight are over. A file that a server keeps (FUSE, NFS
/// and their like) is closed by a thread that may wait for it.
///
/// # Cancel safety
/// The cursor moves when a future is ready. A future that is dropped before leaves behind:
///
/// | dropped | file with places | opened for append | what streams: pipe, terminal, eventfd … |
/// |---|---|---|---|
/// | `read` | nothing; the next one reads anew | nothing | what it took is kept, and the next read has it first |
/// | `write` | the bytes are at the cursor's place or not, wholly or in part; the cursor has not moved | appended or not; the cursor may be at the end | written or not |
/// | `seek` | nothing | nothing | nothing |
/// | `write_at`, `set_len` and their like | happened or not | happened or not | refused by the kernel |
///
/// The next operation of the open file, by whatever method or clone, begins when the dropped one is over; of a stream, the
/// next in the same direction. Where a clone's operation at the cursor had come behind one that was dropped later, that one
/// has happened.
///
/// The traits of other crates cannot tell a call that goes on from one that begins anew: a `poll_write` with the bytes of
/// the one before is the same write, unless the file was written by place, cut, or a clone sought meanwhile; then it is
/// begun anew, at the cursor as it is then.
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
    pub(super) gate: Arc<Gate>,
    /// What callers of traits have begun and not fetched.
    pub(super) turns: [Turn; 3],
    /// Where a seek of tokio's trait shall go.
    #[cfg(feature = "tokio-io")]
    pub(super) wanted_seek: Option<SeekFrom>,
}

/// Places in [`File::turns`]: one for each kind, because what streams may be read and written at the same time.
pub(super) const READ: usize = 0;
pub(super) const WRITE: usize = 1;
pub(super) const SEEK: usize = 2;

impl File {
    pub(super) fn over(descriptor: Arc<Descriptor>) -> File {
        File::with_gate(descriptor, Arc::new(Gate::new()))
    }

    fn with_gate(descriptor: Arc<Descriptor>, gate: Arc<Gate>) -> File {
        File {
            descriptor,
            gate,
            turns: [READ, WRITE, SEEK].map(|_| Turn::new(Owner::Trait)),
            #[cfg(feature = "tokio-io")]
            wanted_seek: None,
        }
    }

    /// A turn at the cursor. Whoever calls a method of ours has no future of a trait any more, for that would borrow the
    /// file: what it has begun was given up.
    pub(super) fn hold(&mut self) -> Held<'_> {
        for turn in &mut self.turns {
            if turn.is_open() {
                self.gate.leave(&self.descriptor, turn);
            }
        }
        Held { gate: &self.gate, file: &self.descriptor, turn: Turn::new(Owner::Future) }
    }

    /// For an operation on the file as a whole or at a place.
    pub(super) async fn quiet(&self, touch: Touch) {
        self.gate.quiet(&self.descriptor, touch).await;
    }

    /// Takes over a file of std's, with its cursor.
    pub fn from_std(file: std::fs::File) -> File {
        File::over(Arc::new(Descriptor::inspect(file)))
    }

    /// Gives the file back to std, with its cursor. An operation in flight is cancelled.
    ///
    /// # Errors
    /// While an operation is in flight, or a clone exists, the descriptor is duplicated, which needs a free one.
    pub fn into_std(self) -> io::Result<std::fs::File> {
        let descriptor = self.descriptor.clone();
        drop(self);
        match Arc::try_unwrap(descriptor) {
            Ok(descriptor) => Ok(descriptor.into_file()),
            Err(shared) => shared.file().try_clone(),
        }
    }

    /// A second handle to the same open file, with the same cursor.
    ///
    /// Two handles at the cursor at the same time take turns: each byte is read by one of them, and every write is there.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Cancel safe: it waits for nothing.
    pub async fn try_clone(&self) -> io::Result<File> {
        Ok(File::with_gate(self.descriptor.clone(), self.gate.clone()))
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
        self.quiet(Touch::Nothing).await;
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
        self.quiet(Touch::Length).await;
        let work = self.gate.watched(|mark| work::set_len(&self.descriptor, ((), mark), len));
        work.await.result.map(drop)
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
        self.quiet(Touch::Length).await;
        let work = self.gate.watched(|mark| work::allocate(&self.descriptor, ((), mark), offset, len));
        work.await.result.map(drop)
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
        self.quiet(Touch::Nothing).await;
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
        self.quiet(Touch::Nothing).await;
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
        self.quiet(Touch::Nothing).await;
        let work = self.gate.watched(|mark| work::set_permissions(&self.descriptor, ((), mark), permissions));
        work.await.result.map(drop)
    }

    /// Moves the cursor, and says where it is.
    ///
    /// # Errors
    /// `InvalidInput` for a place before the beginning; `NotSeekable` for a pipe or a terminal.
    ///
    /// # Cancel safety
    /// Dropped, it has not moved the cursor.
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut held = self.hold();
        poll_fn(|cx| held.gate.poll_seek(held.file, &mut held.turn, cx, to)).await
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
        let mut held = self.hold();
        poll_fn(|cx| held.gate.poll_flush(held.file, &mut held.turn, cx)).await;
        Ok(())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Clones may go on.
        drop(self.hold());
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
