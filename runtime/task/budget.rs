//! The cooperative budget: how many operations a task may complete in one poll before it has to let others
//! run.
//!
//! A run starts with [`UNITS_PER_POLL`]. Every operation that could go on for ever without waiting (a socket
//! that always has data, a channel that always has a message) first calls [`poll_proceed`], which takes a
//! unit; without one it wakes the task and says pending, so that the task goes to the back of the queue. An
//! operation that did not make progress gets its unit back. Outside a task the budget is without limit.

use crate::primitive::thread;
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Large enough that its cost is not felt, small enough that a poll stays well below a millisecond.
const UNITS_PER_POLL: u16 = 128;
const UNLIMITED: u16 = u16::MAX;

thread::thread_local! {
    static UNITS: Cell<u16> = const { Cell::new(UNLIMITED) };
}

/// Gives the current thread a fresh budget until the guard is dropped.
#[inline]
pub(super) fn enter() -> Entered {
    Entered::with(UNITS_PER_POLL)
}

/// Runs `f`, a poll of a future that is no task, under a fresh budget.
pub(crate) fn with_budget<R>(f: impl FnOnce() -> R) -> R {
    let _budget = enter();
    f()
}

/// Runs `f` without a budget.
pub(crate) fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    let _budget = Entered::with(UNLIMITED);
    f()
}

/// Puts the outer budget back when it is dropped.
pub(super) struct Entered {
    outer: u16,
}

impl Entered {
    #[inline]
    fn with(units: u16) -> Entered {
        Entered { outer: UNITS.with(|cell| cell.replace(units)) }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        UNITS.with(|cell| cell.set(self.outer));
    }
}

/// Gives the unit back when it is dropped, unless the operation made progress.
#[must_use = "an operation that made progress must say so, else it costs nothing"]
pub(crate) struct RestoreOnPending {
    before: Cell<u16>,
    /// The budget is the thread's.
    stays: PhantomData<*const ()>,
}

impl RestoreOnPending {
    /// The operation is ready: the unit is spent.
    #[inline]
    pub(crate) fn made_progress(&self) {
        self.before.set(UNLIMITED);
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        let before = self.before.get();
        if before != UNLIMITED {
            UNITS.with(|cell| cell.set(before));
        }
    }
}

/// Takes `units` more, as far as there are any: what was done cost more than one.
fn spend(units: usize) {
    UNITS.with(|cell| {
        let before = cell.get();
        if before != UNLIMITED {
            cell.set(before.saturating_sub(u16::try_from(units).unwrap_or(UNITS_PER_POLL)));
        }
    });
}

/// Pays for `count` bytes that were copied, beyond the unit that an operation costs: a poll copies about one MiB, which takes
/// 60 to 250 µs, before it lets others run.
#[inline]
pub(crate) fn spend_bytes(count: usize) {
    const BYTES_PER_UNIT: usize = 8 * 1024;
    if count >= BYTES_PER_UNIT {
        spend(count / BYTES_PER_UNIT);
    }
}

/// Takes a unit of the budget; pending, and woken at once, if there is none.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let before = UNITS.with(Cell::get);
    match before {
        0 => {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        UNLIMITED => {}
        units => UNITS.with(|cell| cell.set(units - 1)),
    }
    Poll::Ready(RestoreOnPending { before: Cell::new(before), stays: PhantomData })
}

/// Whether the current task may complete another operation before it has to yield. Always true outside a
/// task.
///
/// Useful in a hand-written `poll` that does many small things: when it is false, wake the task and return
/// pending.
pub fn has_budget_remaining() -> bool {
    UNITS.with(Cell::get) > 0
}

/// Takes one unit of the current task's budget, and yields to other tasks if there was none.
///
/// A loop that computes, or that awaits only what is always ready, stays fair to other tasks if it awaits
/// this in every round. It costs next to nothing in most rounds: a task yields once in 128.
///
/// # Cancel safety
///
/// Cancel safe: dropping it does nothing.
///
/// # Examples
///
/// ```
/// async fn sum(numbers: &[u64]) -> u64 {
///     let mut sum = 0;
///     for number in numbers {
///         sum += number;
///         heist::task::consume_budget().await;
///     }
///     sum
/// }
/// # fn main() -> std::io::Result<()> {
/// # let runtime = heist::runtime::Runtime::new()?;
/// # assert_eq!(runtime.block_on(sum(&[1, 2, 3])), 6);
/// # Ok(())
/// # }
/// ```
pub async fn consume_budget() {
    poll_fn(|cx| {
        let restore = ready!(poll_proceed(cx));
        restore.made_progress();
        Poll::Ready(())
    })
    .await;
}

/// Makes `future` take no notice of the budget.
///
/// Its operations never yield on their own, so a future that is always ready keeps its worker from other
/// tasks.
pub fn unconstrained<F: Future>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

/// Makes `future` take a unit of the budget whenever it is ready, so that a loop over it stays fair to other
/// tasks.
///
/// For futures that know nothing of the budget, such as those of channels from other crates. If there is no
/// budget left, the future is not polled, and the task yields.
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

pin_project! {
    /// The future of [`unconstrained`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

pin_project! {
    /// The future of [`cooperative`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct Coop<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        without_budget(|| self.project().future.poll(cx))
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let restore = ready!(poll_proceed(cx));
        let output = ready!(self.project().future.poll(cx));
        restore.made_progress();
        Poll::Ready(output)
    }
}
