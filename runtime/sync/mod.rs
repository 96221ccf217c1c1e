//! Channels, locks and notifications for asynchronous tasks, with the names and the meaning of
//! `tokio::sync`.
//!
//! They need no runtime: any executor can poll them.

mod barrier;
mod blocking;
pub mod broadcast;
mod loan;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod permits;
mod rwlock;
mod semaphore;
mod set_once;
mod spin;
mod wait_list;
mod wait_until;
pub mod watch;
mod write_once;

#[cfg(test)]
mod models;

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use permits::{AcquireError, TryAcquireError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use set_once::{SetOnce, SetOnceError};

/// The futures of this module that have names.
pub mod futures {
    pub use super::notify::{Notified, OwnedNotified};
}
