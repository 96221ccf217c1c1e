//! From a reader to a writer, to the end.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use futures_io::{AsyncRead, AsyncWrite};

use crate::buf::AlignedBuf;

/// So much is read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Copies everything from `reader` to `writer`, flushes, and says how many bytes it was.
///
/// # Errors
/// The first of the reader's or the writer's.
///
/// # Cancel safety
/// Not cancel safe: dropped, bytes may have been read that are not written yet.
///
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

/// As [`copy`], and tells `progress` after each write how many bytes are copied so far.
///
/// # Errors
/// The first of the reader's or the writer's.
///
/// # Cancel safety
/// Not cancel safe: dropped, bytes may have been read that are not written yet. What `progress` was told is written.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut source = heist::fs::File::open("Cargo.toml").await?;
/// let mut told = 0;
/// let mut copy = Vec::new();
/// let count = heist::io::copy_with(&mut source, &mut copy, |total| told = total).await?;
/// assert_eq!(told, count);
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
    loop {
        let count = match poll_fn(|cx| Pin::new(&mut *reader).poll_read(cx, &mut buffer)).await {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut bytes = &buffer[..count];
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
    poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx)).await?;
    Ok(total)
}
