//! `TcpStream`: making one, its options and conversions. `transfer.rs` has its reads and writes.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket};

use super::interest::{Interest, Ready};
use super::lookup_host::resolve;
use super::owned_split::{self, OwnedReadHalf, OwnedWriteHalf};
use super::split::{self, ReadHalf, WriteHalf};
use super::to_socket_addrs::ToSocketAddrs;
use crate::driver::{Direction, Registration, socket};

/// A TCP connection.
///
/// Made by [`connect`](TcpStream::connect) or [`TcpListener::accept`](super::TcpListener::accept). Dropping it closes
/// the connection: the peer reads the end of the stream, or gets a reset if bytes it sent were never read.
///
/// # Sharing
/// Reads and writes take `&mut self`, so that no two can mix their bytes. To read and write at once, split the stream:
/// [`split`](TcpStream::split) for two futures of one task, [`into_split`](TcpStream::into_split) for two tasks. Behind
/// a shared reference or an `Arc` there are [`readable`](TcpStream::readable) with
/// [`try_read`](TcpStream::try_read), [`writable`](TcpStream::writable) with [`try_write`](TcpStream::try_write),
/// and [`async_io`](TcpStream::async_io); any number of tasks may wait in them at once.
///
/// The `poll_*` functions and the trait implementations remember one waker per direction: the last caller is woken.
/// The `async` methods do not share that limit.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"hello").await?;
/// drop(client);
///
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct TcpStream {
    registration: Registration,
}

impl TcpStream {
    /// Connects to `addr`, trying its addresses in order until one answers.
    ///
    /// # Errors
    /// The error of the last address tried; `InvalidInput` if there is none; the resolver's error for an unknown name.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket: the attempt is given up and no descriptor stays behind. There is no
    /// time limit but the system's (minutes); put [`timeout`](crate::time::timeout) around the call for one.
    ///
    /// # Example
    /// ```no_run
    /// # async fn f() -> std::io::Result<()> {
    /// let stream = heist::net::TcpStream::connect("example.org:80").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let mut last_error = None;
        for addr in resolve(addr.target()).await? {
            match TcpStream::connect_to(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.expect("resolve returns at least one address"))
    }

    async fn connect_to(addr: SocketAddr) -> io::Result<TcpStream> {
        let socket = socket::tcp_socket(Domain::for_address(addr))?;
        let registration = Registration::new_nonblocking(socket);
        registration.connect(&SockAddr::from(addr)).await?;
        Ok(TcpStream { registration })
    }

    /// A connection that `accept` made non-blocking.
    pub(super) fn accepted(socket: Socket) -> TcpStream {
        TcpStream { registration: Registration::new_nonblocking(socket) }
    }

