//! `flock`: locks of open files.

use super::FileSystem;
use super::inode::InodeId;
use crate::kernel::ObjectId;

impl FileSystem {
    /// Locks an inode for an open file, instead of the lock that this has. Fails with those that
    /// have locks which it would have to wait for.
    pub(super) fn lock(
        &mut self,
        id: InodeId,
        owner: ObjectId,
        is_exclusive: bool,
    ) -> Result<(), Vec<ObjectId>> {
        let locks = &mut self.inode_mut(id).locks;
        let in_the_way: Vec<ObjectId> = locks
            .iter()
            .filter(|(other, is_other_exclusive)| *other != owner && (is_exclusive || *is_other_exclusive))
            .map(|(other, _)| *other)
            .collect();
        if !in_the_way.is_empty() {
            return Err(in_the_way);
        }
        locks.retain(|(other, _)| *other != owner);
        locks.push((owner, is_exclusive));
        Ok(())
    }

    /// Ends the lock of an open file, if it has one.
    pub(super) fn unlock(&mut self, id: InodeId, owner: ObjectId) {
        self.inode_mut(id).locks.retain(|(other, _)| *other != owner);
    }
}
