//! Descriptors that travel with bytes: over streams, their halves, and datagram sockets.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use socket2::Socket;

use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, UnixDatagram, UnixStream, WriteHalf};
use crate::driver::{Direction, Registration};
use crate::net::call::{paid, paid_by};
use crate::system::ancillary;

/// The result of a `recv_with_fds`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let file = tempfile::tempfile()?;
/// use heist::net::unix::Received;
/// use std::os::fd::AsFd;
///
/// let (mut left, mut right) = heist::net::UnixStream::pair()?;
/// left.send_with_fds(b"a file", &[file.as_fd()]).await?;
/// let received: Received = right.recv_with_fds(&mut [0; 64], 1).await?;
/// assert_eq!(received.fds.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping this closes the descriptors in it"]
pub struct Received {
    /// How many bytes of the buffer are filled. On a stream, 0 is its end.
    pub len: usize,
    /// The descriptors, close-on-exec, in the order in which they were sent.
    pub fds: Vec<OwnedFd>,
    /// Whether the datagram was longer than the buffer; the rest of it is lost then. Always `false`
    /// on a stream.
    pub bytes_truncated: bool,
    /// Whether more descriptors came than were asked for, or than the process may have. The system
    /// has closed the rest.
    pub fds_truncated: bool,
}

impl Received {
    fn end() -> Received {
        Received { len: 0, fds: Vec::new(), bytes_truncated: false, fds_truncated: false }
    }
}

impl UnixStream {
    /// Writes bytes of `buf` with `fds` attached to the first of them, and waits until there is
    /// room. Returns how many bytes it wrote, which may be fewer than all. All descriptors went
    /// with these bytes: write the rest of `buf` without them.
    ///
    /// Afterwards both processes have the files open. You may close yours.
    ///
    /// # Errors
    /// `InvalidInput` for more than 253 descriptors, and for descriptors without a byte to carry
    /// them; otherwise as [`write`](crate::net::ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use std::fs::File;
    /// use std::os::fd::AsFd as _;
    /// use heist::net::UnixStream;
    ///
    /// let (mut left, mut right) = UnixStream::pair()?;
    /// left.send_with_fds(b"a file", &[File::open("Cargo.toml")?.as_fd()]).await?;
    ///
    /// let mut buf = [0; 64];
    /// let received = right.recv_with_fds(&mut buf, 1).await?;
    /// assert_eq!(&buf[..received.len], b"a file");
    /// let file = File::from(received.fds.into_iter().next().expect("one was sent"));
    /// assert!(std::io::read_to_string(file)?.contains("heist"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send_with_fds(&mut self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send_over_stream(self.registration(), buf, fds).await
    }

    /// Reads the bytes that are available into `buf`, with up to `fds_count_max` descriptors that
    /// came with them, and waits until there are some.
    ///
    /// One call receives at most 253 descriptors, because a message carries no more.
    ///
    /// # Errors
    /// `InvalidInput` for an empty `buf`, because descriptors come only with bytes. Otherwise as
    /// [`read`](crate::net::ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns bytes and descriptors takes them from the stream.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (mut left, mut right) = heist::net::UnixStream::pair()?;
    /// left.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// let mut received = right.recv_with_fds(&mut [0; 64], 1).await?;
    /// let _file = std::fs::File::from(received.fds.remove(0));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.registration(), buf, fds_count_max).await
    }
}

impl WriteHalf<'_> {
    /// See [`UnixStream::send_with_fds`](crate::net::ByteStream::send_with_fds), also for errors
    /// and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (mut left, mut right) = heist::net::UnixStream::pair()?;
    /// let (_reader, mut writer) = left.split();
    /// writer.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// assert_eq!(right.recv_with_fds(&mut [0; 64], 1).await?.fds.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_with_fds(&mut self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send_over_stream(self.stream().registration(), buf, fds).await
    }
}

impl ReadHalf<'_> {
    /// See [`UnixStream::recv_with_fds`](crate::net::ByteStream::recv_with_fds), also for errors
    /// and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (mut left, mut right) = heist::net::UnixStream::pair()?;
    /// left.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// let (mut reader, _writer) = right.split();
    /// assert_eq!(reader.recv_with_fds(&mut [0; 64], 1).await?.fds.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.stream().registration(), buf, fds_count_max).await
    }
}

