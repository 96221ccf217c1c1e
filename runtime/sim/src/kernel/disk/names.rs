//! Calls that look names up, make them, and change what they stand for.

use std::collections::BTreeMap;
use std::ffi::c_int;

use super::FileSystem;
use super::content::Content;
use super::inode::{Device, Directory, FileBody, InodeId};
use super::journal::Change;
use super::path::Found;

impl FileSystem {
    /// Opens what is at a path, or makes a file there, with the flags of `open`.
    pub(super) fn open(
        &mut self,
        base: InodeId,
        path: &[u8],
        flags: c_int,
        mode: u32,
    ) -> Result<(InodeId, Found), c_int> {
        let is_new = flags & libc::O_CREAT != 0 && flags & libc::O_EXCL != 0;
        let found = self.walk(base, path, flags & libc::O_NOFOLLOW == 0 && !is_new)?;
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
        let Some(id) = found.inode else {
            if flags & libc::O_CREAT == 0 {
                return Err(libc::ENOENT);
            }
            if found.has_slash {
                return Err(libc::EISDIR);
            }
            let id = self.create(&found, FileBody::File(Content::default()), mode)?;
            return Ok((id, found));
        };
        if is_new {
            return Err(libc::EEXIST);
        }
        if flags & libc::O_PATH != 0 {
            let must = flags & libc::O_DIRECTORY != 0;
            return if must { self.directory(id).map(|_| (id, found)) } else { Ok((id, found)) };
        }
        if flags & libc::O_TMPFILE == libc::O_TMPFILE {
            self.directory(id)?;
            self.check_writable()?;
            return Ok((self.add(FileBody::File(Content::default()), mode), found));
        }
        match &self.inode(id).cache.body {
            FileBody::Symlink(_) => return Err(libc::ELOOP),
            FileBody::Directory(_) if writes || flags & libc::O_CREAT != 0 => return Err(libc::EISDIR),
            FileBody::Directory(_) | FileBody::Device(_) => {}
            FileBody::File(_) if flags & libc::O_DIRECTORY != 0 => return Err(libc::ENOTDIR),
            FileBody::File(content) => {
                let has_bytes = content.len() > 0;
                if writes {
                    self.check_writable()?;
                }
                if has_bytes && flags & libc::O_TRUNC != 0 {
                    self.set_len(id, 0)?;
                }
            }
        }
        Ok((id, found))
    }

    /// Makes something new under a name that nothing has.
    fn create(&mut self, found: &Found, body: FileBody, mode: u32) -> Result<InodeId, c_int> {
        self.check_may_add(found)?;
        let id = self.add(body, mode);
        self.change(Change::Link { directory: found.directory, name: found.name.clone(), inode: id });
        Ok(id)
    }

    fn check_may_add(&self, found: &Found) -> Result<(), c_int> {
        if found.inode.is_some() {
            return Err(libc::EEXIST);
        }
        self.check_writable()?;
        if self.inode(found.directory).cache.links_count == 0 {
            return Err(libc::ENOENT);
        }
        Ok(())
    }

    pub(crate) fn make_directory(&mut self, base: InodeId, path: &[u8], mode: u32) -> Result<(), c_int> {
        let found = self.walk(base, path, false)?;
        let directory = Directory { parent: found.directory, entries: BTreeMap::new() };
        self.create(&found, FileBody::Directory(directory), mode).map(|_| ())
    }

    pub(super) fn make_device(&mut self, path: &[u8], device: Device) {
        if let Ok(found) = self.walk(Self::ROOT, path, false) {
            // A new disk has none of this name.
            let _ = self.create(&found, FileBody::Device(device), 0o644);
        }
    }

    pub(crate) fn make_symlink(&mut self, target: &[u8], base: InodeId, path: &[u8]) -> Result<(), c_int> {
        if target.is_empty() {
            return Err(libc::ENOENT);
        }
        let found = self.walk(base, path, false)?;
        if found.has_slash && found.inode.is_none() {
            return Err(libc::ENOENT);
        }
        let id = self.create(&found, FileBody::Symlink(target.to_vec()), 0)?;
        let inode = self.inode_mut(id);
        (inode.cache.mode, inode.disk.mode) = (0o777, 0o777);
        Ok(())
    }

    /// Gives an inode one more name.
    pub(crate) fn link(&mut self, inode: InodeId, base: InodeId, path: &[u8]) -> Result<(), c_int> {
        let found = self.walk(base, path, false)?;
        self.check_may_add(&found)?;
        if found.has_slash {
            return Err(libc::ENOENT);
        }
        if self.directory(inode).is_ok() {
            return Err(libc::EPERM);
        }
        self.change(Change::Link { directory: found.directory, name: found.name, inode });
        Ok(())
    }

    pub(crate) fn read_link(&self, base: InodeId, path: &[u8]) -> Result<Vec<u8>, c_int> {
        match &self.inode(self.find(base, path, false)?).cache.body {
            FileBody::Symlink(target) => Ok(target.clone()),
            _ => Err(libc::EINVAL),
        }
    }

