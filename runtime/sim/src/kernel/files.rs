//! What programs do with descriptors of every kind: open, duplicate, close, wait.

use std::ffi::c_int;

use super::{DESCRIPTOR_MIN, Descriptor, EVENT_ANY, Epoll, EventFd, HostId, Kernel, Object, ObjectId};
use super::{Pages, PairKind, UnixEnd};
use crate::world::Env;

impl Kernel {
    /// The object of a descriptor. Fails with `EBADF` if the host has none of this number.
    pub(crate) fn find(&self, host: HostId, number: c_int) -> Result<ObjectId, c_int> {
        self.descriptors.get(host, number).map(|descriptor| descriptor.object).ok_or(libc::EBADF)
    }

    /// Opens an object: its first descriptor. `flags`: the access mode, `O_NONBLOCK`, `O_CLOEXEC`.
    pub(crate) fn open(&mut self, host: HostId, object: Object, flags: c_int) -> (c_int, ObjectId) {
        let id = self.objects.next_id();
        (self.open_as(id, host, object, flags), id)
    }

    /// Opens an object whose id was taken before.
    pub(crate) fn open_as(&mut self, id: ObjectId, host: HostId, object: Object, flags: c_int) -> c_int {
        self.objects.add(id, object, flags & !libc::O_CLOEXEC);
        self.describe(host, id, DESCRIPTOR_MIN, flags & libc::O_CLOEXEC != 0)
    }

    fn describe(&mut self, host: HostId, object: ObjectId, min: c_int, closes_on_exec: bool) -> c_int {
        self.objects.retain(object);
        self.descriptors.add(min.max(DESCRIPTOR_MIN), Descriptor { host, object, closes_on_exec })
    }

    pub(crate) fn open_eventfd(&mut self, host: HostId, count: u32, flags: c_int) -> Result<c_int, c_int> {
        if flags & !(libc::EFD_CLOEXEC | libc::EFD_NONBLOCK | libc::EFD_SEMAPHORE) != 0 {
            return Err(libc::EINVAL);
        }
        let eventfd = EventFd::new(u64::from(count), flags & libc::EFD_SEMAPHORE != 0);
        let flags = libc::O_RDWR | flags & !libc::EFD_SEMAPHORE;
        Ok(self.open(host, Object::EventFd(eventfd), flags).0)
    }

    pub(crate) fn open_epoll(&mut self, host: HostId, flags: c_int) -> Result<c_int, c_int> {
        if flags & !libc::EPOLL_CLOEXEC != 0 {
            return Err(libc::EINVAL);
        }
        Ok(self.open(host, Object::Epoll(Epoll::default()), libc::O_RDWR | flags).0)
    }

    /// The end that reads, and the one that writes.
    pub(crate) fn open_pipe(&mut self, host: HostId, flags: c_int) -> Result<[c_int; 2], c_int> {
        if flags & !(libc::O_CLOEXEC | libc::O_NONBLOCK) != 0 {
            return Err(libc::EINVAL);
        }
        let (reader, writer) = (self.objects.next_id(), self.objects.next_id());
        let read_end = Object::PipeReader { pages: Pages::new(), writer };
        let read_end = self.open_as(reader, host, read_end, libc::O_RDONLY | flags);
        let write_end = self.open_as(writer, host, Object::PipeWriter { reader }, libc::O_WRONLY | flags);
        Ok([read_end, write_end])
    }

    /// Two Unix sockets that are connected.
    pub(crate) fn open_pair(&mut self, host: HostId, kind: PairKind, flags: c_int) -> [c_int; 2] {
        let (first, second) = (self.objects.next_id(), self.objects.next_id());
        [(first, second), (second, first)].map(|(id, peer)| {
            self.open_as(id, host, Object::UnixEnd(UnixEnd::new(peer, kind)), libc::O_RDWR | flags)
        })
    }

    /// One more descriptor of the same object, not below `min`.
    pub(crate) fn duplicate(
        &mut self,
        host: HostId,
        number: c_int,
        min: c_int,
        closes_on_exec: bool,
    ) -> Result<c_int, c_int> {
        let object = self.find(host, number)?;
        Ok(self.describe(host, object, min, closes_on_exec))
    }

