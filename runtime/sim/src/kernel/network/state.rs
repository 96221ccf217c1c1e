//! The network of a world: all sockets of all hosts, and how packets come from one to another.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::addresses::{Route, route};
use super::faults::LinkFaults;
use super::links::{Link, Links};
use super::names::{Errno, SocketId, Transport};
use super::segment::{Body, Packet, Segment};
use super::socket::Socket;
use crate::kernel::{HostId, KernelEvent, NumberMap};
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
    pub(super) sockets: NumberMap<SocketId, Socket>,
    pub(super) connections: NumberMap<ConnectionKey, SocketId>,
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
    touched: Vec<(SocketId, u32)>,
    /// Empty between two calls: the memory for the segments of one.
    pub(super) segments: Vec<Segment>,
}

impl Network {
    /// A network with one host, the root's.
    pub(crate) fn new() -> Network {
        Network {
            sockets: NumberMap::default(),
            connections: NumberMap::default(),
            ports: BTreeMap::new(),
            names: BTreeMap::new(),
            stale_names: BTreeSet::new(),
            links: Links::default(),
            up: BTreeSet::from([HostId::ROOT]),
            sockets_count: 0,
            connections_count: 0,
            touched: Vec::new(),
            segments: Vec::new(),
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
        self.touched.retain(|(id, _)| sockets.contains_key(id));
    }

    /// Of the faults of links that are drawn, only those with these numbers happen.
    pub(crate) fn leave_faults_out_but(&mut self, happening: Arc<[u64]>) {
        self.links.faults = LinkFaults::new(Some(happening));
    }

    /// How many faults of links were drawn.
    pub(crate) fn faults_count(&self) -> u64 {
        self.links.faults.drawn_count()
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

    /// The sockets that may be ready for more than at the last call, and for what, in the order of
    /// their ids.
    pub(crate) fn take_touched(&mut self) -> Vec<(SocketId, u32)> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable_by_key(|(id, _)| *id);
        touched
    }

    /// Takes the list of a call back, for its memory.
    pub(crate) fn reuse_touched(&mut self, mut touched: Vec<(SocketId, u32)>) {
        touched.clear();
        self.touched = touched;
    }

    pub(super) fn touch(&mut self, id: SocketId, changed: u32) {
        match self.touched.iter_mut().find(|(other, _)| *other == id) {
            Some((_, all)) => *all |= changed,
            None => self.touched.push((id, changed)),
        }
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
}

/// Sends a packet. Segments give the earliest time at which they may arrive, and learn when they
/// do; what is lost does not.
pub(super) fn post(
    links: &mut Links,
    from: HostId,
    (source, target): (SocketAddr, SocketAddr),
    body: Body,
    not_before: u64,
    env: &mut Env<'_>,
) -> Option<u64> {
    let Route::To(to) = route(from, target.ip()) else { return None };
    let (way, size) = ((from, to), body.size());
    let is_datagram = matches!(body, Body::Datagram(_));
    let packet = Packet { from, to, source, target, body };
    if is_datagram {
        for delay in links.carry_datagram(way, size, env.now, env.random) {
            plan_arrival(delay, packet.clone(), env);
        }
        return None;
    }
    let delay = links.carry(way, size, env.now, env.random)?;
    let delay = delay.max(not_before.saturating_sub(env.now));
    plan_arrival(delay, packet, env);
    Some(env.now + delay)
}

fn plan_arrival(delay: u64, packet: Packet, env: &mut Env<'_>) {
    env.plan(delay, KernelEvent::Network(NetworkEvent::Arrival(Box::new(packet))));
}
