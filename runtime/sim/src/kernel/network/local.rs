//! Unix sockets by name: streams and datagrams within a host, without latency.

use super::local_socket::LocalSocket;
use super::names::{CHANGED_ANY, CHANGED_IN, CHANGED_OUT, Errno, Family, SocketId, Transport};
use super::socket::{Role, Socket};
use super::state::Network;
use crate::kernel::{HostId, Room};

/// How many datagrams wait in a socket, at most.
const DATAGRAMS_MAX: usize = 11;

impl Network {
    pub(super) fn local(&self, id: SocketId) -> Result<&LocalSocket, Errno> {
        match &self.get(id)?.role {
            Role::Local(local) => Ok(local),
            _ => Err(libc::EINVAL),
        }
    }

    fn local_mut(&mut self, id: SocketId) -> Result<&mut LocalSocket, Errno> {
        match &mut self.get_mut(id)?.role {
            Role::Local(local) => Ok(local),
            _ => Err(libc::EINVAL),
        }
    }

    pub(super) fn bind_local(&mut self, id: SocketId, name: Vec<u8>) -> Result<(), Errno> {
        let key = (self.get(id)?.host, name.clone());
        let local = self.local_mut(id)?;
        if name.is_empty() || !local.name.is_empty() {
            return Err(libc::EINVAL);
        }
        if self.names.contains_key(&key) || self.stale_names.contains(&key) {
            return Err(libc::EADDRINUSE);
        }
        self.names.insert(key, id);
        self.local_mut(id)?.name = name;
        Ok(())
    }

    /// Nobody answers at a name any more. A path stays until it is unlinked.
    pub(super) fn leave_name(&mut self, key: (HostId, Vec<u8>)) {
        self.names.remove(&key);
        if key.1.first() != Some(&0) {
            self.stale_names.insert(key);
        }
    }

    /// Takes a path away from the socket that has it, or had it. Returns whether there is one.
    pub(crate) fn unlink(&mut self, host: HostId, path: &[u8]) -> bool {
        let key = (host, path.to_vec());
        self.names.remove(&key).is_some() | self.stale_names.remove(&key)
    }

    pub(super) fn listen_local(&mut self, id: SocketId, backlog: usize) -> Result<(), Errno> {
        let transport = self.get(id)?.transport;
        let local = self.local_mut(id)?;
        if transport != Transport::Stream {
            return Err(libc::EOPNOTSUPP);
        }
        if local.name.is_empty() || local.is_connected {
            return Err(libc::EINVAL);
        }
        local.listening.get_or_insert_default().0 = backlog;
        self.touch(id, CHANGED_ANY);
        Ok(())
    }

    pub(super) fn accept_local(&mut self, id: SocketId) -> Result<SocketId, Errno> {
        let local = self.local_mut(id)?;
        let (_, ready) = local.listening.as_mut().ok_or(libc::EINVAL)?;
        let accepted = ready.pop_front().ok_or(libc::EAGAIN)?;
        self.tell_of_room(id);
        Ok(accepted)
    }

    /// Who has the name, and takes what this socket sends.
    fn find_local(&self, id: SocketId, name: &[u8]) -> Result<SocketId, Errno> {
        let socket = self.get(id)?;
        let key = (socket.host, name.to_vec());
        let is_abstract = name.first() == Some(&0);
        match self.names.get(&key) {
            Some(found) if self.get(*found)?.transport == socket.transport => Ok(*found),
            Some(_) => Err(libc::EPROTOTYPE),
            None if is_abstract || self.stale_names.contains(&key) => Err(libc::ECONNREFUSED),
            None => Err(libc::ENOENT),
        }
    }

    /// Connects a socket. `EAGAIN`: as many as may wait to be accepted do.
    pub(super) fn connect_local(&mut self, id: SocketId, name: &[u8]) -> Result<(), Errno> {
        let transport = self.get(id)?.transport;
        let own = self.local(id)?;
        if transport == Transport::Stream && (own.is_connected || own.is_listening()) {
            return Err(if own.is_connected { libc::EISCONN } else { libc::EINVAL });
        }
        let own_name = own.name.clone();
        let found = self.find_local(id, name)?;
        let other_end = match transport {
            Transport::Datagram => found,
            Transport::Stream => self.ask_local(found, (id, own_name))?,
        };
        let own = self.local_mut(id)?;
        own.peer = Some(other_end);
        own.peer_name = name.to_vec();
        own.is_connected = true;
        self.touch(id, CHANGED_ANY);
        Ok(())
    }

