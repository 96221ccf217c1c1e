//! A file, sent without a copy where the system can do that.
//!
//! Bytes that the page cache has go from there into the socket, by one call that waits by
//! readiness. Other bytes go into a pipe, as an operation of the file that may wait for a disk, and
//! from there into the socket, as a call that waits by readiness. Where there are no such pipes, no
//! descriptors for one, or the file or the socket refuses them, the bytes are read and written.

use std::io;
use std::sync::Arc;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::transfer;
use crate::driver::{Direction, Registration};
use crate::fs::File;
use crate::net::call::{paid, paid_by};
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
    /// On Linux the bytes go from the page cache to the socket without a copy: by `sendfile(2)` if
    /// they are there, and by `splice(2)` if a disk has to be waited for, which the ring or the
    /// blocking pool does. This worker waits only for pages that leave the cache within 50 ms after
    /// it has looked, or that somebody else is just reading. Elsewhere, for files that cannot do
    /// that, and if there are no descriptors for a pipe, they are read and written. With a copy or
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
    /// Not safe: the caller cannot learn how much was sent before the drop, unless it uses
    /// [`send_file_with`](ByteStream::send_file_with). Nothing is sent afterwards, and the cursor
    /// of the file has not moved.
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
        send(self.registration(), file, offset, len, |_| {}).await
    }

    /// Like [`send_file`](ByteStream::send_file), and calls `progress` after each part with the
    /// number of bytes sent so far.
    ///
    /// # Errors
    /// As for [`send_file`](ByteStream::send_file). The last call of `progress` has the number of
    /// bytes that were sent before the error.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Safe for callers that keep the number: dropped, exactly so many bytes have been sent, and
    /// another call can go on behind them. Nothing is sent afterwards, and the cursor of the file
    /// has not moved.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # let page = heist::fs::File::from_std(tempfile::tempfile()?);
    /// # page.write_all_at(b"hello, disk", 0).await?;
    /// use heist::time::{Duration, timeout};
    ///
    /// let mut sent = 0;
    /// let sending = stream.send_file_with(&page, 0, 11, |count| sent = count);
    /// if timeout(Duration::from_secs(5), sending).await.is_err() {
    ///     println!("too slow: {sent} bytes are on their way");
    /// }
    /// # assert_eq!(sent, 11);
    /// # drop(stream);
    /// # let mut all = String::new();
    /// # peer.read_to_string(&mut all).await?;
    /// # assert_eq!(all, "hello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_file_with(
        &mut self,
        file: &File,
        offset: u64,
        len: u64,
        progress: impl FnMut(u64),
    ) -> io::Result<u64> {
        send(self.registration(), file, offset, len, progress).await
    }

    /// Sends some bytes of `file` from `offset` on, at most `len`, without waiting and without a
    /// copy, and returns how many: 0 only at the end of the file or if `len` is 0. Returns `None`
    /// if [`send_file`](ByteStream::send_file) or a read has to do it: because a disk may have to
    /// be waited for, because the file or the socket cannot do it, or because the system is not
    /// Linux.
    ///
    /// For servers whose connections are polled, such as implementations of hyper's `Write`.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`write`](ByteStream::write).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # let page = heist::fs::File::from_std(tempfile::tempfile()?);
    /// # page.write_all_at(b"hello, disk", 0).await?;
    /// stream.writable().await?;
    /// let sent = match stream.try_send_file(&page, 0, 11)? {
    ///     Some(count) => count as u64,
    ///     None => stream.send_file(&page, 0, 11).await?,
    /// };
    /// assert_eq!(sent, 11);
    /// # drop(stream);
    /// # let mut all = String::new();
    /// # peer.read_to_string(&mut all).await?;
    /// # assert_eq!(all, "hello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_file(&self, file: &File, offset: u64, len: u64) -> io::Result<Option<usize>> {
        try_send(self.registration(), file, offset, len)
    }
}