    /// Makes `to` a descriptor of the same object as `from`. What `to` stood for is closed.
    pub(crate) fn replace(
        &mut self,
        host: HostId,
        from: c_int,
        to: c_int,
        closes_on_exec: bool,
        env: &mut Env<'_>,
    ) -> Result<c_int, c_int> {
        let object = self.find(host, from)?;
        if to < DESCRIPTOR_MIN {
            return Err(libc::EBADF);
        }
        self.objects.retain(object);
        // If it is none, or another host's, nothing is closed.
        let _ = self.close(host, to, env);
        let descriptor = Descriptor { host, object, closes_on_exec };
        if self.descriptors.is_free(to) {
            self.descriptors.put(to, descriptor);
            return Ok(to);
        }
        self.objects.release(object);
        Err(libc::EBADF)
    }

    pub(crate) fn close(&mut self, host: HostId, number: c_int, env: &mut Env<'_>) -> Result<(), c_int> {
        let descriptor = self.descriptors.remove(host, number).ok_or(libc::EBADF)?;
        if self.objects.release(descriptor.object) {
            self.end(descriptor.object, env);
        }
        Ok(())
    }

    /// Closes every descriptor of a host: its process has ended. A host that crashes takes its
    /// sockets out of the network before, so that they do not say goodbye.
    pub(crate) fn close_all_of(&mut self, host: HostId, env: &mut Env<'_>) {
        for number in self.descriptors.all_of(host) {
            self.close(host, number, env).expect("it was there");
        }
    }

    /// The objects of `epoll_ctl`: the epoll instance, and the one of the interest.
    fn watched(&self, host: HostId, epoll: c_int, number: c_int) -> Result<(ObjectId, ObjectId), c_int> {
        let (epoll, object) = (self.find(host, epoll)?, self.find(host, number)?);
        self.objects.epoll(epoll)?;
        if epoll == object { Err(libc::EINVAL) } else { Ok((epoll, object)) }
    }

    /// `EPOLL_CTL_ADD` and, if `is_new` is not set, `EPOLL_CTL_MOD`.
    pub(crate) fn watch(
        &mut self,
        (host, epoll, number): (HostId, c_int, c_int),
        is_new: bool,
        (events, data): (u32, u64),
        env: &mut Env<'_>,
    ) -> Result<(), c_int> {
        let (epoll, object) = self.watched(host, epoll, number)?;
        let key = (object, number);
        if is_new {
            if self.file(object).is_ok() {
                return Err(libc::EPERM);
            }
            if self.reaches(object, epoll) {
                return Err(libc::ELOOP);
            }
            self.objects.epoll_mut(epoll)?.add(key, events, data)?;
            self.objects.watch(object, epoll);
        } else {
            self.objects.epoll_mut(epoll)?.modify(key, events, data)?;
        }
        let readiness = self.readiness(object);
        if self.objects.epoll_mut(epoll)?.list(key, readiness) {
            self.objects.touch(epoll, EVENT_ANY, env.threads);
        }
        Ok(())
    }

    /// `EPOLL_CTL_DEL`.
    pub(crate) fn unwatch(&mut self, host: HostId, epoll: c_int, number: c_int) -> Result<(), c_int> {
        let (epoll, object) = self.watched(host, epoll, number)?;
        let instance = self.objects.epoll_mut(epoll)?;
        instance.delete((object, number))?;
        if !instance.has_interest_in(object) {
            self.objects.unwatch(object, epoll);
        }
        Ok(())
    }

    /// Whether an epoll instance would hear of another one: through itself, that would be a circle.
    fn reaches(&self, from: ObjectId, to: ObjectId) -> bool {
        let is_or_reaches = |object| object == to || self.reaches(object, to);
        self.objects.epoll(from).is_ok_and(|epoll| epoll.objects().any(is_or_reaches))
    }

    /// The next events of an epoll instance with their data. Fails with `EAGAIN` if there are none.
    pub(crate) fn report(&mut self, epoll: ObjectId, count_max: usize) -> Result<Vec<(u32, u64)>, c_int> {
        let mut instance = std::mem::take(self.objects.epoll_mut(epoll)?);
        let mut again = Vec::new();
        let mut next = || instance.report(|object| self.readiness(object), &mut again);
        let events: Vec<(u32, u64)> = std::iter::from_fn(&mut next).take(count_max).collect();
        instance.list_again(again);
        *self.objects.epoll_mut(epoll)? = instance;
        if events.is_empty() { Err(libc::EAGAIN) } else { Ok(events) }
    }
}