    /// Puts a connection into the queue of a listener. Returns its end there.
    fn ask_local(
        &mut self,
        listener: SocketId,
        (from, name): (SocketId, Vec<u8>),
    ) -> Result<SocketId, Errno> {
        let host = self.get(listener)?.host;
        let local = self.local_mut(listener)?;
        let (backlog, ready) = local.listening.as_ref().ok_or(libc::ECONNREFUSED)?;
        if ready.len() > *backlog {
            local.waiting.insert(from);
            return Err(libc::EAGAIN);
        }
        let end = LocalSocket {
            name: local.name.clone(),
            peer: Some(from),
            peer_name: name,
            is_connected: true,
            ..LocalSocket::default()
        };
        let mut socket = Socket::new(host, Family::Unix, Transport::Stream);
        socket.role = Role::Local(end);
        let end = self.add(socket);
        if let Some((_, ready)) = &mut self.local_mut(listener)?.listening {
            ready.push_back(end);
        }
        self.touch(listener, CHANGED_IN);
        Ok(end)
    }

    /// Sends bytes, as many as there is room for, or one datagram.
    pub(super) fn send_local(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        target: Option<&[u8]>,
    ) -> Result<usize, Errno> {
        let own = self.local_mut(id)?;
        if let Some(error) = own.error.take() {
            return Err(error);
        }
        if own.is_writing_over {
            return Err(libc::EPIPE);
        }
        let (name, peer) = (own.name.clone(), own.peer);
        match self.get(id)?.transport {
            Transport::Stream => self.send_local_stream(id, peer, bytes),
            Transport::Datagram => {
                let peer = match (target, peer) {
                    (Some(target), _) => self.find_local(id, target)?,
                    (None, peer) => peer.ok_or(libc::ENOTCONN)?,
                };
                self.send_local_datagram((id, name), peer, bytes)
            }
        }
    }

    fn send_local_stream(
        &mut self,
        id: SocketId,
        peer: Option<SocketId>,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let is_connected = self.local(id)?.is_connected;
        let peer = peer.ok_or(if is_connected { libc::EPIPE } else { libc::ENOTCONN })?;
        let bytes_max = self.get(id)?.options.send_bytes_max;
        let other = self.local_mut(peer)?;
        let count = bytes_max.saturating_sub(other.stream.len()).min(bytes.len());
        other.stream.extend(&bytes[..count]);
        if count < bytes.len() {
            other.waiting.insert(id);
        }
        if count > 0 {
            self.touch(peer, CHANGED_IN);
        }
        if count == 0 && !bytes.is_empty() { Err(libc::EAGAIN) } else { Ok(count) }
    }

    fn send_local_datagram(
        &mut self,
        (id, name): (SocketId, Vec<u8>),
        peer: SocketId,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        if bytes.len() > self.get(id)?.options.send_bytes_max {
            return Err(libc::EMSGSIZE);
        }
        let other = self.local_mut(peer).map_err(|_| libc::ECONNREFUSED)?;
        if other.is_reading_over {
            return Err(libc::EPIPE);
        }
        if other.datagrams.len() >= DATAGRAMS_MAX {
            other.waiting.insert(id);
            return Err(libc::EAGAIN);
        }
        other.datagrams.push_back((name, bytes.to_vec()));
        self.touch(peer, CHANGED_IN);
        Ok(bytes.len())
    }

    /// Returns the length and, of a datagram, the sender.
    pub(super) fn receive_local(
        &mut self,
        id: SocketId,
        room: &mut Room<'_>,
        is_peek: bool,
    ) -> Result<(usize, Option<Vec<u8>>), Errno> {
        let is_stream = self.get(id)?.transport == Transport::Stream;
        let own = self.local_mut(id)?;
        if is_stream && !own.is_connected {
            return Err(libc::EINVAL);
        }
        if is_stream && room.left() == 0 {
            return Ok((0, None));
        }
        if let Some(taken) = own.take(room, is_peek) {
            self.tell_writers(id);
            return Ok(taken);
        }
        match own.error.take() {
            Some(error) => Err(error),
            None if own.is_reading_over => Ok((0, None)),
            None => Err(libc::EAGAIN),
        }
    }

