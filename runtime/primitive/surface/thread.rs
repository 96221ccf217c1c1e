//! Threads that an explorer interleaves with the tasks.
//!
//! loom has room for five threads in all: the one that runs the program, the workers, and these.
//!
//! ```
//! use heist::model::thread;
//!
//! heist::model(|| async {
//!     let other = thread::spawn(|| 6 * 7);
//!     assert_eq!(other.join().unwrap(), 42);
//! });
//! ```

#[cfg(rt_loom)]
#[doc(no_inline)]
pub use loom::thread::{JoinHandle, Thread, ThreadId, current, park, yield_now};
#[cfg(all(rt_shuttle, not(rt_loom)))]
#[doc(no_inline)]
pub use shuttle::thread::{JoinHandle, Thread, ThreadId, current, park, spawn, yield_now};
#[cfg(not(any(rt_loom, rt_shuttle)))]
#[doc(no_inline)]
pub use std::thread::{JoinHandle, Thread, ThreadId, current, park, spawn, yield_now};

/// Starts a thread of the program, whose steps loom reorders at every depth.
///
/// # Examples
/// ```
/// heist::model(|| async {
///     let thread = heist::model::thread::spawn(|| 42);
///     assert_eq!(thread.join().unwrap(), 42);
/// });
/// ```
#[cfg(rt_loom)]
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    loom::thread::spawn(move || {
        let _step = crate::primitive::explorer::program_step();
        f()
    })
}
