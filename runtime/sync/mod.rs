//! Channels, locks and notifications for asynchronous tasks, with the names and the meaning of
//! `tokio::sync`.
//!
//! They need no runtime: any executor can poll them. A wait allocates nothing, because the entry of
//! a task that waits lies in its future.
//!
//! ```
//! use std::sync::Arc;
//!
//! use heist::sync::{Mutex, Semaphore};
//! use heist::task::JoinSet;
//!
//! #[heist::main]
//! async fn main() {
//!     let (results, permits) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(2)));
//!     let mut tasks = JoinSet::new();
//!     for number in 1..=5 {
//!         let (results, permits) = (results.clone(), permits.clone());
//!         tasks.spawn(async move {
//!             // Two of them at a time.
//!             let _permit = permits.acquire().await.unwrap();
//!             results.lock().await.push(number * number);
//!         });
//!     }
//!     tasks.join_all().await;
//!     assert_eq!(results.lock().await.iter().sum::<i32>(), 55);
//! }
//! ```
//!
//! | You want to | Use |
//! |---|---|
//! | send values from many tasks to one | [`mpsc`] |
//! | send one value, once | [`oneshot`] |
//! | send every value to every task | [`broadcast`] |
//! | share the latest value | [`watch`] |
//! | change a value across an `await` | [`Mutex`], or [`std::sync::Mutex`] if there is no `await` in between |
//! | let many read, or one write | [`RwLock`] |
//! | limit how many tasks do something at a time | [`Semaphore`] |
//! | wake tasks, without a value | [`Notify`] |
//! | let tasks wait for each other | [`Barrier`] |
//! | compute a value once | [`OnceCell`] |
//! | wait for a value that is set once | [`SetOnce`] |
//!
//! Locks and permits are fair: tasks get them in the order in which they began to wait.
//!
//! # Panics
//! The functions whose names begin with `blocking_` panic on a thread that runs tasks or is inside
//! `block_on`; use them in [`spawn_blocking`](crate::task::spawn_blocking), or on threads of your
//! own.
//!
//! # Cancel safety
//! Waits are cancel safe unless their text says otherwise: a future that is dropped gives up its
//! place in the queue, and passes on what it was given and has not returned.
// `DESIGN.md` of this room explains how it works, and in which order to read the files.

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