    pub(super) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Takes over a stream of std's, which may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the driver cannot take it, or the system refuses to change its mode.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        Ok(TcpStream { registration: Registration::new(Socket::from(stream))? })
    }

    /// Gives the connection back as a stream of std's. It stays non-blocking, as with tokio; call its
    /// `set_nonblocking(false)` to block.
    ///
    /// # Errors
    /// If the driver cannot give it up.
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Our end's address.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().local_addr()?)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// `NotConnected` once the connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().peer_addr()?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    /// If the option cannot be read; the pending error itself is in `Ok(Some(_))`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    /// Waits until the socket is ready in one of the directions of `interest`, and says in which.
    ///
    /// Ready means that a `try_` call is worth making: it may still return `WouldBlock`, after which this waits again.
    /// A closed or broken connection is ready in both directions; the `try_` call then tells what happened.
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let mut readable = pin!(self.registration.ready(Direction::Read));
        let mut writable = pin!(self.registration.ready(Direction::Write));
        poll_fn(|cx| {
            let mut ready = Ready::EMPTY;
            if interest.is_readable() {
                if let Poll::Ready(result) = readable.as_mut().poll(cx) {
                    result?;
                    ready |= Ready::READABLE;
                }
            }
            if interest.is_writable() {
                if let Poll::Ready(result) = writable.as_mut().poll(cx) {
                    result?;
                    ready |= Ready::WRITABLE;
                }
            }
            if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
        })
        .await
    }

    /// Waits until a read is likely not to block; see [`ready`](TcpStream::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Example
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
        self.registration.ready(Direction::Read).await
    }

    /// Waits until a write is likely not to block; see [`ready`](TcpStream::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    pub async fn writable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Write).await
    }

    /// Shuts down writing: the peer reads the end of the stream, and can go on sending.
    ///
    /// A connection that the peer has already torn down is no error. The call does not wait for anything.
    ///
    /// # Errors
    /// The system's, except `NotConnected`.
    ///
    /// # Cancel safety
    /// Safe: it is done at the first poll.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.shut_down(Shutdown::Write)
    }

    /// Shuts down reading, writing, or both, as std's `TcpStream::shutdown` does; the descriptor stays open.
    ///
    /// Whoever waits in that direction is woken: a read gives `Ok(0)`, a write `BrokenPipe`. A connection that the peer
    /// has already torn down is no error. The call does not wait for anything.
    ///
    /// # Errors
    /// The system's, except `NotConnected`.
    pub fn shutdown_with(&self, how: Shutdown) -> io::Result<()> {
        self.shut_down(how)
    }

    pub(super) fn shut_down(&self, how: Shutdown) -> io::Result<()> {
        match self.socket().shutdown(how) {
            // The peer reset the connection: what was asked for is already so.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket().tcp_nodelay()
    }

    /// Sends small writes at once (`true`), or waits a little to send them together (`false`, the default).
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket().set_tcp_nodelay(nodelay)
    }

    /// How many hops packets of this connection live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().ttl_v4()
    }

    /// Sets how many hops packets of this connection live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_ttl_v4(ttl)
    }

    /// How long a close keeps trying to send what is still queued (`SO_LINGER`); `None` is the system's way.
    ///
    /// # Errors
    /// The system's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket().linger()
    }

    /// Sets what a close does with bytes that are still queued (`SO_LINGER`).
    ///
    /// `Some(Duration::ZERO)` throws them away and resets the connection. Any other `Some` makes the drop of the stream
    /// *block its thread* for up to that time (whole seconds), which a runtime has no way around.
    ///
    /// # Errors
    /// The system's.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.socket().set_linger(linger)
    }

    /// Splits into a reading and a writing half that borrow the stream: for two futures of one task.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::split(self)
    }

    /// Splits into a reading and a writing half that share the stream: for two tasks.
    ///
    /// Dropping the writing half shuts down writing; the connection is closed when both are gone.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        owned_split::into_split(self)
    }

    pub(super) fn socket(&self) -> &Socket {
        self.registration.socket()
    }
}

/// The address of a socket of the internet families.
pub(super) fn inet_addr(addr: &SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket has no internet address: it is of another family",
        )
    })
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream").field("socket", self.socket()).finish()
    }
}

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// The same as [`TcpStream::from_std`].
    fn try_from(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(stream)
    }
}

impl TryFrom<TcpStream> for std::net::TcpStream {
    type Error = io::Error;

    /// The same as [`TcpStream::into_std`].
    fn try_from(stream: TcpStream) -> io::Result<std::net::TcpStream> {
        stream.into_std()
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use super::TcpStream;

    impl AsFd for TcpStream {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket().as_fd()
        }
    }

    impl AsRawFd for TcpStream {
        fn as_raw_fd(&self) -> RawFd {
            self.socket().as_raw_fd()
        }
    }

    impl TryFrom<OwnedFd> for TcpStream {
        type Error = io::Error;

        /// Takes over a connected TCP socket; see [`TcpStream::from_std`].
        fn try_from(fd: OwnedFd) -> io::Result<TcpStream> {
            TcpStream::from_std(fd.into())
        }
    }

    impl TryFrom<TcpStream> for OwnedFd {
        type Error = io::Error;

        /// Gives the descriptor up; see [`TcpStream::into_std`].
        fn try_from(stream: TcpStream) -> io::Result<OwnedFd> {
            Ok(stream.into_std()?.into())
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::TcpStream;

    impl AsSocket for TcpStream {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.socket().as_socket()
        }
    }

    impl AsRawSocket for TcpStream {
        fn as_raw_socket(&self) -> RawSocket {
            self.socket().as_raw_socket()
        }
    }
}
