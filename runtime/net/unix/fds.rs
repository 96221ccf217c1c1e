//! Descriptors beside bytes: over streams, their halves, and datagram sockets.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use socket2::Socket;

use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, UnixDatagram, UnixStream, WriteHalf};
use crate::driver::{Direction, Registration, ancillary};
use crate::net::transfer::{paid, paid_by};

/// What a `recv_with_fds` has received.
#[derive(Debug)]
#[must_use = "dropping this closes the descriptors in it"]
pub struct Received {
    /// How many bytes of the buffer are filled. On a stream 0 is its end.
    pub len: usize,
    /// The descriptors, close-on-exec, in the order in which they were sent.
    pub fds: Vec<OwnedFd>,
    /// The datagram was longer than the buffer, and the rest of it is lost. Never so on a stream.
    pub bytes_truncated: bool,
    /// More descriptors came than were asked for, or than the process may have: the rest is closed.
    pub fds_truncated: bool,
}

impl Received {
    fn end() -> Received {
        Received { len: 0, fds: Vec::new(), bytes_truncated: false, fds_truncated: false }
    }
}

impl UnixStream {
    /// Writes bytes of `buf` with `fds` beside the first of them, waiting until there is room; returns how many bytes it
    /// wrote, which may be fewer than all. The descriptors went with them: what is left of `buf` is written without.
    ///
    /// Both processes have the open files then; ours may be closed.
    ///
    /// # Errors
    /// `InvalidInput` for more than 253 descriptors, and for descriptors without a byte that could carry them; otherwise
    /// as [`write`](crate::net::ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    ///
    /// # Example
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

    /// Reads what is there into `buf`, with up to `fds_count_max` descriptors beside it, waiting until there is something.
    ///
    /// # Errors
    /// `InvalidInput` for an empty `buf`: descriptors come with bytes only. Otherwise as
    /// [`read`](crate::net::ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: bytes and descriptors are taken only by the poll that returns them.
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.registration(), buf, fds_count_max).await
    }
}

impl WriteHalf<'_> {
    /// See [`UnixStream::send_with_fds`](crate::net::ByteStream::send_with_fds), also for errors and cancel safety.
    pub async fn send_with_fds(&mut self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send_over_stream(self.stream().registration(), buf, fds).await
    }
}

impl ReadHalf<'_> {
    /// See [`UnixStream::recv_with_fds`](crate::net::ByteStream::recv_with_fds), also for errors and cancel safety.
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.stream().registration(), buf, fds_count_max).await
    }
}

impl OwnedWriteHalf {
    /// See [`UnixStream::send_with_fds`](crate::net::ByteStream::send_with_fds), also for errors and cancel safety.
    pub async fn send_with_fds(&mut self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send_over_stream(self.stream().registration(), buf, fds).await
    }
}

impl OwnedReadHalf {
    /// See [`UnixStream::recv_with_fds`](crate::net::ByteStream::recv_with_fds), also for errors and cancel safety.
    pub async fn recv_with_fds(&mut self, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
        receive_over_stream(self.stream().registration(), buf, fds_count_max).await
    }
}

impl UnixDatagram {
    /// Sends one datagram with `fds` beside it to the peer of this socket, waiting until there is room; returns its
    /// length. It may be empty.
    ///
    /// # Errors
    /// `InvalidInput` for more than 253 descriptors; otherwise as [`send`](UnixDatagram::send).
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send_with_fds(&self, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send(self.registration(), buf, fds).await
    }

    /// Receives one datagram into `buf`, with up to `fds_count_max` descriptors beside it, waiting until there is one.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
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
        // The system would say `Ok(0)` and send no descriptor.
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
    // What does not fit into the buffer of a stream stays in the stream.
    received.bytes_truncated = false;
    Ok(received)
}

async fn send(registration: &Registration, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let send = |socket: &Socket| paid(|| ancillary::send(socket, buf, fds));
    registration.async_io(Direction::Write, send).await
}

fn receive_once(socket: &Socket, buf: &mut [u8], fds_count_max: usize) -> io::Result<Received> {
    let message = paid_by(|| ancillary::receive(socket, buf, fds_count_max), |message| message.len)?;
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
