//! Copies between sockets and pipes whose bytes the program does not see.

mod ends;
mod way;

use std::future::{Future, poll_fn};
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::both_ways::BothWays;
use crate::net::{ByteStream, Family};
pub(in crate::io) use ends::paid;
pub(crate) use ends::{SealedSource, SealedTarget, SpliceSide};
pub use ends::{SpliceSource, SpliceTarget};
use way::SpliceWay;

/// Moves everything from `source` to `target`, and returns the number of bytes. The target stays
/// open.
///
/// On Linux the bytes go from one to the other by a pipe of the kernel's, without a copy
/// (`splice(2)`). Elsewhere, for sockets that cannot do that, and if there are no descriptors for a
/// pipe, they are read and written, 64 KiB at a time. [`copy`](super::copy()) does the same for
/// every reader and writer; for files there is
/// [`send_file`](crate::net::ByteStream::send_file).
///
/// # Errors
/// The first error of either end. After an error the target may have got a part.
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::net::UnixStream;
/// use heist::process::Command;
/// use std::process::Stdio;
///
/// let (mut stream, mut peer) = UnixStream::pair()?;
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let count = heist::io::splice(child.stdout.as_mut().unwrap(), &mut stream).await?;
/// assert_eq!(count, 6);
/// # child.wait().await?;
/// # drop(stream);
/// # let mut text = String::new();
/// # peer.read_to_string(&mut text).await?;
/// # assert_eq!(text, "hello\n");
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub async fn splice<S, T>(source: &mut S, target: &mut T) -> io::Result<u64>
where
    S: SpliceSource + ?Sized,
    T: SpliceTarget + ?Sized,
{
    let mut way = SpliceWay::new();
    let (source, target) = (source.source(), target.target());
    poll_fn(|cx| way.poll(&source, &target, cx)).await?;
    Ok(way.copied())
}

/// Moves everything from `a` to `b` and from `b` to `a`, as a proxy does, and returns the number of
/// bytes of each direction, when both streams are at their ends.
///
/// When one stream is at its end, the other one is closed for writing, and its other direction goes
/// on. The bytes are moved as by [`splice`]; each direction has a pipe of its own, so a call takes
/// up to four descriptors, or two buffers of 64 KiB.
///
/// # Errors
/// The first error of either stream. The other direction ends as well.
/// [`copied`](SpliceBidirectional::copied) returns what was written by then.
///
/// # Cancel safety
/// Not cancel safe: dropped, it may have read bytes that are not written.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UnixStream;
/// # let (mut client, mut inbound) = UnixStream::pair()?;
/// # let (mut outbound, mut server) = UnixStream::pair()?;
/// # client.write_all(b"question").await?;
/// # client.shutdown().await?;
/// # server.write_all(b"answer!").await?;
/// # server.shutdown().await?;
/// let (sent, received) = heist::io::splice_bidirectional(&mut inbound, &mut outbound).await?;
/// assert_eq!((sent, received), (8, 7));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub fn splice_bidirectional<'a, F: Family, G: Family>(
    a: &'a mut ByteStream<F>,
    b: &'a mut ByteStream<G>,
) -> SpliceBidirectional<'a, F, G> {
    SpliceBidirectional { a, b, there: SpliceWay::new(), back: SpliceWay::new(), both: BothWays::new() }
}

/// The future of [`splice_bidirectional`].
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UnixStream;
/// use heist::time::Duration;
///
/// # let (_client, mut inbound) = UnixStream::pair()?;
/// # let (mut outbound, _server) = UnixStream::pair()?;
/// let mut proxy = heist::io::splice_bidirectional(&mut inbound, &mut outbound)
///     .idle_timeout(Duration::from_millis(1));
/// assert_eq!((&mut proxy).await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
/// assert_eq!(proxy.copied(), (0, 0));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SpliceBidirectional<'a, F: Family, G: Family> {
    a: &'a mut ByteStream<F>,
    b: &'a mut ByteStream<G>,
    there: SpliceWay,
    back: SpliceWay,
    both: BothWays,
}

impl<F: Family, G: Family> SpliceBidirectional<'_, F, G> {
    /// Ends the call with the error `TimedOut` when nothing was moved in either direction for
    /// `limit`, and for up to a tick (1 ms) longer. There is no limit by default.
    ///
    /// # Panics
    /// The future panics if it has to wait outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UnixStream;
    /// use heist::time::Duration;
    ///
    /// # let (_client, mut inbound) = UnixStream::pair()?;
    /// # let (mut outbound, _server) = UnixStream::pair()?;
    /// let proxy = heist::io::splice_bidirectional(&mut inbound, &mut outbound)
    ///     .idle_timeout(Duration::from_millis(1));
    /// assert_eq!(proxy.await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.both.limit_idle_time(limit);
        self
    }

    /// The numbers of bytes that were written so far, to `b` and to `a`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UnixStream;
    /// # let (mut client, mut inbound) = UnixStream::pair()?;
    /// # let (mut outbound, mut server) = UnixStream::pair()?;
    /// # client.write_all(b"question").await?;
    /// # client.shutdown().await?;
    /// # server.shutdown().await?;
    /// let mut proxy = heist::io::splice_bidirectional(&mut inbound, &mut outbound);
    /// (&mut proxy).await?;
    /// assert_eq!(proxy.copied(), (8, 0));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn copied(&self) -> (u64, u64) {
        (self.there.copied(), self.back.copied())
    }
}

impl<F: Family, G: Family> Future for SpliceBidirectional<'_, F, G> {
    type Output = io::Result<(u64, u64)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let SpliceBidirectional { a, b, there, back, both } = &mut *self;
        let (a, b) = (&**a, &**b);
        both.there(|| pass(there, a, b, cx))?;
        both.back(|| pass(back, b, a, cx))?;
        both.poll_over(cx, there.moved() + back.moved()).map_ok(|()| (there.copied(), back.copied()))
    }
}

/// Passes on the bytes, and then the end.
fn pass<F: Family, G: Family>(
    way: &mut SpliceWay,
    from: &ByteStream<F>,
    to: &ByteStream<G>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let polled = way.poll(&from.source(), &to.target(), cx);
    polled.map(|result| result.and_then(|()| to.shut_down(Shutdown::Write)))
}
