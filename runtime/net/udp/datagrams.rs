//! The sends and receives of a `UdpSocket`, as users see them. `datagram.rs` makes the calls.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::SockAddr;

use super::UdpSocket;
use crate::driver::Direction;
use crate::net::datagram::{
    peek_from_once, peek_once, receive_from_once, receive_once, send_once, send_to_once,
};
use crate::net::family::inet_addr;
use crate::net::lookup_host::resolve_one;
use crate::net::to_socket_addrs::ToSocketAddrs;

impl UdpSocket {
    /// Sends one datagram to the peer named by [`connect`](UdpSocket::connect), waiting until there is room; returns its
    /// length.
    ///
    /// # Errors
    /// `NotConnected` or `DestinationAddressRequired` if no peer was named; `ConnectionRefused` if it refused an earlier
    /// datagram; EMSGSIZE if the datagram is too long; others of `send(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Write, |socket| send_once(socket, buf)).await
    }

    /// Sends one datagram to `target`, waiting until there is room; returns its length.
    ///
    /// A name is resolved first, each time; of several addresses the first of this socket's family is taken.
    ///
    /// # Errors
    /// EMSGSIZE if the datagram is too long; `PermissionDenied` for a broadcast without
    /// [`set_broadcast`](UdpSocket::set_broadcast); the resolver's error for an unknown name; others of `sendto(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has sent nothing.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let is_ipv4 = || self.local_addr().is_ok_and(|addr| addr.is_ipv4());
        let target = SockAddr::from(resolve_one(target.target(), is_ipv4).await?);
        self.registration().async_io(Direction::Write, |socket| send_to_once(socket, buf, &target)).await
    }

    /// Receives one datagram from the peer named by [`connect`](UdpSocket::connect), waiting until there is one; returns
    /// its length. Without a peer it receives from anyone.
    ///
    /// What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` if the peer refused an earlier datagram of ours; others of `recv(2)`.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Read, |socket| receive_once(socket, buf)).await
    }

    /// Receives one datagram, waiting until there is one; returns its length and its sender.
    ///
    /// What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// Those of `recvfrom(2)`.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.registration().async_io(Direction::Read, |socket| receive_from_once(socket, buf));
        from_inet(received.await?)
    }

    /// Like [`recv`](UdpSocket::recv), and leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Read, |socket| peek_once(socket, buf)).await
    }

    /// Like [`recv_from`](UdpSocket::recv_from), and leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.registration().async_io(Direction::Read, |socket| peek_from_once(socket, buf));
        from_inet(received.await?)
    }

    /// [`send`](UdpSocket::send) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send`](UdpSocket::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UdpSocket::send_to) an address, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_to`](UdpSocket::send_to).
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let target = SockAddr::from(target);
        self.registration().try_io(Direction::Write, |socket| send_to_once(socket, buf, &target))
    }

    /// [`recv`](UdpSocket::recv) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv`](UdpSocket::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Read, |socket| receive_once(socket, buf))
    }

    /// [`recv_from`](UdpSocket::recv_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv_from`](UdpSocket::recv_from).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        from_inet(self.registration().try_io(Direction::Read, |socket| receive_from_once(socket, buf))?)
    }

    /// [`peek`](UdpSocket::peek) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`peek`](UdpSocket::peek).
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Read, |socket| peek_once(socket, buf))
    }

    /// [`peek_from`](UdpSocket::peek_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`peek_from`](UdpSocket::peek_from).
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        from_inet(self.registration().try_io(Direction::Read, |socket| peek_from_once(socket, buf))?)
    }

    /// [`send`](UdpSocket::send) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`send`](UdpSocket::send).
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Write, cx, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UdpSocket::send_to) an address, as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`send_to`](UdpSocket::send_to).
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let target = SockAddr::from(target);
        self.registration().poll_io(Direction::Write, cx, |socket| send_to_once(socket, buf, &target))
    }

    /// [`recv`](UdpSocket::recv) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Read, cx, |socket| receive_once(socket, buf))
    }

    /// [`recv_from`](UdpSocket::recv_from) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from).
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let received =
            ready!(self.registration().poll_io(Direction::Read, cx, |socket| receive_from_once(socket, buf)));
        Poll::Ready(from_inet(received?))
    }

    /// [`peek`](UdpSocket::peek) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`peek`](UdpSocket::peek).
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Read, cx, |socket| peek_once(socket, buf))
    }

    /// [`peek_from`](UdpSocket::peek_from) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`peek_from`](UdpSocket::peek_from).
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let received =
            ready!(self.registration().poll_io(Direction::Read, cx, |socket| peek_from_once(socket, buf)));
        Poll::Ready(from_inet(received?))
    }
}

fn from_inet((count, addr): (usize, SockAddr)) -> io::Result<(usize, SocketAddr)> {
    Ok((count, inet_addr(&addr)?))
}
