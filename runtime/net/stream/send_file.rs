//! A file, sent without a copy where the system can do that.
//!
//! Parts of the file go into a pipe, as an operation of the file that may wait for a disk, and from
//! there into the socket, as a call that waits by readiness. Where there are no such pipes, no
//! descriptors for one, or the file or the socket refuses them, the bytes are read and written.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::transfer;
use crate::driver::{Direction, Registration};
use crate::fs::File;
use crate::net::call::paid;
use crate::system::splice::Pipe;

/// The most bytes that are read at once where they are copied.
const COPY_BYTES_MAX: usize = 256 * 1024;
/// The length of the longest file.
const OFFSET_MAX: u64 = i64::MAX as u64;

impl<F: Family> ByteStream<F> {
    /// Sends `len` bytes of `file` from `offset` on, and returns how many it sent: fewer only if
    /// the file ends earlier. `u64::MAX` means up to the end. The cursor of the file is not used
    /// and does not move.
    ///
    /// On Linux the bytes go from the page cache to the socket without a copy (`splice(2)`); a disk
    /// is waited for by the ring or by the blocking pool. Elsewhere, for files that cannot do that,
    /// and if there are no descriptors for a pipe, they are read and written. With a copy or
    /// without, the call needs a file that has offsets: a regular file or a disk.
    ///
    /// If the file is overwritten while it is sent, or until the peer has confirmed its bytes, the
    /// peer gets old bytes or new ones.
    ///
    /// # Errors
    /// Those of [`File::read_at`], such as `NotSeekable` for a file without offsets, and those of
    /// [`write`](ByteStream::write). After an error the peer may have got a part.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn how much was sent before the drop. Nothing is sent
    /// afterwards.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("page");
    /// # heist::fs::write(&path, "hello, disk").await?;
    /// let page = heist::fs::File::open(&path).await?;
    /// let length = page.metadata().await?.len();
    /// stream.write_all(format!("content-length: {length}\r\n\r\n").as_bytes()).await?;
    /// let sent = stream.send_file(&page, 0, length).await?;
    /// assert_eq!(sent, length);
    /// # drop(stream);
    /// # let mut all = String::new();
    /// # peer.read_to_string(&mut all).await?;
    /// # assert_eq!(all, "content-length: 11\r\n\r\nhello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_file(&mut self, file: &File, offset: u64, len: u64) -> io::Result<u64> {
        send(self.registration(), file, offset, len).await
    }
}

pub(super) async fn send(registration: &Registration, file: &File, offset: u64, len: u64) -> io::Result<u64> {
    if len == 0 {
        return Ok(0);
    }
    // Calls beyond the last offset are refused, although no file has bytes there.
    let len = OFFSET_MAX.checked_sub(offset).map_or(len, |most| len.min(most));
    match splice(registration, file, offset, len).await? {
        SpliceEnd::Over(sent) => Ok(sent),
        SpliceEnd::Refused(sent) => {
            let (offset, len) = (offset.saturating_add(sent), len - sent);
            Ok(sent + copy(registration, file, offset, len).await?)
        }
    }
}

/// The number of bytes that were sent without a copy, when that has ended.
enum SpliceEnd {
    Over(u64),
    /// The file, the socket or the system cannot do it.
    Refused(u64),
}

async fn splice(registration: &Registration, file: &File, offset: u64, len: u64) -> io::Result<SpliceEnd> {
    let mut sent = 0;
    let Some(pipe) = Pipe::of_bytes(len) else { return Ok(SpliceEnd::Refused(sent)) };
    while sent < len {
        let mut left = match file.splice_at(offset.saturating_add(sent), &pipe, len - sent).await {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if is_refusal(&error) => return Ok(SpliceEnd::Refused(sent)),
            Err(error) => return Err(error),
        };
        while left > 0 {
            let empty = |socket: &_| paid(pipe.empty_into(socket, left));
            match registration.async_io(Direction::Write, empty).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    left -= count;
                    sent += count as u64;
                }
                // What is left in the pipe is read from the file again.
                Err(error) if is_refusal(&error) => return Ok(SpliceEnd::Refused(sent)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(SpliceEnd::Over(sent))
}

/// `EINVAL` is the kernel's word for files and sockets that cannot do it. If it meant something
/// else, the read or the write reports it.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

async fn copy(registration: &Registration, file: &File, offset: u64, len: u64) -> io::Result<u64> {
    let mut buf = vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(COPY_BYTES_MAX)];
    let mut sent = 0;
    while sent < len {
        let room = usize::try_from(len - sent).unwrap_or(usize::MAX).min(buf.len());
        let count = match file.read_at(&mut buf[..room], offset.saturating_add(sent)).await {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        transfer::write_all(registration, &buf[..count]).await?;
        sent += count as u64;
    }
    Ok(sent)
}
