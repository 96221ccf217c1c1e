//! The objects behind descriptors. Each operation is one match here: a new kind of object has an
//! arm in each.
//!
//! Whoever changes what an object is ready for calls [`Objects::touch`]: threads that wait for it
//! try again, and each epoll instance that has it reports it.

use std::ffi::c_int;

use super::network::SocketId;
use super::{Epoll, EventFd, FileHandle, Kernel, NumberMap, ObjectId, Pages, PairKind, Room, UnixEnd};
use crate::world::{Env, Threads, WaitKey};

/// Readable, as `poll` and epoll say it.
pub(crate) const EVENT_IN: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
/// Writable.
pub(crate) const EVENT_OUT: u32 = (libc::EPOLLOUT | libc::EPOLLWRNORM) as u32;
/// Failed. Reported without being asked for, as is the next.
pub(crate) const EVENT_ERR: u32 = libc::EPOLLERR as u32;
/// Both directions have ended.
pub(crate) const EVENT_HUP: u32 = libc::EPOLLHUP as u32;
/// The peer writes no more.
pub(crate) const EVENT_RDHUP: u32 = libc::EPOLLRDHUP as u32;
/// Every event may have come: for [`Objects::touch`].
pub(crate) const EVENT_ANY: u32 = u32::MAX;

/// What descriptors stand for.
pub(crate) enum Object {
    EventFd(EventFd),
    Epoll(Epoll),
    /// The pages are at the end that reads.
    PipeReader {
        pages: Pages,
        writer: ObjectId,
    },
    PipeWriter {
        reader: ObjectId,
    },
    UnixEnd(UnixEnd),
    Socket(SocketId),
    File(FileHandle),
}

/// An object as its descriptors share it: Unix calls it an open file description.
pub(crate) struct OpenFile {
    pub(crate) object: Object,
    /// The access mode, `O_NONBLOCK`, and others that only `F_GETFL` shows.
    pub(crate) flags: c_int,
    /// How many descriptors there are.
    references_count: usize,
    /// The epoll instances that have it, in the order of their ids.
    watchers: Vec<ObjectId>,
}

impl OpenFile {
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.flags & libc::O_NONBLOCK != 0
    }
}

/// All objects of a world. An id is never given twice.
pub(crate) struct Objects {
    all: NumberMap<ObjectId, OpenFile>,
    ids_count: u32,
}

impl Objects {
    pub(super) fn new() -> Objects {
        Objects { all: NumberMap::default(), ids_count: 0 }
    }

    /// An id for an object to come: the ends of a pair know each other.
    pub(crate) fn next_id(&mut self) -> ObjectId {
        self.ids_count += 1;
        ObjectId(self.ids_count)
    }

    /// Adds an object that no descriptor has yet.
    pub(crate) fn add(&mut self, id: ObjectId, object: Object, flags: c_int) {
        let file = OpenFile { object, flags, references_count: 0, watchers: Vec::new() };
        self.all.insert(id, file);
    }

    /// `None`: it is closed.
    pub(crate) fn get(&self, id: ObjectId) -> Option<&OpenFile> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ObjectId) -> Option<&mut OpenFile> {
        self.all.get_mut(&id)
    }

    /// One more descriptor.
    pub(super) fn retain(&mut self, id: ObjectId) {
        if let Some(file) = self.get_mut(id) {
            file.references_count += 1;
        }
    }

    /// One descriptor less. Returns whether it was the last.
    pub(super) fn release(&mut self, id: ObjectId) -> bool {
        self.get_mut(id).is_some_and(|file| {
            file.references_count -= 1;
            file.references_count == 0
        })
    }

    pub(super) fn remove(&mut self, id: ObjectId) -> Option<OpenFile> {
        self.all.remove(&id)
    }

    /// An object may be ready for more than it was: `changed` says for what, in bits as `EVENT_IN`.
    /// Threads that wait for it try again, and an epoll instance that wants to hear of one of these
    /// events has it on its list.
    pub(crate) fn touch(&mut self, id: ObjectId, changed: u32, threads: &mut Threads) {
        threads.wake_all(WaitKey::Object(id));
        for place in 0.. {
            let watcher = self.get(id).and_then(|file| file.watchers.get(place).copied());
            let Some(watcher) = watcher else { return };
            if self.epoll_mut(watcher).is_ok_and(|epoll| epoll.hear(id, changed)) {
                self.touch(watcher, EVENT_IN, threads);
            }
        }
    }

    pub(super) fn watch(&mut self, id: ObjectId, epoll: ObjectId) {
        if let Some(file) = self.get_mut(id) {
            if let Err(place) = file.watchers.binary_search(&epoll) {
                file.watchers.insert(place, epoll);
            }
        }
    }

    pub(super) fn unwatch(&mut self, id: ObjectId, epoll: ObjectId) {
        if let Some(file) = self.get_mut(id) {
            file.watchers.retain(|watcher| *watcher != epoll);
        }
    }

    /// Fails with `EINVAL` if it is none.
    pub(super) fn epoll(&self, id: ObjectId) -> Result<&Epoll, c_int> {
        match self.get(id) {
            Some(OpenFile { object: Object::Epoll(epoll), .. }) => Ok(epoll),
            Some(_) => Err(libc::EINVAL),
            None => Err(libc::EBADF),
        }
    }

    pub(super) fn epoll_mut(&mut self, id: ObjectId) -> Result<&mut Epoll, c_int> {
        match self.get_mut(id) {
            Some(OpenFile { object: Object::Epoll(epoll), .. }) => Ok(epoll),
            Some(_) => Err(libc::EINVAL),
            None => Err(libc::EBADF),
        }
    }

    fn pages(&self, reader: ObjectId) -> Option<&Pages> {
        match self.get(reader) {
            Some(OpenFile { object: Object::PipeReader { pages, .. }, .. }) => Some(pages),
            _ => None,
        }
    }

    fn pages_mut(&mut self, reader: ObjectId) -> Option<&mut Pages> {
        match self.get_mut(reader) {
            Some(OpenFile { object: Object::PipeReader { pages, .. }, .. }) => Some(pages),
            _ => None,
        }
    }

    pub(super) fn unix_end(&self, id: ObjectId) -> Option<&UnixEnd> {
        match self.get(id) {
            Some(OpenFile { object: Object::UnixEnd(end), .. }) => Some(end),
            _ => None,
        }
    }

    pub(super) fn unix_end_mut(&mut self, id: ObjectId) -> Option<&mut UnixEnd> {
        match self.get_mut(id) {
            Some(OpenFile { object: Object::UnixEnd(end), .. }) => Some(end),
            _ => None,
        }
    }
}

