//! The executor that hyper 1.x asks for. `io::hyper` shows it to users.

use std::future::Future;

use hyper::rt;

use super::spawn::spawn;

/// Spawns hyper's futures on the current runtime. Needs the feature `hyper`.
///
/// # Panics
/// `execute` panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use hyper::rt::Executor as _;
///
/// let (sender, receiver) = futures::channel::oneshot::channel();
/// heist::io::hyper::Executor.execute(async { sender.send("done").unwrap() });
/// assert_eq!(receiver.await, Ok("done"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F> rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        // Detached, because hyper keeps no handles.
        drop(spawn(future));
    }
}
