//! The calls of programs on sockets. None waits: `EAGAIN` says that it would.

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::addresses::{mapped, plain, target};
use super::names::{CHANGED_ANY, Errno, Family, SocketId, SocketName, Transport};
use super::segment::Body;
use super::socket::{Role, Socket};
use super::state::{Network, NetworkEvent};
use crate::kernel::{HostId, ObjectId, Room};
use crate::world::Env;

/// What a receiving call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// How many bytes there were. Of a datagram they may be more than there was room for.
    pub(crate) length: usize,
    /// The sender of a datagram.
    pub(crate) sender: Option<SocketName>,
}

impl Socket {
    /// The address of all that the socket's family has.
    pub(super) fn any(&self) -> IpAddr {
        match self.family {
            Family::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
            Family::Inet | Family::Unix => Ipv4Addr::UNSPECIFIED.into(),
        }
    }

    /// An address inside as the program of this socket sees it.
    fn show(&self, address: SocketAddr) -> SocketName {
        SocketName::Inet(if self.family == Family::Inet6 { mapped(address) } else { address })
    }

    /// Checks that an address is one of the socket's family.
    fn check(&self, address: SocketAddr) -> Result<SocketAddr, Errno> {
        match (self.family, address) {
            (Family::Inet, SocketAddr::V4(_)) => Ok(address),
            (Family::Inet6, SocketAddr::V6(_)) if self.options.is_v6_only && plain(address).is_ipv4() => {
                Err(libc::ENETUNREACH)
            }
            (Family::Inet6, SocketAddr::V6(_)) => Ok(address),
            _ => Err(libc::EAFNOSUPPORT),
        }
    }
}

impl Network {
    pub(crate) fn open(&mut self, host: HostId, family: Family, transport: Transport) -> SocketId {
        self.add(Socket::new(host, family, transport))
    }

    pub(crate) fn bind(&mut self, id: SocketId, name: SocketName, env: &mut Env<'_>) -> Result<(), Errno> {
        match (name, self.get(id)?) {
            (SocketName::Unix(path), socket) if socket.family == Family::Unix => self.bind_local(id, path),
            (SocketName::Inet(address), socket) if socket.family != Family::Unix => {
                let address = plain(socket.check(address)?);
                self.bind_port(id, address, env)
            }
            _ => Err(libc::EINVAL),
        }
    }

    pub(crate) fn listen(&mut self, id: SocketId, backlog: c_int, env: &mut Env<'_>) -> Result<(), Errno> {
        let backlog = usize::try_from(backlog).unwrap_or(usize::MAX);
        match self.get(id)?.role {
            Role::Local(_) => self.listen_local(id, backlog),
            Role::Datagrams(_) => Err(libc::EOPNOTSUPP),
            _ => self.listen_tcp(id, backlog, env),
        }
    }

    pub(crate) fn accept(&mut self, id: SocketId) -> Result<SocketId, Errno> {
        match self.get(id)?.role {
            Role::Local(_) => self.accept_local(id),
            Role::Datagrams(_) => Err(libc::EOPNOTSUPP),
            _ => self.accept_tcp(id),
        }
    }

    /// Connects a socket; without a name a socket of UDP is for all again. A blocking call waits
    /// after `EINPROGRESS`, `EALREADY` and `EAGAIN`, and calls again.
    pub(crate) fn connect(
        &mut self,
        id: SocketId,
        name: Option<SocketName>,
        env: &mut Env<'_>,
    ) -> Result<(), Errno> {
        let socket = self.get(id)?;
        match (name, &socket.role) {
            (Some(SocketName::Unix(path)), Role::Local(_)) => self.connect_local(id, &path),
            (None, Role::Datagrams(_)) => self.connect_udp(id, None, env),
            (Some(SocketName::Inet(address)), Role::Datagrams(_)) => {
                let address = target(socket.check(address)?);
                self.connect_udp(id, Some(address), env)
            }
            (Some(SocketName::Inet(address)), Role::Idle | Role::Connection(_) | Role::Listener(_)) => {
                let address = target(socket.check(address)?);
                self.connect_tcp(id, address, env)
            }
            _ => Err(libc::EINVAL),
        }
    }

