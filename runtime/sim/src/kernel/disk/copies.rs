//! Bytes from a file to another object.

use std::ffi::c_int;

use super::faults::DiskCall;
use crate::kernel::{HostId, Kernel, ObjectId};
use crate::world::Env;

/// How many bytes one call copies at most.
const COPY_BYTES_MAX: usize = 1 << 20;

impl Kernel {
    /// Bytes from one file to another, as `copy_file_range`. The positions of `None` move on.
    pub(crate) fn copy_file(
        &mut self,
        host: HostId,
        (from, from_at): (c_int, Option<u64>),
        (to, to_at): (c_int, Option<u64>),
        len: usize,
        env: &mut Env<'_>,
    ) -> Result<usize, c_int> {
        let (source, target) = (self.find(host, from)?, self.find(host, to)?);
        let position = self.file(source).map(|(handle, _)| handle.position)?;
        self.file(target)?;
        let at = from_at.unwrap_or(position);
        let bytes = self.bytes_of(source, at, len.min(COPY_BYTES_MAX), env)?;
        let written = self.write_file(target, to_at, &bytes, env)?;
        if from_at.is_none() {
            self.set_position(source, at + written as u64);
        }
        Ok(written)
    }

    fn bytes_of(&mut self, id: ObjectId, at: u64, len: usize, env: &Env<'_>) -> Result<Vec<u8>, c_int> {
        let (handle, flags) = self.file(id)?;
        if flags & libc::O_ACCMODE == libc::O_WRONLY {
            return Err(libc::EBADF);
        }
        let (host, inode, place) = (handle.host, handle.inode, handle.place.clone());
        let disk = self.disk(host, env);
        disk.check(&place, DiskCall::Read)?;
        disk.read(inode, at, len)
    }

    /// The bytes that `sendfile` is to send, and where they begin.
    pub(crate) fn bytes_to_send(
        &mut self,
        host: HostId,
        number: c_int,
        (at, len): (Option<u64>, usize),
        env: &Env<'_>,
    ) -> Result<(u64, Vec<u8>), c_int> {
        let id = self.find(host, number)?;
        let at = at.unwrap_or(self.file(id)?.0.position);
        Ok((at, self.bytes_of(id, at, len, env)?))
    }

    /// Moves the position of a file to where `sendfile` has come.
    pub(crate) fn move_to(&mut self, host: HostId, number: c_int, position: u64) {
        if let Ok(id) = self.find(host, number) {
            self.set_position(id, position);
        }
    }
}
