//! Datagrams of UDP sockets.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::BufMut;

use super::UdpSocket;
use crate::io::ReadBuf;
use crate::net::ToSocketAddrs;
use crate::net::fill::{self, Room};

/// Datagrams from and to the address that the socket is connected to.
impl UdpSocket {
    /// Sends a datagram.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.send(buf).await
    }

    /// [`send`](Self::send) as a poll function.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.inner.poll_send(cx, buf)
    }

    /// Sends a datagram, or returns `WouldBlock`.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_send(buf)
    }

    /// Receives a datagram.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.recv(buf).await
    }

    /// [`recv`](Self::recv) as a poll function.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        fill::poll_into(buf, |room| self.inner.poll_recv(cx, room).map_ok(|count| (count, ())))
    }

    /// Receives a datagram, or returns `WouldBlock`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_recv(buf)
    }

    /// Receives a datagram into the room of `buf`, or returns `WouldBlock`.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = Room::of(buf);
        let count = self.inner.try_recv(room.bytes())?;
        room.advance(count);
        Ok(count)
    }

    /// Receives a datagram into the room of `buf`.
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = Room::of(buf);
        let count = self.inner.recv(room.bytes()).await?;
        room.advance(count);
        Ok(count)
    }

    /// Receives a datagram without taking it.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(buf).await
    }

    /// [`peek`](Self::peek) as a poll function.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        fill::poll_into(buf, |room| self.inner.poll_peek(cx, room).map_ok(|count| (count, ())))
    }

    /// Receives a datagram without taking it, or returns `WouldBlock`.
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_peek(buf)
    }
}

/// Datagrams to and from any address.
impl UdpSocket {
    /// Sends a datagram to the first of the addresses.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        self.inner.send_to(buf, addr).await
    }

    /// [`send_to`](Self::send_to) as a poll function.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_send_to(cx, buf, target)
    }

    /// Sends a datagram, or returns `WouldBlock`.
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.inner.try_send_to(buf, target)
    }

    /// Receives a datagram, and returns its sender.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.recv_from(buf).await
    }

    /// [`recv_from`](Self::recv_from) as a poll function.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        fill::poll_into(buf, |room| self.inner.poll_recv_from(cx, room))
    }

    /// Receives a datagram and its sender, or returns `WouldBlock`.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.try_recv_from(buf)
    }

    /// Receives a datagram into the room of `buf`, or returns `WouldBlock`.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = Room::of(buf);
        let (count, sender) = self.inner.try_recv_from(room.bytes())?;
        room.advance(count);
        Ok((count, sender))
    }

    /// Receives a datagram into the room of `buf`, and returns its sender.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = Room::of(buf);
        let (count, sender) = self.inner.recv_from(room.bytes()).await?;
        room.advance(count);
        Ok((count, sender))
    }

    /// Receives a datagram without taking it, and returns its sender.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.peek_from(buf).await
    }

    /// [`peek_from`](Self::peek_from) as a poll function.
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        fill::poll_into(buf, |room| self.inner.poll_peek_from(cx, room))
    }

    /// Receives a datagram and its sender without taking it, or returns `WouldBlock`.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.try_peek_from(buf)
    }

    /// Waits for a datagram and returns its sender.
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.inner.peek_from(&mut []).await.map(|(_, sender)| sender)
    }

    /// [`peek_sender`](Self::peek_sender) as a poll function.
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.inner.poll_peek_from(cx, &mut []).map_ok(|(_, sender)| sender)
    }

    /// Returns the sender of the next datagram, or `WouldBlock`.
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.inner.try_peek_from(&mut []).map(|(_, sender)| sender)
    }
}
