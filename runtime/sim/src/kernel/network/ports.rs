//! Who is bound to which port.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use super::addresses::is_local;
use super::names::{Errno, Family, SocketId, Transport};
use super::socket::{Role, Socket};
use super::state::Network;
use crate::kernel::HostId;
use crate::world::Env;

/// The ports that sockets get which ask for none.
const EPHEMERAL: RangeInclusive<u16> = 32_768..=60_999;

impl Network {
    /// Binds a socket of IP to an address. Port 0: to any that is free.
    pub(super) fn bind_port(
        &mut self,
        id: SocketId,
        address: SocketAddr,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        let socket = self.get(id)?;
        if socket.local.is_some() || !matches!(socket.role, Role::Idle | Role::Datagrams(_)) {
            return Err(libc::EINVAL);
        }
        if !is_local(socket.host, address.ip()) {
            return Err(libc::EADDRNOTAVAIL);
        }
        let address = match address.port() {
            0 => self.free_port(id, address.ip(), env)?,
            _ if self.is_taken(id, address) => return Err(libc::EADDRINUSE),
            _ => address,
        };
        self.take_port(id, address)
    }

    fn take_port(&mut self, id: SocketId, address: SocketAddr) -> Result<(), Errno> {
        let socket = self.get_mut(id)?;
        socket.local = Some(address);
        let key = (socket.host, socket.transport, address.port());
        self.ports.entry(key).or_default().push(id);
        Ok(())
    }

    /// Gives a socket that sends or listens a port, if it has none.
    pub(super) fn bind_if_needed(
        &mut self,
        id: SocketId,
        ip: IpAddr,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        if self.get(id)?.local.is_some() {
            return Ok(());
        }
        let address = self.free_port(id, ip, env)?;
        self.take_port(id, address)
    }

    fn free_port(&self, id: SocketId, ip: IpAddr, env: &mut Env<'_>) -> Result<SocketAddr, Errno> {
        let count = EPHEMERAL.end() - EPHEMERAL.start() + 1;
        let start = env.random.u16(..count);
        let ports = (0..count).map(|step| EPHEMERAL.start() + (start + step) % count);
        let mut addresses = ports.map(|port| SocketAddr::new(ip, port));
        let is_free = |address: &SocketAddr| !self.is_used(id, *address, |_, _| false);
        addresses.find(is_free).ok_or(libc::EADDRINUSE)
    }

    /// Whether another socket has the address, so that this one must not.
    fn is_taken(&self, id: SocketId, address: SocketAddr) -> bool {
        self.is_used(id, address, may_share)
    }

    /// Whether two sockets that both listen would have the address.
    pub(super) fn has_other_listener(&self, id: SocketId, address: SocketAddr) -> bool {
        let may_share = |one: &Socket, other: &Socket| {
            !matches!(other.role, Role::Listener(_)) || one.options.reuses_port && other.options.reuses_port
        };
        self.is_used(id, address, may_share)
    }

    fn is_used(
        &self,
        id: SocketId,
        address: SocketAddr,
        may_share: impl Fn(&Socket, &Socket) -> bool,
    ) -> bool {
        let Some(socket) = self.sockets.get(&id) else { return false };
        let is_rival = |(other_id, other): &(&SocketId, &Socket)| {
            **other_id != id
                && other.host == socket.host
                && other.transport == socket.transport
                && other.is_owned()
                && other.local.is_some_and(|local| local.port() == address.port())
        };
        let collides = |other: &Socket| {
            let local = other.local.expect("a rival has an address");
            overlap((socket, address.ip()), (other, local.ip())) && !may_share(socket, other)
        };
        self.sockets.iter().filter(is_rival).any(|(_, other)| collides(other))
    }

    /// The socket that takes what is sent to an address by this peer.
    pub(super) fn find_bound(
        &self,
        (host, transport): (HostId, Transport),
        (target, source): (SocketAddr, SocketAddr),
        env: &mut Env<'_>,
    ) -> Option<SocketId> {
        let ids = self.ports.get(&(host, transport, target.port()))?;
        let score = |id: &SocketId| self.score(*id, target, source).map(|score| (score, *id));
        let scored: Vec<(u32, SocketId)> = ids.iter().filter_map(score).collect();
        let best = scored.iter().map(|(score, _)| *score).max()?;
        let candidates: Vec<SocketId> =
            scored.iter().filter(|(score, _)| *score == best).map(|(_, id)| *id).collect();
        match candidates[..] {
            [only] => Some(only),
            _ => Some(candidates[env.random.usize(..candidates.len())]),
        }
    }

    /// How well a socket fits. `None`: not at all.
    fn score(&self, id: SocketId, target: SocketAddr, source: SocketAddr) -> Option<u32> {
        let socket = self.sockets.get(&id)?;
        let peer = match &socket.role {
            Role::Listener(_) => None,
            Role::Datagrams(queue) => queue.peer,
            _ => return None,
        };
        if peer.is_some_and(|peer| peer != source) {
            return None;
        }
        let local = socket.local?.ip();
        let is_own = local == target.ip();
        let is_for_all = local.is_unspecified() && reaches(socket, local, target.ip());
        (is_own || is_for_all).then(|| u32::from(peer.is_some()) * 2 + u32::from(is_own))
    }

    /// The socket's port is free again.
    pub(super) fn release_port(&mut self, id: SocketId, socket: &Socket) {
        let Some(local) = socket.local else { return };
        let key = (socket.host, socket.transport, local.port());
        if let Some(ids) = self.ports.get_mut(&key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.ports.remove(&key);
            }
        }
    }
}

/// Whether both may be bound to one address.
fn may_share(one: &Socket, other: &Socket) -> bool {
    let listens = matches!(other.role, Role::Listener(_));
    let both_reuse = one.options.reuses_address && other.options.reuses_address && !listens;
    both_reuse || one.options.reuses_port && other.options.reuses_port
}

/// Whether an address that stands for all of a socket's stands for this one.
fn reaches(socket: &Socket, wildcard: IpAddr, ip: IpAddr) -> bool {
    let has_both = socket.family == Family::Inet6 && wildcard.is_ipv6() && !socket.options.is_v6_only;
    has_both || wildcard.is_ipv4() == ip.is_ipv4()
}

fn overlap((one, ip): (&Socket, IpAddr), (other, other_ip): (&Socket, IpAddr)) -> bool {
    ip == other_ip
        || ip.is_unspecified() && reaches(one, ip, other_ip)
        || other_ip.is_unspecified() && reaches(other, other_ip, ip)
}
