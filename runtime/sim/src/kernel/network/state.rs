//! The network of a world: all sockets of all hosts, and how packets come from one to another.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::addresses::{Route, route};
use super::links::{Link, Links};
use super::names::{Errno, SocketId, Transport};
use super::segment::{Body, Packet};
use super::socket::Socket;
use crate::kernel::{HostId, KernelEvent};
use crate::world::Env;

/// Something that happens in the network at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetworkEvent {
    /// A packet comes to its host.
    Arrival(Box<Packet>),
    /// The timer of a connection may be due.
    Timer(SocketId),
}

/// A connection as its host finds it: the host, the address there, the peer's.
pub(super) type ConnectionKey = (HostId, SocketAddr, SocketAddr);

/// The network of a world.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) sockets: BTreeMap<SocketId, Socket>,
    pub(super) connections: BTreeMap<ConnectionKey, SocketId>,
    /// The sockets that are bound to a port, but for those that `accept` returned.
    pub(super) ports: BTreeMap<(HostId, Transport, u16), Vec<SocketId>>,
    /// The sockets that have a path, or an abstract name.
    pub(super) names: BTreeMap<(HostId, Vec<u8>), SocketId>,
    /// Paths that a closed socket had: nobody answers there.
    pub(super) stale_names: BTreeSet<(HostId, Vec<u8>)>,
    pub(super) links: Links,
    /// Hosts that run. Packets to others vanish.
    up: BTreeSet<HostId>,
    sockets_count: u32,
    connections_count: u64,
    /// Sockets whose readiness may have changed since `take_touched`.
    touched: BTreeMap<SocketId, u32>,
}

impl Network {
    /// A network with one host, the root's.
    pub(crate) fn new() -> Network {
        Network {
            sockets: BTreeMap::new(),
            connections: BTreeMap::new(),
            ports: BTreeMap::new(),
            names: BTreeMap::new(),
            stale_names: BTreeSet::new(),
            links: Links::default(),
            up: BTreeSet::from([HostId::ROOT]),
            sockets_count: 0,
            connections_count: 0,
            touched: BTreeMap::new(),
        }
    }

    /// A host begins to run, for the first time or after a crash.
    pub(crate) fn boot(&mut self, host: HostId) {
        self.up.insert(host);
    }

    pub(super) fn is_up(&self, host: HostId) -> bool {
        self.up.contains(&host)
    }

    /// A host is down: packets to it vanish until `boot`, and its sockets are gone.
    pub(crate) fn crash(&mut self, host: HostId) {
        self.up.remove(&host);
        self.sockets.retain(|_, socket| socket.host != host);
        self.connections.retain(|(of, ..), _| *of != host);
        self.ports.retain(|(of, ..), _| *of != host);
        let names: Vec<_> = self.names.keys().filter(|(of, _)| *of == host).cloned().collect();
        names.into_iter().for_each(|name| self.leave_name(name));
        let sockets = &self.sockets;
        self.touched.retain(|id, _| sockets.contains_key(id));
    }

    /// Sets how packets travel from one host to another.
    pub(crate) fn set_link(&mut self, from: HostId, to: HostId, link: Link) {
        self.links.set(from, to, link);
    }

    /// From now on packets from one host to another vanish, also those that are under way.
    pub(crate) fn cut(&mut self, from: HostId, to: HostId) {
        self.links.cut(from, to);
    }

    /// Takes that back.
    pub(crate) fn heal(&mut self, from: HostId, to: HostId) {
        self.links.heal(from, to);
    }

    /// The sockets that may be ready for more than at the last call, and for what.
    pub(crate) fn take_touched(&mut self) -> BTreeMap<SocketId, u32> {
        std::mem::take(&mut self.touched)
    }

    pub(super) fn touch(&mut self, id: SocketId, changed: u32) {
        *self.touched.entry(id).or_default() |= changed;
    }

    pub(super) fn add(&mut self, socket: Socket) -> SocketId {
        self.sockets_count += 1;
        let id = SocketId(self.sockets_count);
        self.sockets.insert(id, socket);
        id
    }

    /// A number that no connection has had.
    pub(super) fn number_connection(&mut self) -> u64 {
        self.connections_count += 1;
        self.connections_count
    }

    pub(super) fn get(&self, id: SocketId) -> Result<&Socket, Errno> {
        self.sockets.get(&id).ok_or(libc::EBADF)
    }

    pub(super) fn get_mut(&mut self, id: SocketId) -> Result<&mut Socket, Errno> {
        self.sockets.get_mut(&id).ok_or(libc::EBADF)
    }

    /// Sends a packet. Streams give the earliest time at which it may arrive, and learn when it
    /// does; what is lost does not.
    pub(super) fn post(
        &mut self,
        from: HostId,
        (source, target): (SocketAddr, SocketAddr),
        body: Body,
        not_before: u64,
        env: &mut Env<'_>,
    ) -> Option<u64> {
        let Route::To(to) = route(from, target.ip()) else { return None };
        let (way, size) = ((from, to), body.size());
        let delays = match body {
            Body::Datagram(_) => self.links.carry_datagram(way, size, env.now, env.random),
            _ => self.links.carry(way, size, env.now, env.random).into_iter().collect(),
        };
        let packet = Packet { from, to, source, target, body };
        let mut arrives_at = None;
        for delay in delays {
            let delay = delay.max(not_before.saturating_sub(env.now));
            arrives_at = Some(env.now + delay);
            let arrival = NetworkEvent::Arrival(Box::new(packet.clone()));
            env.plan(delay, KernelEvent::Network(arrival));
        }
        arrives_at
    }
}