impl Kernel {
    /// What an object is ready for, in bits as `EVENT_IN`. Nothing, if it is closed.
    pub(crate) fn readiness(&self, id: ObjectId) -> u32 {
        let objects = &self.objects;
        let Some(file) = objects.get(id) else { return 0 };
        match &file.object {
            Object::EventFd(eventfd) => eventfd.readiness(),
            Object::Epoll(epoll) => {
                let is_ready = |(object, fd)| epoll.wanted((object, fd), self.readiness(object)) != 0;
                if epoll.listed().any(is_ready) { EVENT_IN } else { 0 }
            }
            Object::PipeReader { pages, writer } => {
                let readable = if pages.is_empty() { 0 } else { EVENT_IN };
                readable | if objects.get(*writer).is_some() { 0 } else { EVENT_HUP }
            }
            Object::PipeWriter { reader } => match objects.pages(*reader) {
                None => EVENT_OUT | EVENT_ERR,
                Some(pages) if pages.is_full() => 0,
                Some(_) => EVENT_OUT,
            },
            Object::UnixEnd(end) => end.readiness(objects.unix_end(end.peer)),
            Object::Socket(socket) => self.network.readiness(*socket),
            Object::File(_) => EVENT_IN | EVENT_OUT,
        }
    }

    /// Reads what is there. Fails with `EAGAIN` if that is nothing.
    pub(crate) fn read(
        &mut self,
        id: ObjectId,
        room: &mut Room<'_>,
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        let objects = &mut self.objects;
        let file = objects.get_mut(id).ok_or(libc::EBADF)?;
        match &mut file.object {
            Object::EventFd(eventfd) => {
                let count = eventfd.read(room)?;
                objects.touch(id, EVENT_OUT, env.threads);
                Ok(count)
            }
            Object::Epoll(_) => Err(libc::EINVAL),
            Object::PipeWriter { .. } => Err(libc::EBADF),
            Object::PipeReader { pages, writer } => {
                let (was_full, writer) = (pages.is_full(), *writer);
                if room.left() == 0 {
                    return Ok(0);
                }
                if pages.is_empty() {
                    return if objects.get(writer).is_some() { Err(libc::EAGAIN) } else { Ok(0) };
                }
                let count = pages.take(room);
                if was_full && !pages.is_full() {
                    objects.touch(writer, EVENT_OUT, env.threads);
                }
                Ok(count)
            }
            Object::UnixEnd(_) => self.receive(id, room, false, env),
            Object::Socket(_) => {
                let had = room.left();
                self.receive_from(id, room, false, env)?;
                Ok(had - room.left())
            }
            Object::File(_) => self.read_file(id, None, room, env),
        }
    }

    /// Writes as much as there is room for. Fails with `EAGAIN` if that is nothing.
    pub(crate) fn write(&mut self, id: ObjectId, bytes: &[u8], env: &mut Env<'_>) -> Result<usize, c_int> {
        let objects = &mut self.objects;
        let file = objects.get_mut(id).ok_or(libc::EBADF)?;
        match &mut file.object {
            Object::EventFd(eventfd) => {
                let count = eventfd.write(bytes)?;
                objects.touch(id, EVENT_IN, env.threads);
                Ok(count)
            }
            Object::Epoll(_) => Err(libc::EINVAL),
            Object::PipeReader { .. } => Err(libc::EBADF),
            Object::PipeWriter { reader } => {
                let reader = *reader;
                if bytes.is_empty() {
                    return Ok(0);
                }
                let count = objects.pages_mut(reader).ok_or(libc::EPIPE)?.add(bytes);
                if count == 0 {
                    return Err(libc::EAGAIN);
                }
                objects.touch(reader, EVENT_IN, env.threads);
                Ok(count)
            }
            Object::UnixEnd(_) => self.send(id, bytes, env),
            Object::Socket(_) => {
                let may_be_short = file.is_nonblocking();
                self.send_to(id, bytes, None, may_be_short, env)
            }
            Object::File(_) => self.write_file(id, None, bytes, env),
        }
    }

