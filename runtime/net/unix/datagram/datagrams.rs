//! The sends and receives of a `UnixDatagram`, as users see them. `net/datagram.rs` makes the calls.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::{SockAddr, Socket};

use super::{SocketAddr, UnixDatagram, address_of};
use crate::driver::{Direction, unix_address};
use crate::net::datagram::{self, send_once, send_to_once};
use crate::net::pause::Pauses;
use crate::primitive::sync::Mutex;
use crate::time::{Sleep, sleep};

/// Where `poll_send_to` is resting, if it is.
pub(super) struct SendRest(Mutex<Option<Resting>>);

/// A rest, while the queue of a receiver that is not the peer is full `[unheard-room]`.
struct Resting {
    sleep: Pin<Box<Sleep>>,
    /// Those that come after it.
    pauses: Pauses,
}

impl SendRest {
    pub(super) fn none() -> SendRest {
        SendRest(Mutex::new(None))
    }
}

impl UnixDatagram {
    /// Sends one datagram to the peer of this socket, waiting until there is room; returns its length.
    ///
    /// # Errors
    /// `NotConnected` if there is no peer, `ConnectionRefused` or `ConnectionReset` if it is gone, EMSGSIZE if the
    /// datagram is too long; others of `send(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Write, |socket| send_once(socket, buf)).await
    }

    /// Sends one datagram to the socket at `path`, waiting until there is room; returns its length.
    ///
    /// While the queue of that socket is full, this tries again, first after a millisecond, then after twice as long each
    /// time, up to 128 ms: the system has an event for room in the queue of the peer only. Who sends much to one socket is
    /// faster with [`connect`](UnixDatagram::connect) and [`send`](UnixDatagram::send).
    ///
    /// # Errors
    /// `NotFound` if there is no such path, `ConnectionRefused` if no socket is behind it (any more), EMSGSIZE if the
    /// datagram is too long, `InvalidInput` if the path is; others of `sendto(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.send_to_sockaddr(buf, &address_of(path.as_ref())?).await
    }

    /// [`send_to`](UnixDatagram::send_to) an address of std's, abstract ones included.
    ///
    /// # Errors
    /// As [`send_to`](UnixDatagram::send_to); `InvalidInput` for an unnamed address.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send_to_addr(&self, buf: &[u8], addr: &SocketAddr) -> io::Result<usize> {
        self.send_to_sockaddr(buf, &unix_address::from_std(addr)?).await
    }

    async fn send_to_sockaddr(&self, buf: &[u8], target: &SockAddr) -> io::Result<usize> {
        let mut pauses = Pauses::new();
        loop {
            let send = |socket: &Socket| send_or_rest(socket, buf, target);
            match self.registration.async_io(Direction::Write, send).await? {
                Some(count) => return Ok(count),
                // [unheard-room]
                None => sleep(pauses.take()).await,
            }
        }
    }

    /// Receives one datagram, waiting until there is one; returns its length. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// Those of `recv(2)`.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Read, |socket| self.receive_once(socket, buf)).await
    }

    /// Receives one datagram, waiting until there is one; returns its length and its sender's address, which is unnamed
    /// if the sender has bound none. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// Those of `recvfrom(2)`.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.async_io(Direction::Read, |socket| self.receive_from_once(socket, buf)).await
    }

    /// Like [`recv`](UnixDatagram::recv), and leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Read, |socket| self.peek_once(socket, buf)).await
    }

    /// Like [`recv_from`](UnixDatagram::recv_from), and leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv_from`](UnixDatagram::recv_from).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.async_io(Direction::Read, |socket| self.peek_from_once(socket, buf)).await
    }

    /// [`send`](UnixDatagram::send) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send`](UnixDatagram::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration.try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UnixDatagram::send_to) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_to`](UnixDatagram::send_to).
    pub fn try_send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let target = address_of(path.as_ref())?;
        let send = |socket: &Socket| send_or_rest(socket, buf, &target);
        self.registration.try_io(Direction::Write, send)?.ok_or(io::ErrorKind::WouldBlock.into())
    }

    /// [`recv`](UnixDatagram::recv) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv`](UnixDatagram::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.try_io(Direction::Read, |socket| self.receive_once(socket, buf))
    }

    /// [`recv_from`](UnixDatagram::recv_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv_from`](UnixDatagram::recv_from).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.try_io(Direction::Read, |socket| self.receive_from_once(socket, buf))
    }

    /// [`send`](UnixDatagram::send) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`send`](UnixDatagram::send).
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.registration.poll_io(Direction::Write, cx, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UnixDatagram::send_to) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`send_to`](UnixDatagram::send_to).
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        path: P,
    ) -> Poll<io::Result<usize>> {
        let target = address_of(path.as_ref())?;
        let mut pauses = Pauses::new();
        loop {
            // Taken out, so that no waker runs under the lock.
            let resting = self.rest.0.lock().take();
            if let Some(mut rest) = resting {
                if rest.sleep.as_mut().poll(cx).is_pending() {
                    *self.rest.0.lock() = Some(rest);
                    return Poll::Pending;
                }
                pauses = rest.pauses;
            }
            let send = |socket: &Socket| send_or_rest(socket, buf, &target);
            match ready!(self.registration.poll_io(Direction::Write, cx, send))? {
                Some(count) => return Poll::Ready(Ok(count)),
                None => {
                    let sleep = Box::pin(sleep(pauses.take()));
                    *self.rest.0.lock() = Some(Resting { sleep, pauses });
                }
            }
        }
    }

    /// [`recv`](UnixDatagram::recv) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration.poll_io(Direction::Read, cx, |socket| self.receive_once(socket, buf))
    }

    /// [`recv_from`](UnixDatagram::recv_from) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`recv_from`](UnixDatagram::recv_from).
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let receive = |socket: &Socket| self.receive_from_once(socket, buf);
        self.registration.poll_io(Direction::Read, cx, receive)
    }

    /// [`readable`](UnixDatagram::readable) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// If the driver cannot wait.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Read, cx)
    }

    /// [`writable`](UnixDatagram::writable) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// If the driver cannot wait.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Write, cx)
    }

    fn receive_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        self.or_end(datagram::receive_once(socket, buf), || 0)
    }

    fn receive_from_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = datagram::receive_from_once(socket, buf).map(from_unix);
        self.or_end(received, || (0, unix_address::unnamed()))
    }

    fn peek_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        self.or_end(datagram::peek_once(socket, buf), || 0)
    }

    fn peek_from_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = datagram::peek_from_once(socket, buf).map(from_unix);
        self.or_end(received, || (0, unix_address::unnamed()))
    }
}

/// None: the queue of the receiver is full, or our own is. The socket may be writable all the same, so that waiting for
/// that would be a busy loop, or last for ever `[unheard-room]`.
fn send_or_rest(socket: &Socket, buf: &[u8], target: &SockAddr) -> io::Result<Option<usize>> {
    match send_to_once(socket, buf, target) {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn from_unix((count, addr): (usize, SockAddr)) -> (usize, SocketAddr) {
    (count, unix_address::to_std(&addr))
}
