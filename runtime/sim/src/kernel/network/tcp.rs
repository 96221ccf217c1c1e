//! Sockets of TCP: what connects them, and what comes to them.

use std::net::SocketAddr;

use super::addresses::{Route, may_travel, route, source_for};
use super::connection::{Connection, Phase, Work};
use super::names::{CHANGED_ANY, CHANGED_IN, Errno, SocketId, Transport};
use super::segment::{Body, Packet, Segment, SegmentKind};
use super::socket::{Listener, Role, Socket};
use super::state::{ConnectionKey, Network, NetworkEvent, post};
use crate::kernel::KernelEvent;
use crate::world::Env;

/// How many connections wait for `accept`, at most.
const BACKLOG_MAX: usize = 4_096;

impl Network {
    /// Makes a socket a listener, or changes the backlog of one.
    pub(super) fn listen_tcp(
        &mut self,
        id: SocketId,
        backlog: usize,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        let backlog = backlog.min(BACKLOG_MAX);
        let socket = self.get_mut(id)?;
        if let Some(listener) = socket.listener_mut() {
            listener.backlog = backlog;
            return Ok(());
        }
        if !matches!(socket.role, Role::Idle) {
            return Err(libc::EINVAL);
        }
        let any = socket.any();
        self.bind_if_needed(id, any, env)?;
        let local = self.get(id)?.local.ok_or(libc::EINVAL)?;
        if self.has_other_listener(id, local) {
            return Err(libc::EADDRINUSE);
        }
        self.get_mut(id)?.role = Role::Listener(Listener::new(backlog));
        self.touch(id, CHANGED_ANY);
        Ok(())
    }

    /// Takes a connection from a listener.
    pub(super) fn accept_tcp(&mut self, id: SocketId) -> Result<SocketId, Errno> {
        let listener = self.get_mut(id)?.listener_mut().ok_or(libc::EINVAL)?;
        let accepted = listener.ready.pop_front().ok_or(libc::EAGAIN)?;
        let socket = self.get_mut(accepted)?;
        socket.listener = None;
        socket.is_connect_reported = true;
        Ok(accepted)
    }

    /// Asks for a connection, or learns what came of it. `EINPROGRESS` and `EALREADY`: it is not
    /// decided yet.
    pub(super) fn connect_tcp(
        &mut self,
        id: SocketId,
        target: SocketAddr,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        let socket = self.get_mut(id)?;
        let is_reported = std::mem::replace(&mut socket.is_connect_reported, true);
        match &mut socket.role {
            Role::Idle => {}
            Role::Connection(connection) => match connection.phase {
                Phase::Asking | Phase::Accepting => {
                    socket.is_connect_reported = false;
                    return Err(libc::EALREADY);
                }
                Phase::Open if is_reported => return Err(libc::EISCONN),
                Phase::Open => return Ok(()),
                Phase::Dead => {
                    if let Some(error) = connection.error.take() {
                        return Err(error);
                    }
                }
            },
            _ => return Err(libc::EISCONN),
        }
        socket.is_connect_reported = false;
        self.ask_for(id, target, env)?;
        Err(libc::EINPROGRESS)
    }

    fn ask_for(&mut self, id: SocketId, target: SocketAddr, env: &mut Env<'_>) -> Result<(), Errno> {
        let socket = self.get(id)?;
        let host = socket.host;
        if route(host, target.ip()) == Route::Nowhere {
            return Err(libc::ENETUNREACH);
        }
        let source = source_for(host, target.ip());
        let local = match socket.local {
            None => {
                self.bind_if_needed(id, source, env)?;
                self.get(id)?.local.ok_or(libc::EINVAL)?
            }
            Some(local) if !may_travel(local.ip(), target.ip()) => return Err(libc::EINVAL),
            Some(local) if local.ip().is_unspecified() => SocketAddr::new(source, local.port()),
            Some(local) => local,
        };
        let key = (host, local, target);
        if self.connections.contains_key(&key) {
            return Err(libc::EADDRNOTAVAIL);
        }
        let number = self.number_connection();
        let mut work = work(std::mem::take(&mut self.segments), env);
        let socket = self.get_mut(id)?;
        socket.local = Some(local);
        let connection = Connection::ask(number, target, socket.options.limits(), &mut work);
        let outcome = (work.segments, work.changed);
        socket.role = Role::Connection(Box::new(connection));
        self.connections.insert(key, id);
        self.conclude(id, outcome, env);
        Ok(())
    }