    /// Sends bytes, as many as there is room for, or one datagram. With `may_be_short` a stream may
    /// take fewer than it could.
    pub(crate) fn send(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        name: Option<SocketName>,
        may_be_short: bool,
        env: &mut Env<'_>,
    ) -> Result<usize, Errno> {
        let socket = self.get(id)?;
        match (&socket.role, name) {
            (Role::Connection(_), _) => self
                .with_connection(id, env, |connection, work| connection.send(bytes, may_be_short, work))
                .unwrap_or(Err(libc::EBADF)),
            (Role::Idle | Role::Listener(_), _) => Err(libc::EPIPE),
            (Role::Datagrams(_), None) => self.send_udp(id, bytes, None, env),
            (Role::Datagrams(_), Some(SocketName::Inet(address))) => {
                let address = target(socket.check(address)?);
                self.send_udp(id, bytes, Some(address), env)
            }
            (Role::Local(local), Some(_)) if socket.transport == Transport::Stream => {
                Err(if local.is_connected { libc::EISCONN } else { libc::EOPNOTSUPP })
            }
            (Role::Local(_), Some(SocketName::Unix(path))) => self.send_local(id, bytes, Some(&path)),
            (Role::Local(_), None) => self.send_local(id, bytes, None),
            _ => Err(libc::EAFNOSUPPORT),
        }
    }

    /// Receives what is there, or looks at it. A stream that has ended has nothing: 0.
    pub(crate) fn receive(
        &mut self,
        id: SocketId,
        room: &mut Room<'_>,
        is_peek: bool,
        env: &mut Env<'_>,
    ) -> Result<Received, Errno> {
        let socket = self.get_mut(id)?;
        match &mut socket.role {
            Role::Idle | Role::Listener(_) => Err(libc::ENOTCONN),
            Role::Connection(_) => {
                let received =
                    self.with_connection(id, env, |connection, work| connection.receive(room, is_peek, work));
                Ok(Received { length: received.unwrap_or(Err(libc::EBADF))?, sender: None })
            }
            Role::Datagrams(queue) => {
                let (length, sender) = queue.receive(room, is_peek)?;
                Ok(Received { length, sender: sender.map(|sender| socket.show(sender)) })
            }
            Role::Local(_) => {
                let (length, sender) = self.receive_local(id, room, is_peek)?;
                Ok(Received { length, sender: sender.map(SocketName::Unix) })
            }
        }
    }

    /// How many bytes the next call can read.
    pub(crate) fn readable_count(&self, id: SocketId) -> usize {
        match self.sockets.get(&id).map(|socket| &socket.role) {
            Some(Role::Connection(connection)) => connection.readable_count(),
            Some(Role::Datagrams(queue)) => queue.readable_count(),
            Some(Role::Local(local)) => local.readable_count(),
            Some(Role::Idle | Role::Listener(_)) | None => 0,
        }
    }

    /// Ends a direction, or both.
    pub(crate) fn shutdown(&mut self, id: SocketId, how: c_int, env: &mut Env<'_>) -> Result<(), Errno> {
        let (reading, writing) = match how {
            libc::SHUT_RD => (true, false),
            libc::SHUT_WR => (false, true),
            libc::SHUT_RDWR => (true, true),
            _ => return Err(libc::EINVAL),
        };
        let socket = self.get_mut(id)?;
        match &mut socket.role {
            Role::Idle => Err(libc::ENOTCONN),
            Role::Listener(_) if !reading => Ok(()),
            Role::Listener(_) => {
                let role = std::mem::replace(&mut socket.role, Role::Idle);
                self.touch(id, CHANGED_ANY);
                if let Role::Listener(listener) = role {
                    self.abandon(listener, env);
                }
                Ok(())
            }
            Role::Connection(connection) if !connection.is_connected() => Err(libc::ENOTCONN),
            Role::Connection(_) => {
                self.with_connection(id, env, |connection, work| connection.shut(reading, writing, work));
                Ok(())
            }
            Role::Datagrams(queue) => {
                queue.shut(reading, writing)?;
                self.touch(id, CHANGED_ANY);
                Ok(())
            }
            Role::Local(_) => self.shut_local(id, reading, writing),
        }
    }

