//! Sockets of UDP.

use std::net::SocketAddr;

use super::addresses::{Route, may_travel, route, source_for};
use super::names::{CHANGED_ANY, CHANGED_IN, Errno, SocketId, Transport};
use super::segment::{Body, Packet};
use super::socket::Role;
use super::state::{Network, post};
use crate::world::Env;

/// The most bytes of a datagram over IPv4.
const DATAGRAM_BYTES_MAX: usize = 65_507;
impl Network {
    /// Sets, or with `None` takes away, whom a socket sends to and takes datagrams from.
    pub(super) fn connect_udp(
        &mut self,
        id: SocketId,
        target: Option<SocketAddr>,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        let host = self.get(id)?.host;
        if let Some(target) = target {
            if route(host, target.ip()) == Route::Nowhere {
                return Err(libc::ENETUNREACH);
            }
            let source = source_for(host, target.ip());
            self.bind_if_needed(id, source, env)?;
            let socket = self.get_mut(id)?;
            let local = socket.local.ok_or(libc::EINVAL)?;
            if !may_travel(local.ip(), target.ip()) {
                return Err(libc::EINVAL);
            }
            if local.ip().is_unspecified() {
                socket.local = Some(SocketAddr::new(source, local.port()));
            }
        }
        if let Role::Datagrams(queue) = &mut self.get_mut(id)?.role {
            queue.peer = target;
        }
        Ok(())
    }

    /// Sends a datagram, to the peer if no target is named.
    pub(super) fn send_udp(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        target: Option<SocketAddr>,
        env: &mut Env<'_>,
    ) -> Result<usize, Errno> {
        let socket = self.get_mut(id)?;
        let (host, any) = (socket.host, socket.any());
        let Role::Datagrams(queue) = &mut socket.role else { return Err(libc::EINVAL) };
        if queue.is_shut_for_writing() {
            return Err(libc::EPIPE);
        }
        let target = target.or(queue.peer).ok_or(libc::EDESTADDRREQ)?;
        if bytes.len() > DATAGRAM_BYTES_MAX {
            return Err(libc::EMSGSIZE);
        }
        if target.port() == 0 {
            return Err(libc::EINVAL);
        }
        if route(host, target.ip()) == Route::Nowhere {
            return Err(libc::ENETUNREACH);
        }
        if let Some(error) = queue.error.take() {
            return Err(error);
        }
        self.bind_if_needed(id, any, env)?;
        let local = self.get(id)?.local.ok_or(libc::EINVAL)?;
        if !may_travel(local.ip(), target.ip()) {
            return Err(libc::EINVAL);
        }
        let ip = if local.ip().is_unspecified() { source_for(host, target.ip()) } else { local.ip() };
        let source = SocketAddr::new(ip, local.port());
        post(&mut self.links, host, (source, target), Body::Datagram(bytes.to_vec()), 0, env);
        Ok(bytes.len())
    }

    /// A datagram has come to its host. If its socket is full it is lost; if there is none, the
    /// sender hears of it.
    pub(super) fn take_datagram(&mut self, packet: &Packet, bytes: &[u8], env: &mut Env<'_>) {
        let way = (packet.target, packet.source);
        let Some(id) = self.find_bound((packet.to, Transport::Datagram), way, env) else {
            post(&mut self.links, packet.to, way, Body::Unreachable, 0, env);
            return;
        };
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let bytes_max = socket.options.receive_bytes_max;
        let Role::Datagrams(queue) = &mut socket.role else { return };
        if queue.add(packet.source, bytes, bytes_max) {
            self.touch(id, CHANGED_IN);
        }
    }

    /// A datagram came to a port that nobody has. Only a connected socket hears of it.
    pub(super) fn take_unreachable(&mut self, packet: &Packet, env: &mut Env<'_>) {
        let way = (packet.target, packet.source);
        let Some(id) = self.find_bound((packet.to, Transport::Datagram), way, env) else { return };
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        if let Role::Datagrams(queue) = &mut socket.role {
            if queue.peer.is_some() {
                queue.error = Some(libc::ECONNREFUSED);
                self.touch(id, CHANGED_ANY);
            }
        }
    }
}
