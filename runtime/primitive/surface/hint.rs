//! What a loop says that waits for another thread.
//!
//! A loop that waits must call [`spin_loop`] or [`yield_now`](super::thread::yield_now) in each
//! round: an explorer runs the threads in any order, and without it one that waits would run for
//! ever.
//!
//! ```
//! use heist::model::hint::spin_loop;
//! use heist::model::sync::Arc;
//! use heist::model::sync::atomic::{AtomicBool, Ordering};
//! use heist::model::thread;
//!
//! heist::model(|| async {
//!     let is_done = Arc::new(AtomicBool::new(false));
//!     let there = is_done.clone();
//!     let other = thread::spawn(move || there.store(true, Ordering::Release));
//!     while !is_done.load(Ordering::Acquire) {
//!         spin_loop();
//!     }
//!     other.join().unwrap();
//! });
//! ```

#[cfg(rt_loom)]
#[doc(no_inline)]
pub use loom::hint::spin_loop;
#[cfg(all(rt_shuttle, not(rt_loom)))]
#[doc(no_inline)]
pub use shuttle::hint::spin_loop;
#[cfg(not(any(rt_loom, rt_shuttle)))]
#[doc(no_inline)]
pub use std::hint::spin_loop;
