//! Open files: what a program does with their descriptors.

use std::ffi::c_int;

use super::FileSystem;
use super::faults::DiskCall;
use super::inode::{Attributes, Device, FileBody, InodeId, Name, Times};
use super::streams::StreamEntry;
use crate::kernel::{HostId, Kernel, Object, ObjectId, OpenFile, Room};
use crate::world::Env;

/// A file that is open. Descriptors that were duplicated share it.
#[derive(Clone, Debug)]
pub(crate) struct FileHandle {
    pub(crate) host: HostId,
    pub(crate) inode: InodeId,
    /// The directory and the name that it was opened under.
    pub(super) place: (InodeId, Name),
    pub(super) position: u64,
}

/// What `lseek` counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeekFrom {
    Start,
    Current,
    End,
    /// The next position that has bytes, or none.
    Data,
    Hole,
}

impl Kernel {
    /// The disk of a host, at its time.
    pub(crate) fn disk(&mut self, host: HostId, env: &Env<'_>) -> &mut FileSystem {
        let skew = self.hosts.get(host).skew;
        self.disks.of(host, env.calendar(skew))
    }

    /// Where a path begins: at the directory of a descriptor, or at the current one.
    pub(crate) fn base(&mut self, host: HostId, number: c_int, env: &Env<'_>) -> Result<InodeId, c_int> {
        if number == libc::AT_FDCWD {
            return Ok(self.disk(host, env).current());
        }
        Ok(self.file(self.find(host, number)?)?.0.inode)
    }

    /// An open file and its flags. Fails with `EINVAL` if a descriptor stands for something else.
    pub(crate) fn file(&self, id: ObjectId) -> Result<(&FileHandle, c_int), c_int> {
        match self.objects.get(id) {
            Some(OpenFile { object: Object::File(handle), flags, .. }) => Ok((handle, *flags)),
            Some(_) => Err(libc::EINVAL),
            None => Err(libc::EBADF),
        }
    }

    /// As [`file`](Self::file), by a descriptor.
    pub(crate) fn file_of(&self, host: HostId, number: c_int) -> Result<(&FileHandle, c_int), c_int> {
        self.file(self.find(host, number)?)
    }

    /// Opens what is at a path, or makes a file there, with the flags of `open`.
    pub(crate) fn open_file(
        &mut self,
        host: HostId,
        (base, path): (c_int, &[u8]),
        flags: c_int,
        mode: u32,
        env: &mut Env<'_>,
    ) -> Result<c_int, c_int> {
        let base = self.base(host, base, env)?;
        let disk = self.disk(host, env);
        let (inode, found) = disk.open(base, path, flags, mode)?;
        disk.retain(inode);
        let handle = FileHandle { host, inode, place: (found.directory, found.name), position: 0 };
        let kept = libc::O_ACCMODE | libc::O_APPEND | libc::O_NONBLOCK | libc::O_SYNC | libc::O_DSYNC;
        let kept = kept | libc::O_PATH | libc::O_DIRECT | libc::O_DIRECTORY | libc::O_NOFOLLOW;
        Ok(self.open(host, Object::File(handle), flags & (kept | libc::O_CLOEXEC)).0)
    }

    /// The end of an open file.
    pub(in crate::kernel) fn close_file(&mut self, id: ObjectId, handle: &FileHandle) {
        if let Some(disk) = self.disks.used_by(handle.host) {
            disk.unlock(handle.inode, id);
            disk.release(handle.inode);
        }
    }

    /// Reads at a position, or at that of the file, which moves on.
    pub(crate) fn read_file(
        &mut self,
        id: ObjectId,
        at: Option<u64>,
        room: &mut Room<'_>,
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        let (handle, flags) = self.file(id)?;
        if flags & libc::O_ACCMODE == libc::O_WRONLY || flags & libc::O_PATH != 0 {
            return Err(libc::EBADF);
        }
        let (host, inode, position) = (handle.host, handle.inode, at.unwrap_or(handle.position));
        let place = handle.place.clone();
        let disk = self.disk(host, env);
        disk.check(&place, DiskCall::Read)?;
        let bytes = match disk.device(inode) {
            Some(Device::Null) => Vec::new(),
            Some(device) => {
                let mut bytes = vec![0; room.left()];
                if device == Device::Random {
                    env.random.fill(&mut bytes);
                }
                bytes
            }
            None => disk.read(inode, position, room.left())?,
        };
        let count = room.put(&bytes);
        if at.is_none() {
            self.set_position(id, position + count as u64);
        }
        Ok(count)
    }