    /// How many bytes a read would find, for `FIONREAD`.
    pub(crate) fn bytes_to_read(&self, id: ObjectId) -> Result<usize, c_int> {
        match &self.objects.get(id).ok_or(libc::EBADF)?.object {
            Object::EventFd(_) => Err(libc::ENOTTY),
            Object::Epoll(_) => Err(libc::ENOTTY),
            Object::PipeReader { pages, .. } => Ok(pages.bytes_count()),
            Object::PipeWriter { reader } => Ok(self.objects.pages(*reader).map_or(0, Pages::bytes_count)),
            Object::UnixEnd(end) => Ok(end.bytes_count()),
            Object::Socket(socket) => Ok(self.network.readable_count(*socket)),
            Object::File(handle) => Ok(self.bytes_left(handle)),
        }
    }

    /// The pages of the pipe that this is an end of. Fails with `EBADF` if it is none, as Linux.
    pub(crate) fn pipe_mut(&mut self, id: ObjectId) -> Result<&mut Pages, c_int> {
        let reader = match &self.objects.get(id).ok_or(libc::EBADF)?.object {
            Object::PipeWriter { reader } => *reader,
            _ => id,
        };
        self.objects.pages_mut(reader).ok_or(libc::EBADF)
    }

    /// The end of an object, after that of its last descriptor.
    pub(super) fn end(&mut self, id: ObjectId, env: &mut Env<'_>) {
        self.objects.touch(id, 0, env.threads);
        let Some(file) = self.objects.remove(id) else { return };
        for epoll in file.watchers {
            if let Ok(epoll) = self.objects.epoll_mut(epoll) {
                epoll.forget(id);
            }
        }
        match file.object {
            Object::EventFd(_) => {}
            Object::File(handle) => self.close_file(id, &handle),
            Object::Epoll(epoll) => epoll.objects().for_each(|object| self.objects.unwatch(object, id)),
            Object::PipeReader { writer: other, .. } | Object::PipeWriter { reader: other } => {
                self.objects.touch(other, EVENT_ANY, env.threads);
            }
            Object::UnixEnd(end) => {
                if let Some(peer) = self.objects.unix_end_mut(end.peer) {
                    peer.lose_peer(end.has_unread());
                    self.objects.touch(end.peer, EVENT_ANY, env.threads);
                }
            }
            Object::Socket(socket) => self.network_call(env, |network, env| network.close(socket, env)),
        }
    }

    /// Receives from a socket of a pair; a peek leaves the bytes there.
    pub(crate) fn receive(
        &mut self,
        id: ObjectId,
        room: &mut Room<'_>,
        is_peek: bool,
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        let end = self.objects.unix_end_mut(id).ok_or(libc::ENOTSOCK)?;
        let (count, has_freed) = end.receive(room, is_peek)?;
        let (peer, has_room) = (end.peer, end.has_room_again());
        if has_freed && has_room {
            self.objects.touch(peer, EVENT_OUT, env.threads);
        }
        Ok(count)
    }

    /// Sends to the other socket of a pair.
    pub(crate) fn send(&mut self, id: ObjectId, bytes: &[u8], env: &mut Env<'_>) -> Result<usize, c_int> {
        let end = self.objects.unix_end(id).ok_or(libc::ENOTSOCK)?;
        let peer = end.peer;
        if let Some(error) = end.refuses_writes(self.objects.unix_end(peer)) {
            return Err(error);
        }
        let count = self.objects.unix_end_mut(peer).ok_or(libc::EPIPE)?.deliver(bytes)?;
        self.objects.touch(peer, EVENT_IN, env.threads);
        Ok(count)
    }

    /// Ends directions of a socket of a pair, and those of its peer that are their other side.
    pub(crate) fn shut(
        &mut self,
        id: ObjectId,
        read: bool,
        write: bool,
        env: &mut Env<'_>,
    ) -> Result<(), c_int> {
        let end = self.objects.unix_end_mut(id).ok_or(libc::ENOTSOCK)?;
        end.shut(read, write);
        let (peer, kind) = (end.peer, end.kind);
        self.objects.touch(id, EVENT_ANY, env.threads);
        if let Some(end) = self.objects.unix_end_mut(peer).filter(|_| kind != PairKind::Datagrams) {
            end.shut(write, read);
            self.objects.touch(peer, EVENT_ANY, env.threads);
        }
        Ok(())
    }
}