    /// Does something with a connection, and then what follows from it.
    pub(super) fn with_connection<R>(
        &mut self,
        id: SocketId,
        env: &mut Env<'_>,
        f: impl FnOnce(&mut Connection, &mut Work<'_>) -> R,
    ) -> Option<R> {
        let socket = self.sockets.get_mut(&id)?;
        let planned_at = socket.planned_at;
        let connection = socket.connection_mut()?;
        let mut work = work(std::mem::take(&mut self.segments), env);
        let answer = f(connection, &mut work);
        let is_silent = work.segments.is_empty() && work.changed == 0;
        let outcome = (work.segments, work.changed);
        if is_silent && connection.phase != Phase::Dead && !needs_timer(connection, planned_at) {
            self.segments = outcome.0;
        } else {
            self.conclude(id, outcome, env);
        }
        Some(answer)
    }

    /// Sends the segments of a connection, plans its timer, and buries it if it is dead.
    fn conclude(&mut self, id: SocketId, (mut segments, changed): (Vec<Segment>, u32), env: &mut Env<'_>) {
        if changed != 0 {
            self.touch(id, changed);
        }
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let (host, Some(local)) = (socket.host, socket.local) else { return };
        let Role::Connection(connection) = &mut socket.role else { return };
        let remote = connection.remote;
        for segment in segments.drain(..) {
            let body = Body::Segment(segment);
            let sent = post(&mut self.links, host, (local, remote), body, connection.arrives_at, env);
            connection.arrives_at = sent.unwrap_or(connection.arrives_at);
        }
        self.segments = segments;
        if connection.phase == Phase::Dead {
            return self.bury(id, (host, local, remote));
        }
        let Some(deadline) = connection.deadline() else { return };
        if needs_timer(connection, socket.planned_at) {
            socket.planned_at = Some(deadline);
            let timer = KernelEvent::Network(NetworkEvent::Timer(id));
            env.plan(deadline.saturating_sub(env.now), timer);
        }
    }

    /// A connection is dead: nothing that comes is for it. Nobody but its program has it any more.
    fn bury(&mut self, id: SocketId, key: ConnectionKey) {
        if self.connections.get(&key) == Some(&id) {
            self.connections.remove(&key);
        }
        let Some(socket) = self.sockets.get(&id) else { return };
        let listener = socket.listener.and_then(|listener| self.sockets.get_mut(&listener));
        let was_opening =
            listener.and_then(Socket::listener_mut).is_some_and(|listener| listener.opening.remove(&id));
        if was_opening || !self.sockets[&id].is_owned() {
            self.remove(id);
        }
    }

    /// The timer of a connection may be due.
    pub(super) fn time_out(&mut self, id: SocketId, env: &mut Env<'_>) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        if socket.planned_at.is_some_and(|planned_at| planned_at <= env.now) {
            socket.planned_at = None;
        }
        let now = env.now;
        self.with_connection(id, env, |connection, work| {
            if connection.deadline().is_some_and(|deadline| deadline <= now) {
                connection.time_out(work);
            }
        });
    }

