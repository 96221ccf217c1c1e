//! The halves that share a `TcpStream`: reading and writing at once, in two tasks.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::tcp_stream::TcpStream;
use super::transfer;

/// The reading half of a [`TcpStream`] that is split by [`TcpStream::into_split`].
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<TcpStream>,
}

/// The writing half of a [`TcpStream`] that is split by [`TcpStream::into_split`].
///
/// Dropping it shuts down writing, so that the peer reads the end of the stream; [`forget`](OwnedWriteHalf::forget)
/// drops it without.
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<TcpStream>,
    shuts_down_on_drop: bool,
}

/// The halves given to `reunite` are not of one stream. They are in here, unharmed.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of one stream")
    }
}

impl Error for ReuniteError {}

pub(super) fn into_split(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    (OwnedReadHalf { stream: stream.clone() }, OwnedWriteHalf { stream, shuts_down_on_drop: true })
}

fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
    if !Arc::ptr_eq(&read.stream, &write.stream) {
        return Err(ReuniteError(read, write));
    }
    write.forget();
    Ok(Arc::into_inner(read.stream).expect("a stream has two halves, and one of them is gone"))
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.shuts_down_on_drop {
            // No error is left to handle: the connection is as closed as it can be.
            let _ = self.stream.shut_down(Shutdown::Write);
        }
    }
}

impl OwnedReadHalf {
    #[cfg(any(feature = "futures-io", feature = "tokio-io"))]
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Puts the two halves of one stream together again.
    ///
    /// # Errors
    /// The halves, if they are not of one stream.
    ///
    /// # Example
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("they are of one stream");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        reunite(self, other)
    }

    /// See [`TcpStream::read`], also for errors and cancel safety.
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read(&self.stream, buf).await
    }

    /// See [`TcpStream::read_vectored`], also for errors and cancel safety.
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        transfer::read_vectored(&self.stream, bufs).await
    }

    /// See [`TcpStream::read_exact`], also for errors and cancel safety.
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read_exact(&self.stream, buf).await
    }

    /// See [`TcpStream::read_to_end`], also for errors and cancel safety.
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        transfer::read_to_end(&self.stream, buf).await
    }

    /// See [`TcpStream::read_to_string`], also for errors and cancel safety.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        transfer::read_to_string(&self.stream, text).await
    }

    /// See [`TcpStream::peek`], also for errors and cancel safety.
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(buf).await
    }

    /// See [`TcpStream::poll_peek`], also for errors.
    pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_peek(cx, buf)
    }

    /// See [`TcpStream::readable`], also for errors and cancel safety.
    pub async fn readable(&self) -> io::Result<()> {
        self.stream.readable().await
    }

    /// See [`TcpStream::try_read`], also for errors.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buf)
    }

    /// See [`TcpStream::try_read_vectored`], also for errors.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.stream.try_read_vectored(bufs)
    }

    /// The peer's address; see [`TcpStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// Our end's address; see [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }
}

impl OwnedWriteHalf {
    #[cfg(any(feature = "futures-io", feature = "tokio-io"))]
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Puts the two halves of one stream together again; see [`OwnedReadHalf::reunite`].
    ///
    /// # Errors
    /// The halves, if they are not of one stream.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<TcpStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops this half without shutting down writing: the peer goes on waiting until the other half is dropped.
    pub fn forget(mut self) {
        self.shuts_down_on_drop = false;
    }

    /// See [`TcpStream::write`], also for errors and cancel safety.
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        transfer::write(&self.stream, buf).await
    }

    /// See [`TcpStream::write_vectored`], also for errors and cancel safety.
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        transfer::write_vectored(&self.stream, bufs).await
    }

    /// See [`TcpStream::write_all`], also for errors and cancel safety.
    pub async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        transfer::write_all(&self.stream, buf).await
    }

    /// See [`TcpStream::write_all_vectored`], also for errors and cancel safety.
    pub async fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> io::Result<()> {
        transfer::write_all_vectored(&self.stream, bufs).await
    }

    /// Does nothing; see [`TcpStream::flush`].
    pub async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Shuts down writing: the peer reads the end of the stream. See [`TcpStream::shutdown`].
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.shut_down_writing()
    }

    /// See [`TcpStream::writable`], also for errors and cancel safety.
    pub async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// See [`TcpStream::try_write`], also for errors.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.stream.try_write(buf)
    }

    /// See [`TcpStream::try_write_vectored`], also for errors.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(bufs)
    }

    /// The peer's address; see [`TcpStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// Our end's address; see [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Once is enough: what the stream is used for later, put together again or not, must not be shut down by a drop.
    pub(super) fn shut_down_writing(&mut self) -> io::Result<()> {
        self.stream.shut_down(Shutdown::Write)?;
        self.shuts_down_on_drop = false;
        Ok(())
    }
}