    /// Removes a name that is none of a directory.
    pub(crate) fn unlink(&mut self, base: InodeId, path: &[u8]) -> Result<(), c_int> {
        let found = self.walk(base, path, false)?;
        let inode = found.inode.ok_or(libc::ENOENT)?;
        if self.directory(inode).is_ok() {
            return Err(libc::EISDIR);
        }
        self.check_writable()?;
        self.change(Change::Unlink { directory: found.directory, name: found.name, inode });
        Ok(())
    }

    pub(crate) fn remove_directory(&mut self, base: InodeId, path: &[u8]) -> Result<(), c_int> {
        let found = self.walk(base, path, false)?;
        let inode = found.inode.ok_or(libc::ENOENT)?;
        let is_empty = self.directory(inode)?.entries.is_empty();
        if found.is_nameless() {
            let last = path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty());
            return Err(match last {
                None => libc::EBUSY,
                Some(b".") => libc::EINVAL,
                Some(_) => libc::ENOTEMPTY,
            });
        }
        if !is_empty {
            return Err(libc::ENOTEMPTY);
        }
        self.check_writable()?;
        self.change(Change::Unlink { directory: found.directory, name: found.name, inode });
        Ok(())
    }

    /// Renames at once: no crash leaves half of it. `flags`: those of `renameat2`.
    pub(crate) fn rename(
        &mut self,
        (from_base, from): (InodeId, &[u8]),
        (to_base, to): (InodeId, &[u8]),
        flags: u32,
    ) -> Result<(), c_int> {
        if flags & !(libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE) != 0 || flags == 3 {
            return Err(libc::EINVAL);
        }
        let (from, to) = (self.walk(from_base, from, false)?, self.walk(to_base, to, false)?);
        let inode = from.inode.ok_or(libc::ENOENT)?;
        if from.is_nameless() || to.is_nameless() {
            return Err(libc::EBUSY);
        }
        let is_directory = self.directory(inode).is_ok();
        if (from.has_slash || to.has_slash) && !is_directory {
            return Err(libc::ENOTDIR);
        }
        if is_directory && self.is_within(to.directory, inode) {
            return Err(libc::EINVAL);
        }
        self.check_writable()?;
        if flags == libc::RENAME_EXCHANGE {
            let other = to.inode.ok_or(libc::ENOENT)?;
            let (one, second) = ((from.directory, from.name), (to.directory, to.name));
            if other != inode {
                self.change(Change::Exchange { one, other: second, inodes: [inode, other] });
            }
            return Ok(());
        }
        match to.inode {
            Some(_) if flags == libc::RENAME_NOREPLACE => return Err(libc::EEXIST),
            // Two names of one file: both stay.
            Some(other) if other == inode => return Ok(()),
            Some(other) => match (is_directory, self.directory(other)) {
                (true, Err(_)) => return Err(libc::ENOTDIR),
                (false, Ok(_)) => return Err(libc::EISDIR),
                (true, Ok(directory)) if !directory.entries.is_empty() => return Err(libc::ENOTEMPTY),
                _ => {}
            },
            None if self.inode(to.directory).cache.links_count == 0 => return Err(libc::ENOENT),
            None => {}
        }
        let (source, target) = ((from.directory, from.name), (to.directory, to.name));
        self.change(Change::Rename { from: source, to: target, inode, replaced: to.inode });
        Ok(())
    }

    /// Whether a directory is another one, or below it.
    fn is_within(&self, directory: InodeId, other: InodeId) -> bool {
        let parent = |id: &InodeId| {
            let parent = self.directory(*id).ok()?.parent;
            (*id != Self::ROOT).then_some(parent)
        };
        std::iter::successors(Some(directory), parent).any(|id| id == other)
    }

    /// The bytes of a file at a path.
    pub(crate) fn contents(&self, path: &[u8]) -> Result<Vec<u8>, c_int> {
        let content = self.content(self.find(self.current(), path, true)?)?;
        Ok(content.read(0, usize::try_from(content.len()).map_err(|_| libc::EFBIG)?))
    }

    /// Puts a file on the disk, with the directories above it.
    pub(crate) fn put_file(&mut self, path: &[u8], bytes: &[u8]) -> Result<(), c_int> {
        if let Some(end) = path.iter().rposition(|byte| *byte == b'/').filter(|end| *end > 0) {
            self.make_directories(&path[..end]);
        }
        let flags = libc::O_CREAT | libc::O_TRUNC | libc::O_WRONLY;
        let (inode, found) = self.open(self.current(), path, flags, 0o644)?;
        let count = self.write(inode, 0, bytes)?;
        self.sync_all(inode);
        self.commit_directory(found.directory);
        if count < bytes.len() { Err(libc::ENOSPC) } else { Ok(()) }
    }
}