impl OwnedWriteHalf {
    /// See [`UnixStream::send_with_fds`](crate::net::ByteStream::send_with_fds), also for errors
    /// and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (left, mut right) = heist::net::UnixStream::pair()?;
    /// let (_reader, mut writer) = left.into_split();
    /// writer.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// assert_eq!(right.recv_with_fds(&mut [0; 64], 1).await?.fds.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_with_fds(&mut self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send_over_stream(self.stream().registration(), buf, fds).await
    }
}

impl OwnedReadHalf {
    /// See [`UnixStream::recv_with_fds`](crate::net::ByteStream::recv_with_fds), also for errors
    /// and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (mut left, right) = heist::net::UnixStream::pair()?;
    /// left.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// let (mut reader, _writer) = right.into_split();
    /// assert_eq!(reader.recv_with_fds(&mut [0; 64], 1).await?.fds.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.stream().registration(), buf, fds_count_max).await
    }
}

impl UnixDatagram {
    /// Sends one datagram with `fds` attached to the peer of this socket, and waits until there is
    /// room. Returns its length. The datagram may be empty.
    ///
    /// # Errors
    /// `InvalidInput` for more than 253 descriptors; otherwise as [`send`](UnixDatagram::send).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use std::fs::File;
    /// use std::os::fd::AsFd as _;
    /// use heist::net::UnixDatagram;
    ///
    /// let (left, right) = UnixDatagram::pair()?;
    /// left.send_with_fds(b"a file", &[File::open("Cargo.toml")?.as_fd()]).await?;
    ///
    /// let mut buf = [0; 64];
    /// let received = right.recv_with_fds(&mut buf, 1).await?;
    /// assert_eq!(&buf[..received.len], b"a file");
    /// assert_eq!(received.fds.len(), 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send_with_fds(&self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send(self.registration(), buf, fds).await
    }

    /// Receives one datagram into `buf`, with up to `fds_count_max` descriptors that came with it,
    /// and waits until there is one.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// use std::os::fd::AsFd;
    ///
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send_with_fds(b"a file", &[file.as_fd()]).await?;
    /// let mut received = right.recv_with_fds(&mut [0; 64], 1).await?;
    /// let _file = std::fs::File::from(received.fds.remove(0));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_with_fds(&self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        let receive = |socket: &Socket| self.or_end(receive_once(socket, buf, fds_count_max), Received::end);
        self.registration().async_io(Direction::Read, receive).await
    }
}

async fn send_over_stream(
    registration: &Registration,
    buf: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    if buf.is_empty() {
        // The system would return `Ok(0)` and send no descriptor.
        return if fds.is_empty() { Ok(0) } else { Err(nothing_carries()) };
    }
    send(registration, buf, fds).await
}

async fn receive_over_stream(
    registration: &Registration,
    buf: &mut [u8],
    fds_count_max: usize,
) -> io::Result<Received> {
    if buf.is_empty() {
        return Err(nothing_carries());
    }
    let receive = |socket: &Socket| receive_once(socket, buf, fds_count_max);
    let mut received = registration.async_io(Direction::Read, receive).await?;
    // On a stream, bytes that do not fit into the buffer stay in the stream.
    received.bytes_truncated = false;
    Ok(received)
}

async fn send(registration: &Registration, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let send = |socket: &Socket| paid(ancillary::send(socket, buf, fds));
    registration.async_io(Direction::Write, send).await
}

fn receive_once(socket: &Socket, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
    let message = paid_by(ancillary::receive(socket, buf, fds_count_max), |message| message.len)?;
    Ok(Received {
        len: message.len,
        fds: message.fds,
        bytes_truncated: message.bytes_truncated,
        fds_truncated: message.fds_truncated,
    })
}

fn nothing_carries() -> io::Error {
    let text = "the buffer is empty: over a stream descriptors travel with bytes only; send at least one";
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