    /// The last descriptor of a socket is closed. What was sent still arrives.
    pub(crate) fn close(&mut self, id: SocketId, env: &mut Env<'_>) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let is_abrupt = socket.options.lingers == Some(0);
        match &mut socket.role {
            Role::Local(_) => self.close_local(id),
            Role::Idle | Role::Datagrams(_) => self.remove(id),
            Role::Listener(_) => {
                let role = std::mem::replace(&mut socket.role, Role::Idle);
                self.remove(id);
                if let Role::Listener(listener) = role {
                    self.abandon(listener, env);
                }
            }
            Role::Connection(_) => {
                self.with_connection(id, env, |connection, work| connection.close(is_abrupt, work));
            }
        }
    }

    /// The address of a socket.
    pub(crate) fn name(&self, id: SocketId) -> Result<SocketName, Errno> {
        let socket = self.get(id)?;
        Ok(match (&socket.role, socket.local) {
            (Role::Local(local), _) => SocketName::Unix(local.name.clone()),
            (_, Some(local)) => socket.show(local),
            (_, None) => socket.show(SocketAddr::new(socket.any(), 0)),
        })
    }

    /// The address of the peer.
    pub(crate) fn peer_name(&self, id: SocketId) -> Result<SocketName, Errno> {
        let socket = self.get(id)?;
        let name = match &socket.role {
            Role::Connection(connection) if connection.is_connected() => Some(socket.show(connection.remote)),
            Role::Datagrams(queue) => queue.peer.map(|peer| socket.show(peer)),
            Role::Local(local) => local.peer_name().map(SocketName::Unix),
            _ => None,
        };
        name.ok_or(libc::ENOTCONN)
    }

    /// From whom an accepted connection is. `None`: it was reset, and has no peer any more.
    pub(crate) fn accepted_from(&self, id: SocketId) -> Option<SocketName> {
        let socket = self.sockets.get(&id)?;
        match &socket.role {
            Role::Connection(connection) => Some(socket.show(connection.remote)),
            Role::Local(local) => local.peer_name().map(SocketName::Unix),
            _ => None,
        }
    }

    /// Sets the object of a socket.
    pub(crate) fn set_object(&mut self, id: SocketId, object: ObjectId) {
        if let Ok(socket) = self.get_mut(id) {
            socket.object = Some(object);
        }
    }

    /// The object of a socket, if it has descriptors.
    pub(crate) fn object_of(&self, id: SocketId) -> Option<ObjectId> {
        self.sockets.get(&id)?.object
    }

    /// What an epoll instance would report of a socket.
    pub(crate) fn readiness(&self, id: SocketId) -> u32 {
        match self.sockets.get(&id).map(|socket| &socket.role) {
            Some(Role::Idle) => (libc::EPOLLOUT | libc::EPOLLWRNORM | libc::EPOLLHUP) as u32,
            Some(Role::Listener(listener)) if listener.ready.is_empty() => 0,
            Some(Role::Listener(_)) => (libc::EPOLLIN | libc::EPOLLRDNORM) as u32,
            Some(Role::Connection(connection)) => connection.readiness(),
            Some(Role::Datagrams(queue)) => queue.readiness(),
            Some(Role::Local(_)) => self.local_readiness(id),
            None => 0,
        }
    }

