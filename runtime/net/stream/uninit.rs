//! Reads into memory that need not be initialised, for the buffers of other crates.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll};

use socket2::Socket;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::halves::borrowed::ReadHalf;
use super::halves::owned::OwnedReadHalf;
use crate::driver::{Direction, Moved, Registration};
use crate::net::call::paid;

fn poll_read(
    registration: &Registration,
    cx: &mut Context<'_>,
    buf: &mut [MaybeUninit<u8>],
) -> Poll<io::Result<usize>> {
    if buf.is_empty() {
        return Poll::Ready(Ok(0));
    }
    let receive = |socket: &Socket| Ok(Moved { count: socket.recv(buf)?, asked: buf.len() });
    registration.poll_transfer(Direction::Read, cx, receive)
}

impl<F: Family> ByteStream<F> {
    /// Polls a read into memory that need not be initialised. The first bytes, as many as it
    /// returns, are initialised then. Only the last caller is woken.
    ///
    /// # Errors
    /// As for [`read`](ByteStream::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use std::mem::MaybeUninit;
    ///
    /// peer.write_all(b"ping").await?;
    /// let mut buf = [MaybeUninit::uninit(); 64];
    /// let count = std::future::poll_fn(|cx| stream.poll_read_uninit(cx, &mut buf)).await?;
    /// assert!(count > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_uninit(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        poll_read(self.registration(), cx, buf)
    }

    /// [`try_read`](ByteStream::try_read) into memory that need not be initialised. The first
    /// bytes, as many as it returns, are initialised then.
    ///
    /// # Errors
    /// As for [`try_read`](ByteStream::try_read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"ping").await?;
    /// stream.readable().await?;
    /// let mut bytes = Vec::<u8>::with_capacity(64);
    /// assert!(stream.try_read_uninit(bytes.spare_capacity_mut())? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().try_io(Direction::Read, |socket| paid(socket.recv(buf)))
    }
}

impl<F: Family> ReadHalf<'_, F> {
    /// See [`ByteStream::poll_read_uninit`], also for errors.
    pub fn poll_read_uninit(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        poll_read(self.stream().registration(), cx, buf)
    }

    /// See [`ByteStream::try_read_uninit`], also for errors.
    pub fn try_read_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.stream().try_read_uninit(buf)
    }
}

impl<F: Family> OwnedReadHalf<F> {
    /// See [`ByteStream::poll_read_uninit`], also for errors.
    pub fn poll_read_uninit(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        poll_read(self.stream().registration(), cx, buf)
    }

    /// See [`ByteStream::try_read_uninit`], also for errors.
    pub fn try_read_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.stream().try_read_uninit(buf)
    }
}
