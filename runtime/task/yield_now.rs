//! Lets other tasks run.

use std::future::poll_fn;
use std::task::Poll;

/// Yields to other tasks: the calling task goes to the back of the queue and runs again after all
/// tasks that are queued now.
///
/// The scheduler looks at I/O and timers often, but not necessarily before this task runs again.
///
/// # Cancel safety
/// Cancel safe: dropping the future does nothing.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// runtime.block_on(async {
///     let other = heist::spawn(async { "ran" });
///     while !other.is_finished() {
///         heist::task::yield_now().await;
///     }
///     assert_eq!(other.await.unwrap(), "ran");
/// });
/// # Ok(())
/// # }
/// ```
pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        cx.waker().wake_by_ref();
        crate::primitive::let_others_run();
        Poll::Pending
    })
    .await;
}
