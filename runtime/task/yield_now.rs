//! Lets other tasks run.

use std::future::poll_fn;
use std::task::Poll;

/// Lets other tasks run, and comes back behind all that are queued.
///
/// Whether that is enough for I/O and timers to be looked at is the scheduler's business; it looks at them
/// often.
///
/// # Cancel safety
///
/// Cancel safe: dropping it does nothing.
///
/// # Examples
///
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
        Poll::Pending
    })
    .await;
}