    /// Writes at a position, at that of the file, or at the end of a file that is appended to.
    pub(crate) fn write_file(
        &mut self,
        id: ObjectId,
        at: Option<u64>,
        bytes: &[u8],
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        let (handle, flags) = self.file(id)?;
        if flags & libc::O_ACCMODE == libc::O_RDONLY || flags & libc::O_PATH != 0 {
            return Err(libc::EBADF);
        }
        let (host, inode, mut position) = (handle.host, handle.inode, at.unwrap_or(handle.position));
        let place = handle.place.clone();
        let disk = self.disk(host, env);
        if disk.device(inode).is_some() {
            return Ok(bytes.len());
        }
        disk.check(&place, DiskCall::Write)?;
        if flags & libc::O_APPEND != 0 {
            position = disk.content(inode)?.len();
        }
        let count = disk.write(inode, position, bytes)?;
        if flags & libc::O_SYNC == libc::O_SYNC {
            disk.sync(inode, &place, true)?;
        } else if flags & libc::O_DSYNC != 0 {
            disk.sync(inode, &place, false)?;
        }
        if at.is_none() {
            self.set_position(id, position + count as u64);
        }
        Ok(count)
    }

    pub(super) fn set_position(&mut self, id: ObjectId, position: u64) {
        if let Some(OpenFile { object: Object::File(handle), .. }) = self.objects.get_mut(id) {
            handle.position = position;
        }
    }

    pub(crate) fn seek(
        &mut self,
        host: HostId,
        number: c_int,
        offset: i64,
        from: SeekFrom,
        env: &Env<'_>,
    ) -> Result<u64, c_int> {
        let id = self.find(host, number)?;
        let (handle, _) =
            self.file(id).map_err(|error| if error == libc::EINVAL { libc::ESPIPE } else { error })?;
        let (inode, position) = (handle.inode, handle.position);
        let len = self.disk(host, env).attributes(inode).len;
        let base = match from {
            SeekFrom::Start => 0,
            SeekFrom::Current => position,
            SeekFrom::End => len,
            SeekFrom::Data | SeekFrom::Hole => {
                let offset = u64::try_from(offset).ok().filter(|offset| *offset < len).ok_or(libc::ENXIO)?;
                let position = if from == SeekFrom::Data { offset } else { len };
                self.set_position(id, position);
                return Ok(position);
            }
        };
        let position = base.checked_add_signed(offset).filter(|position| i64::try_from(*position).is_ok());
        let position = position.ok_or(libc::EINVAL)?;
        self.set_position(id, position);
        Ok(position)
    }

    /// `fsync`, or `fdatasync` unless `is_all`.
    pub(crate) fn sync_file(
        &mut self,
        host: HostId,
        number: c_int,
        is_all: bool,
        env: &Env<'_>,
    ) -> Result<(), c_int> {
        let (handle, flags) = self.file_of(host, number)?;
        if flags & libc::O_PATH != 0 {
            return Err(libc::EBADF);
        }
        let (inode, place) = (handle.inode, handle.place.clone());
        self.disk(host, env).sync(inode, &place, is_all)
    }

    /// Changes the length of a file that is open for writing.
    pub(crate) fn truncate_file(
        &mut self,
        host: HostId,
        number: c_int,
        len: u64,
        env: &Env<'_>,
    ) -> Result<(), c_int> {
        let (handle, flags) = self.file_of(host, number)?;
        if flags & libc::O_ACCMODE == libc::O_RDONLY || flags & libc::O_PATH != 0 {
            return Err(libc::EINVAL);
        }
        let inode = handle.inode;
        self.disk(host, env).set_len(inode, len)
    }

    /// Makes sure that a file has room up to `end`, and is as long unless `keeps_len`.
    pub(crate) fn allocate_file(
        &mut self,
        host: HostId,
        number: c_int,
        (at, end, keeps_len): (u64, u64, bool),
        env: &Env<'_>,
    ) -> Result<(), c_int> {
        let (handle, flags) = self.file_of(host, number)?;
        if flags & libc::O_ACCMODE == libc::O_RDONLY {
            return Err(libc::EBADF);
        }
        let inode = handle.inode;
        let disk = self.disk(host, env);
        let len = disk.content(inode)?.len();
        let count = usize::try_from(end - at).unwrap_or(usize::MAX);
        if disk.bytes_with_room(inode, at, count)? < count {
            return Err(libc::ENOSPC);
        }
        if end > len && !keeps_len { disk.set_len(inode, end) } else { Ok(()) }
    }