    pub(super) fn shut_local(&mut self, id: SocketId, reading: bool, writing: bool) -> Result<(), Errno> {
        let is_stream = self.get(id)?.transport == Transport::Stream;
        let own = self.local_mut(id)?;
        own.is_reading_over |= reading;
        own.is_writing_over |= writing;
        let peer = own.peer.filter(|_| is_stream);
        self.touch(id, CHANGED_ANY);
        if let Some(Ok(other)) = peer.map(|peer| self.local_mut(peer)) {
            other.is_reading_over |= writing;
            other.is_writing_over |= reading;
            peer.into_iter().for_each(|peer| self.touch(peer, CHANGED_ANY));
        }
        self.tell_of_room(id);
        Ok(())
    }

    /// Those that wait for a place in a socket may try again.
    fn tell_of_room(&mut self, id: SocketId) {
        let Ok(own) = self.local_mut(id) else { return };
        let waiting = std::mem::take(&mut own.waiting);
        waiting.into_iter().for_each(|other| self.touch(other, CHANGED_OUT));
    }

    /// Those that wait to write to a socket may try again, if it is roomy for them.
    fn tell_writers(&mut self, id: SocketId) {
        let Ok(own) = self.local(id) else { return };
        let may_write = |writer: &SocketId| self.is_roomy(own, *writer);
        let woken: Vec<SocketId> = own.waiting.iter().copied().filter(may_write).collect();
        for writer in woken {
            if let Ok(own) = self.local_mut(id) {
                own.waiting.remove(&writer);
            }
            self.touch(writer, CHANGED_OUT);
        }
    }

    /// Whether a writer is told that it can write to the socket: a stream to which it can write
    /// three quarters of its buffer, or a socket that takes one more datagram.
    fn is_roomy(&self, own: &LocalSocket, writer: SocketId) -> bool {
        let bytes_max = self.get(writer).map_or(0, |writer| writer.options.send_bytes_max);
        own.stream.len() * 4 <= bytes_max && own.datagrams.len() < DATAGRAMS_MAX
    }

    pub(super) fn local_readiness(&self, id: SocketId) -> u32 {
        let Ok(socket) = self.get(id) else { return 0 };
        let Role::Local(own) = &socket.role else { return 0 };
        let is_stream = socket.transport == Transport::Stream;
        let mut mask = 0;
        if own.is_reading_over {
            mask |= libc::EPOLLIN | libc::EPOLLRDNORM | libc::EPOLLRDHUP;
        }
        let is_unconnected = is_stream && !own.is_connected && !own.is_listening();
        if own.is_reading_over && own.is_writing_over || is_unconnected {
            mask |= libc::EPOLLHUP;
        }
        if own.is_readable() {
            mask |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        let peer = own.peer.and_then(|peer| self.local(peer).ok());
        let is_full = peer.is_some_and(|peer| !self.is_roomy(peer, id));
        if !own.is_listening() && !is_full {
            mask |= libc::EPOLLOUT | libc::EPOLLWRNORM | libc::EPOLLWRBAND;
        }
        if own.error.is_some() {
            mask |= libc::EPOLLERR;
        }
        mask as u32
    }

    /// Forgets a Unix socket. Its path stays, but nobody answers there.
    pub(super) fn close_local(&mut self, id: SocketId) {
        self.forget_local(id, false);
    }

    /// With `is_reset`, or if there are bytes that nobody reads, the other end gets an error.
    fn forget_local(&mut self, id: SocketId, is_reset: bool) {
        let Some(socket) = self.sockets.remove(&id) else { return };
        let Role::Local(own) = socket.role else { return };
        let key = (socket.host, own.name);
        if self.names.get(&key) == Some(&id) {
            self.leave_name(key);
        }
        for unaccepted in own.listening.into_iter().flat_map(|(_, ready)| ready) {
            self.forget_local(unaccepted, true);
        }
        own.waiting.into_iter().for_each(|other| self.touch(other, CHANGED_OUT));
        let Some(peer) = own.peer.filter(|_| socket.transport == Transport::Stream) else { return };
        if let Ok(other) = self.local_mut(peer) {
            other.peer = None;
            (other.is_reading_over, other.is_writing_over) = (true, true);
            if is_reset || !own.stream.is_empty() {
                other.error = Some(libc::ECONNRESET);
            }
            self.touch(peer, CHANGED_ANY);
        }
    }
}
