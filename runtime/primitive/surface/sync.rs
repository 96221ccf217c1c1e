//! Atomics and locks: std's, or those of the explorer that this build has.
//!
//! A program that takes them from here is the same program in each build. What differs:
//!
//! | | normal build | loom | shuttle |
//! |---|---|---|---|
//! | atomics | std's | every value that the memory model allows | sequentially consistent |
//! | `const` constructors | yes | no: make them when the model runs | yes |
//! | `Arc` | std's | notices leaks, and drops that race; no `Weak` | std's |
//! | `Condvar::wait_timeout` | std's | never times out | never times out |
//! | poisoned locks | std's | never | std's |
//!
//! The locks of [`heist::sync`](crate::sync) are the same in every build and work in models, except
//! for their `const` constructors under loom.
//!
//! ```
//! use heist::model::sync::atomic::{AtomicUsize, Ordering};
//! use heist::model::sync::{Arc, Mutex};
//!
//! heist::model(|| async {
//!     let (count, names) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
//!     let (there, list) = (count.clone(), names.clone());
//!     let task = heist::spawn(async move {
//!         there.fetch_add(1, Ordering::Relaxed);
//!         list.lock().unwrap().push("task");
//!     });
//!     count.fetch_add(1, Ordering::Relaxed);
//!     task.await.unwrap();
//!     assert_eq!(count.load(Ordering::Relaxed), 2);
//!     assert_eq!(*names.lock().unwrap(), ["task"]);
//! });
//! ```

#[cfg(rt_loom)]
#[doc(no_inline)]
pub use loom::sync::{
    Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};
#[cfg(all(rt_shuttle, not(rt_loom)))]
#[doc(no_inline)]
pub use shuttle::sync::{
    Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};
#[cfg(not(any(rt_loom, rt_shuttle)))]
#[doc(no_inline)]
pub use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};

/// Atomics: std's, or those of the explorer that this build has.
///
/// ```
/// use heist::model::sync::atomic::{AtomicBool, Ordering};
///
/// let is_taken = AtomicBool::new(false);
/// assert!(!is_taken.swap(true, Ordering::AcqRel));
/// ```
pub mod atomic {
    #[cfg(rt_loom)]
    #[doc(no_inline)]
    pub use loom::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
        AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(all(rt_shuttle, not(rt_loom)))]
    #[doc(no_inline)]
    pub use shuttle::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
        AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(not(any(rt_loom, rt_shuttle)))]
    #[doc(no_inline)]
    pub use std::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
        AtomicU32, AtomicU64, AtomicUsize, fence,
    };

    #[doc(no_inline)]
    pub use std::sync::atomic::Ordering;
}