    /// Locks a file for an open file. Fails with those that it would have to wait for.
    pub(crate) fn lock_file(
        &mut self,
        id: ObjectId,
        is_exclusive: bool,
        env: &mut Env<'_>,
    ) -> Result<Result<(), Vec<ObjectId>>, c_int> {
        let (host, inode) = self.file(id).map(|(handle, _)| (handle.host, handle.inode))?;
        let outcome = self.disk(host, env).lock(inode, id, is_exclusive);
        if outcome.is_ok() && !is_exclusive {
            // Those that wait for an exclusive lock to end can share this one.
            self.objects.touch(id, 0, env.threads);
        }
        Ok(outcome)
    }

    pub(crate) fn unlock_file(&mut self, id: ObjectId, env: &mut Env<'_>) -> Result<(), c_int> {
        let (host, inode) = self.file(id).map(|(handle, _)| (handle.host, handle.inode))?;
        self.disk(host, env).unlock(inode, id);
        self.objects.touch(id, 0, env.threads);
        Ok(())
    }

    /// What is in the directory of a descriptor.
    pub(crate) fn list(
        &mut self,
        host: HostId,
        number: c_int,
        env: &mut Env<'_>,
    ) -> Result<Vec<StreamEntry>, c_int> {
        let handle = self.file_of(host, number).map_err(|_| libc::ENOTDIR)?.0;
        let (inode, place) = (handle.inode, handle.place.clone());
        let skew = self.hosts.get(host).skew;
        let disk = self.disks.of(host, env.calendar(skew));
        disk.check(&place, DiskCall::Read)?;
        disk.list(inode, env.random)
    }

    /// What `fstat` reports of a descriptor. What is no file has a kind and little else.
    pub(crate) fn attributes_of(
        &mut self,
        host: HostId,
        number: c_int,
        env: &Env<'_>,
    ) -> Result<Attributes, c_int> {
        let id = self.find(host, number)?;
        let kind = match &self.objects.get(id).ok_or(libc::EBADF)?.object {
            Object::File(handle) => {
                let inode = handle.inode;
                return Ok(self.disk(host, env).attributes(inode));
            }
            Object::PipeReader { .. } | Object::PipeWriter { .. } => libc::S_IFIFO,
            Object::UnixEnd(_) | Object::Socket(_) => libc::S_IFSOCK,
            Object::EventFd(_) | Object::Epoll(_) => 0,
        };
        let now = env.calendar(self.hosts.get(host).skew);
        let times = Times { accessed: now, modified: now, changed: now, created: now };
        let inode = InodeId(u64::from(id.0));
        Ok(Attributes { inode, mode: kind | 0o600, links_count: 1, len: 0, allocated: 0, times })
    }

    /// How many bytes there are to the end, for `FIONREAD`.
    pub(in crate::kernel) fn bytes_left(&self, handle: &FileHandle) -> usize {
        let Some(disk) = self.disks.get(handle.host) else { return 0 };
        disk.attributes(handle.inode).len.saturating_sub(handle.position) as usize
    }

    /// The process of a host has ended and closed its files; `is_crash`: by a loss of power.
    pub(crate) fn begin_disk_again(&mut self, host: HostId, is_crash: bool, env: &mut Env<'_>) {
        let Some(disk) = self.disks.used_by(host) else { return };
        if is_crash {
            disk.crash(env.random);
        } else {
            disk.begin_again();
        }
    }
}

impl FileSystem {
    fn sync(&mut self, id: InodeId, place: &(InodeId, Name), is_all: bool) -> Result<(), c_int> {
        if let Err(error) = self.check(place, DiskCall::Sync) {
            self.lose_unsynced(id);
            return Err(error);
        }
        if let FileBody::Device(_) = self.inode(id).cache.body {
            return Err(libc::EINVAL);
        }
        if is_all || self.directory(id).is_ok() {
            self.sync_all(id);
        } else {
            self.sync_data(id);
        }
        Ok(())
    }
}
