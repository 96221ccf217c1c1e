//! An open file: operations on it as a whole, and the way from and to std. `open_options.rs` opens
//! it.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::sync::Arc;

use super::cursor::{CursorTurns, Held};
use super::lanes::{ResultOwner, Touch};
use super::metadata::Metadata;
use super::turn::Turn;
use crate::driver::file::{self, Descriptor, Landed, Request, StatTarget, pool};
use crate::system::file::Advice;

/// An open file or stream.
///
/// Reads and writes come in three kinds:
/// - At the cursor: [`read`](File::read), [`write`](File::write), [`seek`](File::seek) and the
///   traits of other crates. They take `&mut self`.
/// - At an offset: [`read_at`](File::read_at), [`write_at`](File::write_at) and their family. They
///   take `&self`, so several can run at the same time.
/// - With owned buffers: [`read_owned_at`](File::read_owned_at) and its family hand the buffer to
///   the kernel and back, without a copy.
///
/// When a write is ready, the kernel has its bytes: nothing is held back, and a later
/// [`sync_all`](File::sync_all) covers them. A small read that the page cache can answer is ready
/// at once. Everything else is done by the kernel, or by the blocking pool where there is no ring,
/// and never blocks a worker. An open file keeps the buffer of its last operation at the cursor for
/// the next one, at most 64 KiB.
///
/// The cursor is the kernel's, and clones, duplicates and child processes share it: see [the
/// module](super#clones-duplicates-and-child-processes).
///
/// Dropping a file closes it at once, or as soon as its operations in flight are over. A thread
/// closes a file that a server keeps (FUSE, NFS and the like), because that may wait.
///
/// # Panics
/// Calls that have to ask the system panic if called outside of a runtime.
///
/// # Cancel safety
/// The cursor moves when a future is ready. A future that is dropped earlier leaves as little
/// behind as possible: see [the table](super#what-a-dropped-call-leaves-behind).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs::File;
///
/// let path = directory.path().join("greeting");
/// let mut file = File::create(&path).await?;
/// file.write_all(b"hello, disk").await?;
/// file.sync_all().await?;
///
/// let file = File::open(&path).await?;
/// let mut word = [0; 4];
/// file.read_exact_at(&mut word, 7).await?;
/// assert_eq!(&word, b"disk");
///
/// let taken = File::create_new(&path).await.unwrap_err();
/// assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
/// # Ok(())
/// # }
/// ```
pub struct File {
    pub(super) descriptor: Arc<Descriptor>,
    pub(super) cursor_turns: Arc<CursorTurns>,
    /// Operations that callers of a trait have started and not fetched.
    pub(super) turns: [Turn; 3],
    /// The target of a seek that tokio's trait has announced.
    #[cfg(feature = "tokio-io")]
    pub(super) wanted_seek: Option<SeekFrom>,
    max_buf_size: usize,
}

/// As tokio's.
const DEFAULT_MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// Indices of [`File::turns`]: one for each kind, because a stream may be read and written at the
/// same time.
pub(super) const READ: usize = 0;
pub(super) const WRITE: usize = 1;
pub(super) const SEEK: usize = 2;

impl File {
    pub(super) fn over(descriptor: Arc<Descriptor>) -> File {
        File::with_gate(descriptor, Arc::new(CursorTurns::new()))
    }

    pub(super) fn share(&self) -> File {
        let mut clone = File::with_gate(self.descriptor.clone(), self.cursor_turns.clone());
        clone.max_buf_size = self.max_buf_size;
        clone
    }

    fn with_gate(descriptor: Arc<Descriptor>, cursor_turns: Arc<CursorTurns>) -> File {
        File {
            descriptor,
            cursor_turns,
            turns: [READ, WRITE, SEEK].map(|_| Turn::new(ResultOwner::Trait)),
            #[cfg(feature = "tokio-io")]
            wanted_seek: None,
            max_buf_size: DEFAULT_MAX_BUF_SIZE,
        }
    }