    pub(crate) fn set_option(
        &mut self,
        id: SocketId,
        (level, name): (c_int, c_int),
        value: &[u8],
    ) -> Result<(), Errno> {
        let socket = self.get_mut(id)?;
        if !has_level(socket, level) {
            let is_unix = socket.family == Family::Unix;
            return Err(if is_unix { libc::EOPNOTSUPP } else { libc::ENOPROTOOPT });
        }
        socket.options.set(level, name, value)?;
        let limits = socket.options.limits();
        if let Some(connection) = socket.connection_mut() {
            connection.set_limits(limits);
        }
        Ok(())
    }

    pub(crate) fn option(&mut self, id: SocketId, level: c_int, name: c_int) -> Result<Vec<u8>, Errno> {
        let socket = self.get_mut(id)?;
        let value = match (level, name) {
            (libc::SOL_SOCKET, libc::SO_ERROR) => {
                let error = match &mut socket.role {
                    Role::Connection(connection) => connection.error.take(),
                    Role::Datagrams(queue) => queue.error.take(),
                    Role::Local(local) => local.error.take(),
                    Role::Idle | Role::Listener(_) => None,
                };
                error.unwrap_or(0)
            }
            (libc::SOL_SOCKET, libc::SO_TYPE) => match socket.transport {
                Transport::Stream => libc::SOCK_STREAM,
                Transport::Datagram => libc::SOCK_DGRAM,
            },
            (libc::SOL_SOCKET, libc::SO_DOMAIN) => match socket.family {
                Family::Inet => libc::AF_INET,
                Family::Inet6 => libc::AF_INET6,
                Family::Unix => libc::AF_UNIX,
            },
            (libc::SOL_SOCKET, libc::SO_PROTOCOL) => match (socket.family, socket.transport) {
                (Family::Unix, _) => 0,
                (_, Transport::Stream) => libc::IPPROTO_TCP,
                (_, Transport::Datagram) => libc::IPPROTO_UDP,
            },
            (libc::SOL_SOCKET, libc::SO_ACCEPTCONN) => match &socket.role {
                Role::Local(local) => c_int::from(local.is_listening()),
                role => c_int::from(matches!(role, Role::Listener(_))),
            },
            _ if !has_level(socket, level) => return Err(libc::EOPNOTSUPP),
            _ => return socket.options.get(level, name),
        };
        Ok(value.to_ne_bytes().to_vec())
    }

    /// How long calls on the socket wait, in nanoseconds: for receiving, and for sending.
    pub(crate) fn timeouts(&self, id: SocketId) -> (Option<u64>, Option<u64>) {
        let options = self.sockets.get(&id).map(|socket| &socket.options);
        options.map_or((None, None), |options| (options.receive_timeout, options.send_timeout))
    }

    /// Lets an event happen whose time has come.
    pub(crate) fn happen(&mut self, event: NetworkEvent, env: &mut Env<'_>) {
        let packet = match event {
            NetworkEvent::Timer(id) => return self.time_out(id, env),
            NetworkEvent::Arrival(packet) => packet,
        };
        if self.links.is_cut(packet.from, packet.to) || !self.is_up(packet.to) {
            return;
        }
        match &packet.body {
            Body::Segment(segment) => self.take_segment(&packet, segment, env),
            Body::Datagram(bytes) => self.take_datagram(&packet, bytes, env),
            Body::Unreachable => self.take_unreachable(&packet, env),
        }
    }
}

/// Whether a socket has options of this level.
fn has_level(socket: &Socket, level: c_int) -> bool {
    match level {
        libc::SOL_SOCKET => true,
        libc::IPPROTO_TCP => socket.family != Family::Unix && socket.transport == Transport::Stream,
        libc::IPPROTO_IP => socket.family != Family::Unix,
        libc::IPPROTO_IPV6 => socket.family == Family::Inet6,
        _ => false,
    }
}
