//! Channels, locks and notifications for asynchronous tasks, with the names and the meaning of
//! `tokio::sync`.
//!
//! They need no runtime: any executor can poll them.

mod blocking;
mod loan;
mod mutex;
mod permits;
mod rwlock;
mod semaphore;
pub mod mpsc;
pub mod oneshot;
mod wait_list;

pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError};
pub use permits::{AcquireError, TryAcquireError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
