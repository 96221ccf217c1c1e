//! `ByteStream`: what a TCP and a Unix connection have in common beside their bytes.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::net::Shutdown;

use socket2::Socket;

use super::family::Family;
use super::interest::{self, Interest, Ready};
use super::owned_split::{self, OwnedReadHalf, OwnedWriteHalf};
use super::split::{self, ReadHalf, WriteHalf};
use crate::driver::{Direction, Registration};

/// A connection that carries bytes: a [`TcpStream`](super::TcpStream), or a `UnixStream` where there are such.
///
/// The two are this type with another [`Family`]; programs that serve both can be written once:
///
/// ```
/// use heist::net::{ByteStream, Family};
///
/// async fn echo<F: Family>(mut stream: ByteStream<F>) -> std::io::Result<()> {
///     let mut buf = [0; 4096];
///     loop {
///         match stream.read(&mut buf).await? {
///             0 => return Ok(()),
///             count => stream.write_all(&buf[..count]).await?,
///         }
///     }
/// }
/// ```
///
/// # Sharing
/// Reads and writes take `&mut self`, so that no two can mix their bytes. To read and write at once, split the stream:
/// [`split`](ByteStream::split) for two futures of one task, [`into_split`](ByteStream::into_split) for two tasks. Behind
/// a shared reference or an `Arc` there are [`readable`](ByteStream::readable) with
/// [`try_read`](ByteStream::try_read), [`writable`](ByteStream::writable) with [`try_write`](ByteStream::try_write),
/// and [`async_io`](ByteStream::async_io); any number of tasks may wait in them at once.
///
/// The `poll_*` functions and the trait implementations remember one waker per direction: the last caller is woken.
/// The `async` methods do not share that limit.
pub struct ByteStream<F: Family> {
    registration: Registration,
    family: PhantomData<fn() -> F>,
}

impl<F: Family> ByteStream<F> {
    /// A connected socket of this family.
    pub(super) fn over(registration: Registration) -> ByteStream<F> {
        registration.trust_short(F::SHORT_IS_ALL);
        ByteStream { registration, family: PhantomData }
    }

    pub(super) fn registration(&self) -> &Registration {
        &self.registration
    }

    pub(super) fn into_registration(self) -> Registration {
        self.registration
    }

    pub(super) fn socket(&self) -> &Socket {
        self.registration.socket()
    }

    /// Our end's address.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        F::addr(&self.socket().local_addr()?)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// `NotConnected` once the connection is gone.
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        F::addr(&self.socket().peer_addr()?)
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
        interest::ready(&self.registration, interest).await
    }

    /// Waits until a read is likely not to block; see [`ready`](ByteStream::ready).
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

    /// Waits until a write is likely not to block; see [`ready`](ByteStream::ready).
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

    /// Shuts down reading, writing, or both, as std's `ByteStream::shutdown` does; the descriptor stays open.
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

    /// Splits into a reading and a writing half that borrow the stream: for two futures of one task.
    pub fn split(&mut self) -> (ReadHalf<'_, F>, WriteHalf<'_, F>) {
        split::split(self)
    }

    /// Splits into a reading and a writing half that share the stream: for two tasks.
    ///
    /// Dropping the writing half shuts down writing; the connection is closed when both are gone.
    pub fn into_split(self) -> (OwnedReadHalf<F>, OwnedWriteHalf<F>) {
        owned_split::into_split(self)
    }
}

impl<F: Family> fmt::Debug for ByteStream<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(F::STREAM_NAME).field("socket", self.socket()).finish()
    }
}

#[cfg(unix)]
mod unix {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::{ByteStream, Family};

    impl<F: Family> AsFd for ByteStream<F> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket().as_fd()
        }
    }

    impl<F: Family> AsRawFd for ByteStream<F> {
        fn as_raw_fd(&self) -> RawFd {
            self.socket().as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::{ByteStream, Family};

    impl<F: Family> AsSocket for ByteStream<F> {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.socket().as_socket()
        }
    }

    impl<F: Family> AsRawSocket for ByteStream<F> {
        fn as_raw_socket(&self) -> RawSocket {
            self.socket().as_raw_socket()
        }
    }
}