/// Sends, and reports after each part how many bytes were sent.
pub(super) async fn send(
    registration: &Registration,
    file: &File,
    offset: u64,
    len: u64,
    mut progress: impl FnMut(u64),
) -> io::Result<u64> {
    // Calls beyond the last offset are refused, although no file has bytes there.
    let len = OFFSET_MAX.checked_sub(offset).map_or(len, |most| len.min(most));
    let mut pipe = None;
    let mut sent = 0;
    while sent < len {
        let (at, left) = (offset.saturating_add(sent), len - sent);
        let end = match send_cached(registration, file, at, left).await {
            Ok(Some(count)) => {
                sent += count as u64;
                progress(sent);
                if count == 0 { PartEnd::End } else { PartEnd::Sent }
            }
            Ok(None) => {
                let add = |count| {
                    sent += count;
                    progress(sent);
                };
                splice_part(registration, file, &mut pipe, at, left, add).await?
            }
            Err(error) if is_refusal(&error) => PartEnd::Refused,
            Err(error) => return Err(error),
        };
        match end {
            PartEnd::Sent => {}
            PartEnd::End => break,
            PartEnd::Refused => {
                let before = sent;
                let (at, left) = (offset.saturating_add(before), len - before);
                let add = |count| {
                    sent += count;
                    progress(sent);
                };
                copy(registration, file, at, left, add).await?;
                break;
            }
        }
    }
    Ok(sent)
}

/// Sends some bytes, if none of them has to be waited for but room in the socket.
async fn send_cached(
    registration: &Registration,
    file: &File,
    offset: u64,
    len: u64,
) -> io::Result<Option<usize>> {
    file.settle().await;
    // The page cache is asked when the socket has room, right before the call.
    registration.async_io(Direction::Write, |socket| paid_if_sent(file.send_now(socket, offset, len))).await
}

/// The same without waiting for room.
pub(super) fn try_send(
    registration: &Registration,
    file: &File,
    offset: u64,
    len: u64,
) -> io::Result<Option<usize>> {
    let len = OFFSET_MAX.checked_sub(offset).map_or(0, |most| len.min(most));
    if len == 0 || !file.may_send_now() {
        return Ok((len == 0).then_some(0));
    }
    let send = |socket: &_| paid_if_sent(file.send_now(socket, offset, len));
    match registration.try_io(Direction::Write, send) {
        Err(error) if is_refusal(&error) => Ok(None),
        result => result,
    }
}

fn paid_if_sent(sent: io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    paid_by(sent, |sent| sent.unwrap_or(0))
}

/// How a part of a file has ended.
enum PartEnd {
    Sent,
    /// The file has no more bytes.
    End,
    /// The file, the socket or the system cannot do it.
    Refused,
}

/// Sends as many bytes as a pipe holds. An operation of the file waits for the disk.
async fn splice_part(
    registration: &Registration,
    file: &File,
    pipe: &mut Option<Arc<Pipe>>,
    offset: u64,
    len: u64,
    mut add: impl FnMut(u64),
) -> io::Result<PartEnd> {
    if pipe.is_none() {
        *pipe = Pipe::of_bytes(len);
    }
    let Some(pipe) = pipe else { return Ok(PartEnd::Refused) };
    let mut left = match file.splice_at(offset, pipe, len).await {
        Ok(0) => return Ok(PartEnd::End),
        Ok(count) => count,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(PartEnd::Sent),
        Err(error) if is_refusal(&error) => return Ok(PartEnd::Refused),
        Err(error) => return Err(error),
    };
    while left > 0 {
        let empty = |socket: &_| paid(pipe.empty_into(socket, left));
        match registration.async_io(Direction::Write, empty).await {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                left -= count;
                add(count as u64);
            }
            // What is left in the pipe is read from the file again.
            Err(error) if is_refusal(&error) => return Ok(PartEnd::Refused),
            Err(error) => return Err(error),
        }
    }
    Ok(PartEnd::Sent)
}

/// `EINVAL` is the kernel's word for files and sockets that cannot do it. If it meant something
/// else, the read or the write reports it.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

async fn copy(
    registration: &Registration,
    file: &File,
    mut offset: u64,
    mut len: u64,
    mut add: impl FnMut(u64),
) -> io::Result<()> {
    let mut buf = vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(COPY_BYTES_MAX)];
    while len > 0 {
        let room = usize::try_from(len).unwrap_or(usize::MAX).min(buf.len());
        let mut bytes = match file.read_at(&mut buf[..room], offset).await {
            Ok(0) => break,
            Ok(count) => &buf[..count],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        offset = offset.saturating_add(bytes.len() as u64);
        len -= bytes.len() as u64;
        while !bytes.is_empty() {
            match transfer::write(registration, bytes).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => {
                    bytes = &bytes[count..];
                    add(count as u64);
                }
            }
        }
    }
    Ok(())
}