    /// A segment has come to its host.
    pub(super) fn take_segment(&mut self, packet: &Packet, segment: &Segment, env: &mut Env<'_>) {
        let key = (packet.to, packet.target, packet.source);
        if let Some(id) = self.connections.get(&key).copied() {
            let socket = &self.sockets[&id];
            if socket.connection().is_some_and(|connection| connection.number == segment.connection) {
                return self.take_own_segment((id, socket.listener), segment, env);
            }
            if segment.kind != SegmentKind::Open {
                return self.refuse(packet, segment, env);
            }
            // The peer has lost the connection, and asks for another one from the same port.
            self.with_connection(id, env, |connection, work| connection.fail(libc::ECONNRESET, work));
        }
        let way = (packet.target, packet.source);
        match self.find_bound((packet.to, Transport::Stream), way, env) {
            Some(listener) if segment.kind == SegmentKind::Open => {
                self.take_request(listener, packet, segment, env);
            }
            _ => self.refuse(packet, segment, env),
        }
    }

    /// A segment of a connection, which may be in the queue of a listener.
    fn take_own_segment(
        &mut self,
        (id, listener): (SocketId, Option<SocketId>),
        segment: &Segment,
        env: &mut Env<'_>,
    ) {
        let is_open = self.with_connection(id, env, |connection, work| {
            let was_open = connection.is_connected();
            connection.take(segment, work);
            !was_open && connection.is_connected()
        });
        let Some(listener_id) = listener.filter(|_| is_open == Some(true)) else { return };
        let listener = self.sockets.get_mut(&listener_id).and_then(Socket::listener_mut);
        let Some(listener) = listener else { return };
        listener.opening.remove(&id);
        listener.ready.push_back(id);
        self.touch(listener_id, CHANGED_IN);
    }

    /// Somebody asks a listener for a connection. A full one does not answer.
    fn take_request(&mut self, id: SocketId, packet: &Packet, segment: &Segment, env: &mut Env<'_>) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let Role::Listener(listener) = &socket.role else { return };
        if listener.is_full() {
            return;
        }
        let mut accepted = Socket::new(socket.host, socket.family, Transport::Stream);
        accepted.options = socket.options.clone();
        accepted.local = Some(packet.target);
        accepted.listener = Some(id);
        let mut work = work(std::mem::take(&mut self.segments), env);
        let connection = Connection::accept(segment, packet.source, accepted.options.limits(), &mut work);
        let outcome = (work.segments, work.changed);
        accepted.role = Role::Connection(Box::new(connection));
        let accepted = self.add(accepted);
        self.connections.insert((packet.to, packet.target, packet.source), accepted);
        if let Some(listener) = self.sockets.get_mut(&id).and_then(Socket::listener_mut) {
            listener.opening.insert(accepted);
        }
        self.conclude(accepted, outcome, env);
    }

    /// Answers that there is no such connection.
    fn refuse(&mut self, packet: &Packet, segment: &Segment, env: &mut Env<'_>) {
        if segment.kind == SegmentKind::Reset {
            return;
        }
        let reset = Segment {
            connection: segment.connection,
            kind: SegmentKind::Reset,
            place: segment.acknowledged,
            bytes: Vec::new(),
            is_end: false,
            acknowledged: 0,
            window: 0,
        };
        post(&mut self.links, packet.to, (packet.target, packet.source), Body::Segment(reset), 0, env);
    }

    /// A listener does not listen any more: those that wait in its queue are reset.
    pub(super) fn abandon(&mut self, listener: Listener, env: &mut Env<'_>) {
        for id in listener.opening.into_iter().chain(listener.ready) {
            if let Ok(socket) = self.get_mut(id) {
                socket.listener = None;
            }
            self.with_connection(id, env, |connection, work| connection.close(true, work));
            self.remove(id);
        }
    }

    /// Forgets a socket of IP.
    pub(super) fn remove(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.remove(&id) {
            self.release_port(id, &socket);
        }
    }
}

/// Whether the queue of events mentions the socket too late for its timer.
fn needs_timer(connection: &Connection, planned_at: Option<u64>) -> bool {
    let is_late = |deadline| planned_at.is_none_or(|planned_at| planned_at > deadline);
    connection.deadline().is_some_and(is_late)
}

/// `segments`: an empty list, whose memory is used.
fn work<'a>(segments: Vec<Segment>, env: &'a mut Env<'_>) -> Work<'a> {
    Work { now: env.now, random: env.random, segments, changed: 0 }
}
