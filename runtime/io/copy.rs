//! A copy of everything from a reader to a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use crate::buf::AlignedBuf;
use crate::task::coop;

/// The most bytes that one read takes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Copies everything from `reader` to `writer`, flushes, and returns the number of bytes. One read
/// takes at most 64 KiB. Needs the feature `futures-io` (on by default).
///
/// It also flushes whenever the reader has nothing to read and some written bytes are not flushed,
/// so that a buffering writer does not keep a peer waiting that answers what it receives. While
/// there is more to read, it does not flush.
///
/// # Errors
/// The first error of the reader or the writer.
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut copy = Vec::new();
/// let count = heist::io::copy(&mut &b"hello"[..], &mut copy).await?;
/// assert_eq!((count, copy.as_slice()), (5, &b"hello"[..]));
/// # Ok(())
/// # }
/// ```
pub async fn copy<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    copy_with(reader, writer, |_| {}).await
}

/// Like [`copy`], and calls `progress` after each write with the number of bytes copied so far.
/// Needs the feature `futures-io` (on by default).
///
/// # Errors
/// The first error of the reader or the writer.
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written. The bytes that `progress`
/// has counted are written.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut source = heist::fs::File::open("Cargo.toml").await?;
/// let mut so_far = 0;
/// let mut copy = Vec::new();
/// let count = heist::io::copy_with(&mut source, &mut copy, |total| so_far = total).await?;
/// assert_eq!(so_far, count);
/// # Ok(())
/// # }
/// ```
pub async fn copy_with<R, W>(reader: &mut R, writer: &mut W, mut progress: impl FnMut(u64)) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut buffer = AlignedBuf::new(BUFFER_BYTES);
    let mut total = 0;
    let mut is_flushed = true;
    loop {
        let count =
            match poll_fn(|cx| poll_read_or_flush(reader, writer, &mut is_flushed, cx, &mut buffer)).await {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
        let mut bytes = &buffer[..count];
        is_flushed = false;
        while !bytes.is_empty() {
            match poll_fn(|cx| Pin::new(&mut *writer).poll_write(cx, bytes)).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = &bytes[written..];
                    total += written as u64;
                    progress(total);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    poll_fn(|cx| poll_flush(writer, cx)).await?;
    Ok(total)
}

/// Reads. While there is nothing to read, flushes what was written since the last flush, because
/// the reader's peer may wait for it.
///
/// Every further poll continues a flush that waits, and bytes that arrive meanwhile are read all
/// the same.
fn poll_read_or_flush<R, W>(
    reader: &mut R,
    writer: &mut W,
    is_flushed: &mut bool,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let charge = ready!(coop::poll_proceed_outer(cx));
    let read = Pin::new(reader).poll_read(cx, buffer);
    if read.is_ready() {
        charge.made_progress();
    } else if !*is_flushed {
        ready!(poll_flush(writer, cx))?;
        *is_flushed = true;
    }
    read
}

fn poll_flush<W: AsyncWrite + Unpin + ?Sized>(writer: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    loop {
        match ready!(Pin::new(&mut *writer).poll_flush(cx)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Poll::Ready(result),
        }
    }
}
