//! How a path leads to an inode.

use std::ffi::c_int;

use super::FileSystem;
use super::inode::{Directory, FileBody, InodeId, Name};

/// The longest path with the NUL at its end, and the longest name, in bytes.
pub(crate) const PATH_BYTES_MAX: usize = 4096;
const NAME_BYTES_MAX: usize = 255;
/// How many symbolic links a path may lead through.
const LINKS_COUNT_MAX: usize = 40;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) directory: InodeId,
    /// `.` if the path ends with no name: `/`, `a/..`.
    pub(crate) name: Name,
    /// What the directory has under the name.
    pub(crate) inode: Option<InodeId>,
    /// Whether the path ends with `/`.
    pub(crate) has_slash: bool,
}

impl Found {
    /// Whether the path ends with no name.
    pub(super) fn is_nameless(&self) -> bool {
        self.name == b"."
    }
}

impl FileSystem {
    pub(super) fn directory(&self, id: InodeId) -> Result<&Directory, c_int> {
        match self.inodes.get(&id).map(|inode| &inode.cache.body) {
            Some(FileBody::Directory(directory)) => Ok(directory),
            Some(_) => Err(libc::ENOTDIR),
            None => Err(libc::ENOENT),
        }
    }

    /// Walks a path from a directory. `follows`: also through a symbolic link at its end.
    pub(crate) fn walk(&self, base: InodeId, path: &[u8], follows: bool) -> Result<Found, c_int> {
        if path.is_empty() {
            return Err(libc::ENOENT);
        }
        if path.len() >= PATH_BYTES_MAX {
            return Err(libc::ENAMETOOLONG);
        }
        let has_slash = path.ends_with(b"/");
        let mut current = if path.starts_with(b"/") { Self::ROOT } else { base };
        let (mut rest, mut links_count) = (components(path), 0);
        while let Some(name) = rest.pop() {
            let directory = self.directory(current)?;
            if name == b"." {
                continue;
            }
            if name == b".." {
                current = directory.parent;
                continue;
            }
            if name.len() > NAME_BYTES_MAX {
                return Err(libc::ENAMETOOLONG);
            }
            let inode = directory.entries.get(&name).copied();
            let Some(next) = inode else {
                let found = Found { directory: current, name, inode, has_slash };
                return if rest.is_empty() { Ok(found) } else { Err(libc::ENOENT) };
            };
            let is_last = rest.is_empty();
            if let FileBody::Symlink(target) = &self.inode(next).cache.body {
                if !is_last || follows || has_slash {
                    links_count += 1;
                    if links_count > LINKS_COUNT_MAX {
                        return Err(libc::ELOOP);
                    }
                    current = if target.starts_with(b"/") { Self::ROOT } else { current };
                    rest.extend(components(target));
                    continue;
                }
            }
            if is_last {
                if has_slash {
                    self.directory(next)?;
                }
                return Ok(Found { directory: current, name, inode, has_slash });
            }
            current = next;
        }
        let directory = self.directory(current)?.parent;
        Ok(Found { directory, name: b".".to_vec(), inode: Some(current), has_slash })
    }

    /// What is at a path. Fails with `ENOENT` if that is nothing.
    pub(crate) fn find(&self, base: InodeId, path: &[u8], follows: bool) -> Result<InodeId, c_int> {
        self.walk(base, path, follows)?.inode.ok_or(libc::ENOENT)
    }

    /// The absolute path of a directory. `None`: it was removed.
    pub(crate) fn path_of(&self, directory: InodeId) -> Option<Vec<u8>> {
        let (mut names, mut current) = (Vec::new(), directory);
        while current != Self::ROOT {
            let parent = self.directory(current).ok()?.parent;
            let is_it = |entry: &(&Name, &InodeId)| *entry.1 == current;
            names.push(self.directory(parent).ok()?.entries.iter().find(is_it)?.0);
            current = parent;
        }
        if names.is_empty() {
            return Some(b"/".to_vec());
        }
        Some(names.into_iter().rev().flat_map(|name| [b"/", name.as_slice()].concat()).collect())
    }

    /// The absolute path that has no symbolic link.
    pub(crate) fn real_path(&self, base: InodeId, path: &[u8]) -> Result<Vec<u8>, c_int> {
        let found = self.walk(base, path, true)?;
        let inode = found.inode.ok_or(libc::ENOENT)?;
        if found.is_nameless() {
            return self.path_of(inode).ok_or(libc::ENOENT);
        }
        self.place(found.directory, &found.name).ok_or(libc::ENOENT)
    }

    /// The absolute path of a name in a directory.
    pub(super) fn place(&self, directory: InodeId, name: &[u8]) -> Option<Vec<u8>> {
        let mut path = self.path_of(directory)?;
        if path != b"/" {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Some(path)
    }
}

/// The names of a path, the last first.
fn components(path: &[u8]) -> Vec<Name> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.rev().map(<[u8]>::to_vec).collect()
}
