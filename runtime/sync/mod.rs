//! Channels, locks and notifications for asynchronous tasks, with the names and the meaning of
//! `tokio::sync`.
//!
//! They need no runtime: any executor can poll them.

mod blocking;
pub mod broadcast;
mod loan;
pub mod mpsc;
mod mutex;
pub mod oneshot;
mod permits;
mod rwlock;
mod semaphore;
mod wait_list;
mod wait_until;
pub mod watch;

pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError};
pub use permits::{AcquireError, TryAcquireError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
