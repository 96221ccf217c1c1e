//! A copy between two streams in both directions, as a proxy makes it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};

use super::both_ways::BothWays;
use crate::task::coop;

/// The length of each of the two buffers.
const BUFFER_BYTES: usize = 16 * 1024;

/// Copies everything from `a` to `b` and from `b` to `a`, and returns the number of bytes of each
/// direction, when both streams are at their ends. Needs the feature `futures-io` (on by default).
///
/// When one stream is at its end, the other one is flushed and closed for writing, and its other
/// direction goes on. While there is nothing to read, written bytes are flushed. Each direction has
/// a buffer of 16 KiB; [`copy_bidirectional_with_sizes`] sets other lengths.
///
/// [`splice_bidirectional`](super::splice_bidirectional) does the same for two sockets, without a
/// copy where the system can do that.
///
/// # Errors
/// The first error of either stream. The other direction ends as well.
/// [`copied`](CopyBidirectional::copied) returns what was written by then.
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UnixStream;
/// # let (mut client, mut inbound) = UnixStream::pair()?;
/// # let (mut outbound, mut server) = UnixStream::pair()?;
/// # client.write_all(b"question").await?;
/// # client.shutdown().await?;
/// # server.write_all(b"answer!").await?;
/// # server.shutdown().await?;
/// let (sent, received) = heist::io::copy_bidirectional(&mut inbound, &mut outbound).await?;
/// assert_eq!((sent, received), (8, 7));
/// # Ok(())
/// # }
/// ```
pub fn copy_bidirectional<'a, A, B>(a: &'a mut A, b: &'a mut B) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, BUFFER_BYTES, BUFFER_BYTES)
}

/// Like [`copy_bidirectional`], with buffers of these lengths in bytes: at least 1. Needs the
/// feature `futures-io` (on by default).
///
/// # Errors
/// Those of [`copy_bidirectional`].
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UnixStream;
/// # let (mut client, mut inbound) = UnixStream::pair()?;
/// # let (mut outbound, mut server) = UnixStream::pair()?;
/// # client.write_all(b"question").await?;
/// # client.shutdown().await?;
/// # server.shutdown().await?;
/// use heist::io::copy_bidirectional_with_sizes;
///
/// let copy = copy_bidirectional_with_sizes(&mut inbound, &mut outbound, 1024, 256 * 1024);
/// let counts = copy.await?;
/// assert_eq!(counts, (8, 0));
/// # Ok(())
/// # }
/// ```
pub fn copy_bidirectional_with_sizes<'a, A, B>(
    a: &'a mut A,
    b: &'a mut B,
    a_to_b_bytes: usize,
    b_to_a_bytes: usize,
) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let (there, back) = (CopyWay::new(a_to_b_bytes), CopyWay::new(b_to_a_bytes));
    CopyBidirectional { a, b, there, back, both: BothWays::new() }
}

/// The future of [`copy_bidirectional`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UnixStream;
/// use heist::time::Duration;
///
/// # let (_client, mut inbound) = UnixStream::pair()?;
/// # let (mut outbound, _server) = UnixStream::pair()?;
/// let mut copy = heist::io::copy_bidirectional(&mut inbound, &mut outbound)
///     .idle_timeout(Duration::from_millis(1));
/// let error = (&mut copy).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
/// assert_eq!(copy.copied(), (0, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CopyBidirectional<'a, A: ?Sized, B: ?Sized> {
    a: &'a mut A,
    b: &'a mut B,
    there: CopyWay,
    back: CopyWay,
    both: BothWays,
}

impl<A: ?Sized, B: ?Sized> CopyBidirectional<'_, A, B> {
    /// Ends the copy with the error `TimedOut` when nothing was read or written in either direction
    /// for `limit`, and for up to a tick (1 ms) longer. There is no limit by default.
    ///
    /// # Panics
    /// The future panics if it has to wait outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UnixStream;
    /// use heist::time::Duration;
    ///
    /// # let (_client, mut inbound) = UnixStream::pair()?;
    /// # let (mut outbound, _server) = UnixStream::pair()?;
    /// let copy = heist::io::copy_bidirectional(&mut inbound, &mut outbound)
    ///     .idle_timeout(Duration::from_millis(1));
    /// assert_eq!(copy.await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    /// # Ok(())
    /// # }
    /// ```
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.both.limit_idle_time(limit);
        self
    }

    /// The numbers of bytes that were written so far, to `b` and to `a`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UnixStream;
    /// # let (mut client, mut inbound) = UnixStream::pair()?;
    /// # let (mut outbound, mut server) = UnixStream::pair()?;
    /// # client.write_all(b"question").await?;
    /// # client.shutdown().await?;
    /// # server.shutdown().await?;
    /// let mut copy = heist::io::copy_bidirectional(&mut inbound, &mut outbound);
    /// (&mut copy).await?;
    /// assert_eq!(copy.copied(), (8, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn copied(&self) -> (u64, u64) {
        (self.there.copied, self.back.copied)
    }
}

impl<A, B> Future for CopyBidirectional<'_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<(u64, u64)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let CopyBidirectional { a, b, there, back, both } = &mut *self;
        both.there(|| there.poll(&mut **a, &mut **b, cx))?;
        both.back(|| back.poll(&mut **b, &mut **a, cx))?;
        let polled = both.poll_over(cx, there.moved().wrapping_add(back.moved()));
        polled.map_ok(|()| (there.copied, back.copied))
    }
}

/// One direction.
#[derive(Debug)]
struct CopyWay {
    buffer: Box<[u8]>,
    /// The bytes that are read and not written.
    start: usize,
    end: usize,
    copied: u64,
    is_flushed: bool,
    /// The reader is at its end.
    is_closing: bool,
}

impl CopyWay {
    fn new(buffer_bytes: usize) -> CopyWay {
        let buffer = vec![0; buffer_bytes.max(1)].into();
        CopyWay { buffer, start: 0, end: 0, copied: 0, is_flushed: true, is_closing: false }
    }

    /// Another number after each read and each write.
    fn moved(&self) -> u64 {
        2 * self.copied + (self.end - self.start) as u64 + u64::from(self.is_closing)
    }

    /// Reads, writes, and closes the writer at the end.
    fn poll<R, W>(&mut self, reader: &mut R, writer: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            let step = if self.is_closing {
                return Pin::new(&mut *writer).poll_close(cx);
            } else if self.start < self.end {
                self.poll_write(writer, cx)
            } else {
                self.poll_read(reader, writer, cx)
            };
            match ready!(step) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_write<W>(&mut self, writer: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        self.is_flushed = false;
        let count = ready!(Pin::new(writer).poll_write(cx, &self.buffer[self.start..self.end]))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.start += count;
        self.copied += count as u64;
        Poll::Ready(Ok(()))
    }

    /// While there is nothing to read, flushes what was written since the last flush, because the
    /// reader's peer may wait for it.
    fn poll_read<R, W>(
        &mut self,
        reader: &mut R,
        writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        let charge = ready!(coop::poll_proceed_outer(cx));
        match Pin::new(reader).poll_read(cx, &mut self.buffer) {
            Poll::Ready(Ok(count)) => {
                charge.made_progress();
                (self.start, self.end) = (0, count);
                self.is_closing = count == 0;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if !self.is_flushed {
                    ready!(Pin::new(writer).poll_flush(cx))?;
                    self.is_flushed = true;
                }
                Poll::Pending
            }
        }
    }
}
