//! Waiting until a `ByteStream` is ready, and calls of the caller's own.

use std::io;
use std::task::{Context, Poll};

use super::byte_stream::ByteStream;
use super::family::Family;
use crate::driver::{Direction, Interest, Ready};
use crate::net::interest;

impl<F: Family> ByteStream<F> {
    /// Waits until the socket is ready in one of the directions of `interest`, and returns which.
    ///
    /// A ready socket is worth a `try_` call. That call may still return `WouldBlock`; then `ready`
    /// waits again. A closed or broken connection is ready in both directions; the `try_` call then
    /// returns the end of the stream or the error.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// use heist::io::Interest;
    ///
    /// let ready = stream.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// // The peer has sent nothing yet, and the send buffer has room.
    /// assert!(ready.is_writable());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(self.registration(), interest).await
    }

    /// Waits until a read is likely to succeed without blocking; see [`ready`](ByteStream::ready).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (stream, _) = listener.accept().await?;
    /// # client.write_all(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let count = loop {
    ///     stream.readable().await?;
    ///     match stream.try_read(&mut buf) {
    ///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        interest::wait(self.registration(), Direction::Read).await
    }

    /// Waits until a write is likely to succeed without blocking; see [`ready`](ByteStream::ready).
    /// Use it with [`try_write`](ByteStream::try_write).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.writable().await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        interest::wait(self.registration(), Direction::Write).await
    }

    /// [`readable`](ByteStream::readable) as a poll function. Only the last caller of this and of
    /// the other poll functions for reading is woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// drop(peer);
    /// std::future::poll_fn(|cx| stream.poll_read_ready(cx)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(self.registration(), Direction::Read, cx)
    }

    /// [`writable`](ByteStream::writable) as a poll function. Only the last caller of this and of
    /// the other poll functions for writing is woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// std::future::poll_fn(|cx| stream.poll_write_ready(cx)).await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(self.registration(), Direction::Write, cx)
    }

    /// Calls `f` once, without waiting. If `f` returns `WouldBlock`, the socket counts as not ready
    /// from then on, until an event arrives.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f`, and `WouldBlock` without calling `f` if the socket is known not
    /// to be ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use heist::io::Interest;
    /// use std::io::Read;
    ///
    /// peer.write_all(b"ping").await?;
    /// stream.readable().await?;
    /// let socket = socket2::SockRef::from(&stream);
    /// let mut buf = [0; 64];
    /// let count = stream.try_io(Interest::READABLE, || (&*socket).read(&mut buf))?;
    /// assert_eq!(buf[..count], b"ping"[..count]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration().try_call(interest, f)
    }

    /// Calls `f` again and again until it returns something other than `WouldBlock`. Between two
    /// calls it waits until the socket is ready.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f` except `WouldBlock`, and those of the driver.
    ///
    /// # Cancel safety
    /// As safe as `f`: nothing is held between two calls of `f`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (stream, _) = listener.accept().await?;
    /// # client.write_all(b"ping").await?;
    /// use heist::io::Interest;
    /// use std::io::Read;
    ///
    /// // Any call on the descriptor will do: here that of another crate.
    /// let socket = socket2::SockRef::from(&stream);
    /// let mut buf = [0; 64];
    /// let count = stream.async_io(Interest::READABLE, || (&*socket).read(&mut buf)).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration().async_io(interest.direction(), |_| f()).await
    }
}
