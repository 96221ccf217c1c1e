//! `ByteStream`: everything that streams of all families have in common, except reads,
//! writes, waiting and halves.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::net::Shutdown;

use socket2::Socket;

use super::family::Family;
#[cfg(windows)]
use crate::driver::Direction;
use crate::driver::Registration;

/// A connection that carries bytes, such as a [`TcpStream`](crate::net::TcpStream).
///
/// Each kind of stream is this type with another [`Family`], so one function can serve all of them:
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
/// Reads and writes take `&mut self`, so that two writers cannot mix their bytes. To read and write
/// at the same time, split the stream: [`split`](ByteStream::split) for two futures of one task,
/// [`into_split`](ByteStream::into_split) for two tasks.
///
/// Behind a shared reference or an `Arc`, use [`readable`](ByteStream::readable) with
/// [`try_read`](ByteStream::try_read), [`writable`](ByteStream::writable) with
/// [`try_write`](ByteStream::try_write), or [`async_io`](ByteStream::async_io). Any number of tasks
/// may wait in these at the same time.
///
/// The `poll_*` functions and the trait implementations remember one waker per direction: only the
/// last caller is woken. The `async` methods do not have this limit.
///
/// # Panics
/// The methods do not panic outside of a runtime, because a stream remembers the runtime that it
/// was made in.
pub struct ByteStream<F: Family> {
    registration: Registration,
    family: PhantomData<fn() -> F>,
}

impl<F: Family> ByteStream<F> {
    /// Wraps a connected socket of this family.
    pub(in crate::net) fn over(registration: Registration) -> ByteStream<F> {
        registration.trust_short(F::SHORT_IS_ALL);
        ByteStream { registration, family: PhantomData }
    }

    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    pub(in crate::net) fn into_registration(self) -> Registration {
        self.registration
    }

    pub(in crate::net) fn socket(&self) -> &Socket {
        self.registration.socket()
    }

    /// Returns the address of the local end.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        F::addr(&self.socket().local_addr()?)
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    /// `NotConnected` once the connection is gone.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// assert_eq!(peer.peer_addr()?, stream.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        F::addr(&self.socket().peer_addr()?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`) and returns it, if there is one.
    ///
    /// # Errors
    /// Returns an error if the option cannot be read. The pending error itself is in `Ok(Some(_))`.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// if let Some(error) = stream.take_error()? {
    ///     println!("the connection failed: {error}");
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    /// Shuts down writing: the peer reads the end of the stream, and may still send.
    ///
    /// If the peer has already torn the connection down, this is no error. The call does not wait
    /// for anything.
    ///
    /// # Errors
    /// Returns the error of the system call, except `NotConnected`.
    ///
    /// # Cancel safety
    /// Safe: the first poll completes.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.write_all(b"the question").await?;
    /// stream.shutdown().await?;
    ///
    /// # let mut question = String::new();
    /// # peer.read_to_string(&mut question).await?;
    /// # peer.write_all(b"the answer").await?;
    /// # drop(peer);
    /// let mut answer = String::new();
    /// stream.read_to_string(&mut answer).await?;
    /// assert_eq!(answer, "the answer");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.shut_down(Shutdown::Write)
    }

    /// Shuts down reading, writing, or both, as std's `TcpStream::shutdown` does. The descriptor
    /// stays open.
    ///
    /// Tasks that wait in that direction are woken: a read returns `Ok(0)`, a write returns
    /// `BrokenPipe`. If the peer has already torn the connection down, this is no error. The call
    /// does not wait for anything.
    ///
    /// # Errors
    /// Returns the error of the system call, except `NotConnected`.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// stream.shutdown_with(std::net::Shutdown::Both)?;
    /// assert_eq!(stream.read(&mut [0; 64]).await?, 0);
    /// assert!(stream.write(b"too late").await.is_err());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn shutdown_with(&self, how: Shutdown) -> io::Result<()> {
        self.shut_down(how)
    }

    pub(crate) fn shut_down(&self, how: Shutdown) -> io::Result<()> {
        match self.socket().shutdown(how) {
            // The peer reset the connection, so it is already shut down.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => {
                #[cfg(windows)]
                wake_those_who_wait(&self.registration, how);
                result
            }
        }
    }
}

/// Windows reports nothing to those who wait for a socket that its owner shuts down. They look
/// again.
#[cfg(windows)]
fn wake_those_who_wait(registration: &Registration, how: Shutdown) {
    if how != Shutdown::Write {
        registration.wake(Direction::Read);
    }
    if how != Shutdown::Read {
        registration.wake(Direction::Write);
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