    /// A turn at the cursor. A caller of an own method has no future of a trait any more, because
    /// that would borrow the file: what such a future started was given up.
    #[inline]
    pub(super) fn hold(&mut self) -> Held<'_> {
        for turn in &mut self.turns {
            if turn.is_open() {
                self.cursor_turns.leave(&self.descriptor, turn);
            }
        }
        Held {
            cursor_turns: &self.cursor_turns,
            file: &self.descriptor,
            turn: Turn::new(ResultOwner::Future),
        }
    }

    /// Waits until an operation on the file as a whole or at an offset may start.
    pub(super) async fn quiet(&self, touch: Touch) {
        self.cursor_turns.quiet(&self.descriptor, touch).await;
    }

    /// The most bytes that one read or write through a trait of another crate moves. The default is
    /// 2 MiB. The methods of a file have limits of their own.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }

    /// Sets the most bytes that one read or write through a trait of another crate moves. They are
    /// copied on the worker, which blocks it for about 0.1 ms per MiB.
    ///
    /// # Panics
    /// Panics if `max_buf_size` is 0.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use futures::io::AsyncWriteExt as _;
    ///
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.set_max_buf_size(4096);
    /// let count = futures::io::AsyncWriteExt::write(&mut file, &[0; 10_000]).await?;
    /// assert_eq!(count, 4096);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "a buffer of 0 bytes moves nothing");
        self.max_buf_size = max_buf_size;
    }

    /// A second handle to the same open file, with the same cursor.
    ///
    /// Two handles that use the cursor at the same time take turns: each byte is read by one of
    /// them, and no write is lost.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Cancel safe: it waits for nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let mut clone = file.try_clone().await?;
    /// file.write_all(b"hello").await?;
    /// // Both have one cursor.
    /// assert_eq!(clone.stream_position().await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_clone(&self) -> io::Result<File> {
        Ok(self.share())
    }

    /// Waits until data and metadata are on the disk.
    ///
    /// # Errors
    /// An error means that earlier writes may be lost. The kernel reports it once; a second call
    /// that succeeds proves nothing.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// file.sync_all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync_all(&self) -> io::Result<()> {
        self.sync(false).await
    }

    /// Waits until the data are on the disk, and the metadata that is needed to read them.
    ///
    /// # Errors
    /// As for [`sync_all`](File::sync_all).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// file.sync_data().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync_data(&self) -> io::Result<()> {
        self.sync(true).await
    }

    async fn sync(&self, is_data_only: bool) -> io::Result<()> {
        self.quiet(Touch::Nothing).await;
        let file = self.descriptor.clone();
        file::start(Request::Sync { file, is_data_only }).await.result.map(drop)
    }

    /// Sets the length in bytes: removes what is beyond it, or appends zeros.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_len`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::{Advice, File};
    ///
    /// let file = File::from_std(tempfile::tempfile()?);
    /// file.set_len(4096).await?;
    /// file.advise(0, 0, Advice::Sequential).await?;
    /// assert_eq!(file.metadata().await?.len(), 4096);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_len(&self, len: u64) -> io::Result<()> {
        self.quiet(Touch::Length).await;
        let file = self.descriptor.clone();
        self.change(Request::SetLen { file, len }).await
    }

    /// Reserves space on the disk for `len` bytes from `offset` on, so that writing them cannot
    /// fail for lack of space. A shorter file grows to `offset + len` bytes.
    ///
    /// # Errors
    /// `StorageFull` if there is not enough space; `Unsupported` if the file system cannot do it,
    /// and on systems other than Linux and Android.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// match file.allocate(0, 65536).await {
    ///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
    ///     result => result?,
    /// }
    /// file.write_all_at(b"record", 0).await?;
    /// file.sync_data().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.quiet(Touch::Length).await;
        let file = self.descriptor.clone();
        self.change(Request::Allocate { file, offset, len }).await
    }

    /// Tells the system how `len` bytes from `offset` on will be used; a `len` of 0 means up to the
    /// end. Does nothing on systems other than Linux and Android.
    ///
    /// # Errors
    /// `InvalidInput` for a pipe, and for a range that overflows.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::Advice;
    ///
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.advise(0, 0, Advice::Sequential).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn advise(&self, offset: u64, len: u64, advice: Advice) -> io::Result<()> {
        self.quiet(Touch::Nothing).await;
        let file = self.descriptor.clone();
        file::start(Request::Advise { file, offset, len, advice }).await.result.map(drop)
    }

    /// Type, size, times and owner of the file.
    ///
    /// # Errors
    /// Those of [`std::fs::File::metadata`].
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
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.set_len(4096).await?;
    /// assert_eq!(file.metadata().await?.len(), 4096);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.quiet(Touch::Nothing).await;
        Metadata::of(file::stat(StatTarget::File(self.descriptor.clone())).await)
    }

    /// Changes the permissions, as [`fs::set_permissions`](super::set_permissions) does.
    ///
    /// # Errors
    /// Those of [`std::fs::File::set_permissions`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(file.metadata().await?.permissions().readonly());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_permissions(&self, permissions: std::fs::Permissions) -> io::Result<()> {
        self.change_on_pool(move |file| file.set_permissions(permissions)).await
    }

    /// Changes the file by a call that no ring makes.
    pub(super) async fn change_on_pool(
        &self,
        call: impl FnOnce(&std::fs::File) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        self.quiet(Touch::Nothing).await;
        let change = |mark| Box::pin(change_on_pool(self.descriptor.clone(), ((), mark), call));
        self.cursor_turns.watched(change).await.result.map(drop)
    }

    /// Performs a request that changes the file.
    async fn change(&self, request: Request) -> io::Result<()> {
        self.cursor_turns.watched(|mark| file::start_holding(((), mark), request)).await.result.map(drop)
    }

    /// Moves the cursor, and returns its new offset in bytes.
    ///
    /// # Errors
    /// `InvalidInput` for an offset before the beginning; `NotSeekable` for a pipe or a terminal.
    ///
    /// # Panics
    /// Panics if called outside of a runtime with [`SeekFrom::End`] on a file that a server keeps,
    /// because the end has to be asked for.
    ///
    /// # Cancel safety
    /// Dropped, it has not moved the cursor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::SeekFrom;
    ///
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello, disk").await?;
    /// assert_eq!(file.seek(SeekFrom::End(-4)).await?, 7);
    /// assert_eq!(file.stream_position().await?, 7);
    /// file.rewind().await?;
    /// assert_eq!(file.stream_position().await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut held = self.hold();
        poll_fn(|cx| held.cursor_turns.poll_seek(held.file, &mut held.turn, cx, to)).await
    }

    /// Moves the cursor to the beginning.
    ///
    /// # Errors
    /// As for [`seek`](File::seek).
    ///
    /// # Cancel safety
    /// As for [`seek`](File::seek).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// file.rewind().await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rewind(&mut self) -> io::Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// The offset of the cursor in bytes.
    ///
    /// # Errors
    /// As for [`seek`](File::seek).
    ///
    /// # Cancel safety
    /// Cancel safe: it moves nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// assert_eq!(file.stream_position().await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream_position(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }

    /// Waits for a write that was given up. There is nothing else to flush;
    /// [`sync_all`](File::sync_all) waits for the disk.
    ///
    /// # Errors
    /// None today.
    ///
    /// # Cancel safety
    /// Cancel safe: if it is dropped, the write that it waited for continues.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// file.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        let mut held = self.hold();
        poll_fn(|cx| held.cursor_turns.poll_flush(held.file, &mut held.turn, cx)).await;
        Ok(())
    }
}

/// `held` is dropped when the call is over, if nobody fetches it.
async fn change_on_pool<H: Send + Sync + 'static>(
    file: Arc<Descriptor>,
    held: H,
    call: impl FnOnce(&std::fs::File) -> io::Result<()> + Send + 'static,
) -> Landed<H> {
    let held = Arc::new(held);
    let kept = held.clone();
    let change = move || {
        let result = call(file.file()).map(|()| 0);
        drop(kept);
        result
    };
    let result = pool(change).await;
    // None if the runtime has ended, and the closure is about to be dropped on another thread.
    Landed { result, resources: Arc::into_inner(held), found: None }
}

impl Drop for File {
    fn drop(&mut self) {
        // Clones continue.
        drop(self.hold());
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("file", self.descriptor.file()).finish_non_exhaustive()
    }
}
