//! A copy through the buffer that the reader has.

use crate::io::{AsyncBufRead, AsyncWrite};
use heist::runtime::facade::poll_proceed_outer;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How far a copy has come.
#[derive(Default)]
struct Progress {
    copied: u64,
    /// Bytes were written since the last flush.
    needs_flush: bool,
}

/// Copies all that `reader` has to `writer` from the reader's own buffer, and returns the number of
/// bytes.
pub async fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut progress = Progress::default();
    poll_fn(|cx| {
        let restore = ready!(poll_proceed_outer(cx));
        let before = progress.copied;
        let result = poll_steps(cx, Pin::new(&mut *reader), Pin::new(&mut *writer), &mut progress);
        if result.is_ready() || progress.copied > before {
            restore.made_progress();
        }
        result
    })
    .await
}

/// Goes on until the reader is at its end and the writer is flushed.
fn poll_steps<R: AsyncBufRead + ?Sized, W: AsyncWrite + ?Sized>(
    cx: &mut Context<'_>,
    mut reader: Pin<&mut R>,
    mut writer: Pin<&mut W>,
    progress: &mut Progress,
) -> Poll<io::Result<u64>> {
    loop {
        let bytes = match reader.as_mut().poll_fill_buf(cx) {
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
            Poll::Ready(result) => result?,
            Poll::Pending => {
                // The other side may wait for what it was sent before it sends more.
                if progress.needs_flush {
                    ready!(writer.as_mut().poll_flush(cx))?;
                    progress.needs_flush = false;
                }
                return Poll::Pending;
            }
        };
        if bytes.is_empty() {
            ready!(writer.as_mut().poll_flush(cx))?;
            return Poll::Ready(Ok(progress.copied));
        }
        match ready!(writer.as_mut().poll_write(cx, bytes)) {
            Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
            Ok(count) => {
                reader.as_mut().consume(count);
                progress.copied += count as u64;
                progress.needs_flush = true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}
