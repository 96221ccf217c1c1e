//! A lock for one writer or many readers.

mod definition;
mod lock;
mod mapped;
mod owned_mapped;
mod owned_read;
mod owned_write;
mod read;
mod write;

pub use definition::RwLock;
pub use mapped::RwLockMappedWriteGuard;
pub use owned_mapped::OwnedRwLockMappedWriteGuard;
pub use owned_read::OwnedRwLockReadGuard;
pub use owned_write::OwnedRwLockWriteGuard;
pub use read::RwLockReadGuard;
pub use write::RwLockWriteGuard;
