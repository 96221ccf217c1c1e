//! Sockets as objects of the kernel: descriptors for them, and who is woken when they change.

use std::ffi::c_int;

use super::network::{Family, Network, NetworkEvent, Received, SocketId, SocketName, Transport};
use super::{HostId, Kernel, Object, ObjectId, OpenFile, Room};
use crate::world::Env;

impl Kernel {
    /// Opens a socket. `flags`: `O_NONBLOCK`, `O_CLOEXEC`.
    pub(crate) fn open_socket(
        &mut self,
        host: HostId,
        (family, transport): (Family, Transport),
        flags: c_int,
    ) -> c_int {
        let socket = self.network.open(host, family, transport);
        self.open_for(host, socket, flags)
    }

    fn open_for(&mut self, host: HostId, socket: SocketId, flags: c_int) -> c_int {
        let (number, object) = self.open(host, Object::Socket(socket), libc::O_RDWR | flags);
        self.network.set_object(socket, object);
        number
    }

    /// Takes a connection from a listener, and opens a descriptor for it.
    pub(crate) fn accept(
        &mut self,
        host: HostId,
        listener: ObjectId,
        flags: c_int,
        env: &mut Env<'_>,
    ) -> Result<(c_int, Option<SocketName>), c_int> {
        let listener = self.socket(listener)?;
        let accepted = self.network_call(env, |network, _| network.accept(listener))?;
        let number = self.open_for(host, accepted, flags);
        // A connection that was reset before has no peer any more.
        Ok((number, self.network.accepted_from(accepted)))
    }

    /// The socket of an object. Fails with `ENOTSOCK` if it is none, and with `EOPNOTSUPP` if it is
    /// one of a pair.
    pub(crate) fn socket(&self, id: ObjectId) -> Result<SocketId, c_int> {
        match self.objects.get(id) {
            Some(OpenFile { object: Object::Socket(socket), .. }) => Ok(*socket),
            Some(OpenFile { object: Object::UnixEnd(_), .. }) => Err(libc::EOPNOTSUPP),
            Some(_) => Err(libc::ENOTSOCK),
            None => Err(libc::EBADF),
        }
    }

    /// Does something in the network, and wakes those that wait for what it changes.
    pub(crate) fn network_call<R>(
        &mut self,
        env: &mut Env<'_>,
        f: impl FnOnce(&mut Network, &mut Env<'_>) -> R,
    ) -> R {
        let answer = f(&mut self.network, env);
        let touched = self.network.take_touched();
        for (socket, changed) in &touched {
            if let Some(object) = self.network.object_of(*socket) {
                self.objects.touch(object, *changed, env.threads);
            }
        }
        self.network.reuse_touched(touched);
        answer
    }

    /// Receives from a socket of any kind.
    pub(crate) fn receive_from(
        &mut self,
        id: ObjectId,
        room: &mut Room<'_>,
        is_peek: bool,
        env: &mut Env<'_>,
    ) -> Result<Received, c_int> {
        match self.socket(id) {
            Ok(socket) => self.network_call(env, |network, env| network.receive(socket, room, is_peek, env)),
            Err(libc::EOPNOTSUPP) => {
                let length = self.receive(id, room, is_peek, env)?;
                Ok(Received { length, sender: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Sends through a socket of any kind, and returns how many bytes it took.
    pub(crate) fn send_to(
        &mut self,
        id: ObjectId,
        bytes: &[u8],
        name: Option<SocketName>,
        may_be_short: bool,
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        match self.socket(id) {
            Ok(socket) => {
                self.network_call(env, |network, env| network.send(socket, bytes, name, may_be_short, env))
            }
            Err(libc::EOPNOTSUPP) if name.is_none() => self.send(id, bytes, env),
            Err(libc::EOPNOTSUPP) => Err(libc::EISCONN),
            Err(error) => Err(error),
        }
    }

    /// Until when calls on the descriptor wait that begin now: for receiving, and for sending.
    pub(crate) fn deadlines(&self, host: HostId, number: c_int, now: u64) -> (Option<u64>, Option<u64>) {
        let socket = self.find(host, number).and_then(|id| self.socket(id));
        let (receive, send) = socket.map_or((None, None), |socket| self.network.timeouts(socket));
        let after = |timeout: u64| now.saturating_add(timeout);
        (receive.map(after), send.map(after))
    }

    /// A host begins to run.
    pub(crate) fn boot(&mut self, host: HostId) {
        self.network.boot(host);
    }

    /// A host loses its power: its sockets vanish without a word to their peers.
    pub(crate) fn crash(&mut self, host: HostId, env: &mut Env<'_>) {
        self.network.crash(host);
        self.close_all_of(host, env);
    }

    pub(super) fn happen_in_network(&mut self, event: NetworkEvent, env: &mut Env<'_>) {
        self.network_call(env, |network, env| network.happen(event, env));
    }
}
