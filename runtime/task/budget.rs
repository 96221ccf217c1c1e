//! The cooperative budget: how many operations a task may complete in one poll before it has to let
//! other tasks run.
//!
//! A run starts with [`UNITS_PER_POLL`] units. Every operation that could go on for ever without
//! waiting (a socket that always has data, a channel that always has a message) first calls
//! [`poll_proceed`], which takes one unit. If no unit is left, it wakes the task and returns
//! pending, so that the task goes to the back of the queue. An operation that makes no progress
//! gets its unit back. The future that a current-thread runtime blocks on has the budget of a task.
//! Elsewhere outside of a task the budget is unlimited.

use super::trace::{Note, has_refused_too_often, is_traced, may_pass, note};
use crate::primitive::thread;
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Large enough that its cost is not felt, and small enough that a poll stays well below a
/// millisecond.
const UNITS_PER_POLL: u16 = 128;
const UNLIMITED: u16 = u16::MAX;

thread::thread_local! {
    static UNITS: Cell<u16> = const { Cell::new(UNLIMITED) };
    /// How often an operation found no unit on this thread: a figure for users. With
    /// `STRAIGHT_ON`.
    static FORCED_YIELDS: Cell<u64> = const { Cell::new(0) };
}

/// In `FORCED_YIELDS`: a poll that is observed has ended, and the worker has taken the count not
/// since. Workers take it whenever they look after anything else than their queues. So it tells an
/// observed poll that another one was just before, and costs the loop of a worker nothing.
const STRAIGHT_ON: u64 = 1 << 63;

/// Gives this thread a fresh budget until the guard is dropped.
#[inline]
pub(super) fn enter() -> EnteredBudget {
    EnteredBudget::with(UNITS_PER_POLL)
}

/// Gives this thread a budget that is spent, until the guard is dropped.
pub(super) fn enter_spent() -> EnteredBudget {
    EnteredBudget::with(0)
}

/// Runs `f`, which polls a future that is not a task, with a fresh budget.
pub(crate) fn with_budget<R>(f: impl FnOnce() -> R) -> R {
    let _budget = enter();
    f()
}

/// Runs `f` without a budget.
pub(crate) fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    let _budget = EnteredBudget::with(UNLIMITED);
    f()
}

/// Restores the outer budget when it is dropped.
pub(super) struct EnteredBudget {
    outer: u16,
}

impl EnteredBudget {
    #[inline]
    fn with(units: u16) -> EnteredBudget {
        EnteredBudget { outer: UNITS.with(|cell| cell.replace(units)) }
    }
}

impl Drop for EnteredBudget {
    #[inline]
    fn drop(&mut self) {
        UNITS.with(|cell| cell.set(self.outer));
    }
}

/// Gives the unit back when it is dropped, unless the operation made progress: [`poll_proceed`]
/// returns it.
///
/// # Examples
/// ```
/// use heist::task::coop::{RestoreOnPending, poll_proceed};
/// use std::task::{Context, Poll, Waker};
///
/// let proceed: Poll<RestoreOnPending> = poll_proceed(&mut Context::from_waker(Waker::noop()));
/// // Outside of a task there is no limit.
/// assert!(proceed.is_ready());
/// ```
#[derive(Debug)]
#[must_use = "an operation that made progress must say so, else it costs nothing"]
pub struct RestoreOnPending {
    before: Cell<u16>,
    /// Not `Send`, because the budget belongs to the thread.
    stays: PhantomData<*const ()>,
}

impl RestoreOnPending {
    /// Reports that the operation is ready: its unit is spent.
    ///
    /// # Examples
    /// ```
    /// use heist::task::coop;
    /// use std::future::poll_fn;
    /// use std::task::{Poll, ready};
    ///
    /// # heist::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut items = [1, 2, 3].into_iter();
    /// let next = poll_fn(|cx| {
    ///     let restore = ready!(coop::poll_proceed(cx));
    ///     let item = items.next();
    ///     restore.made_progress();
    ///     Poll::Ready(item)
    /// });
    /// assert_eq!(next.await, Some(1));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn made_progress(&self) {
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

/// Takes `units` more units, or all that are left, for an operation that costs more than one.
fn spend(units: usize) {
    UNITS.with(|cell| {
        let before = cell.get();
        if before != UNLIMITED {
            cell.set(before.saturating_sub(u16::try_from(units).unwrap_or(UNITS_PER_POLL)));
        }
    });
}

/// Charges for `count` copied bytes, beyond the one unit that every operation costs: one unit per 8
/// KiB. So a poll copies about one MiB, which takes 60 to 250 µs, before it lets other tasks run.
#[inline]
pub(crate) fn spend_bytes(count: usize) {
    const BYTES_PER_UNIT: usize = 8 * 1024;
    if count >= BYTES_PER_UNIT {
        spend(count / BYTES_PER_UNIT);
    }
}

/// Takes a unit of the budget. If there is none, wakes the task at once and returns pending.
///
/// For futures of your own that may be ready time after time: call it first, and call
/// [`made_progress`](RestoreOnPending::made_progress) if the future is ready. Otherwise the unit
/// goes back.
///
/// # Examples
/// ```
/// use heist::task::coop::{has_budget_remaining, poll_proceed};
/// use std::future::poll_fn;
///
/// # #[heist::main]
/// # async fn main() {
/// let task = heist::spawn(async {
///     let mut count = 0;
///     while has_budget_remaining() {
///         poll_fn(poll_proceed).await.made_progress();
///         count += 1;
///     }
///     count
/// });
/// assert_eq!(task.await.unwrap(), 128);
/// # }
/// ```
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let before = units_here();
    match before {
        0 => {
            force_yield(cx);
            return Poll::Pending;
        }
        UNLIMITED => {}
        units => UNITS.with(|cell| cell.set(units - 1)),
    }
    Poll::Ready(RestoreOnPending { before: Cell::new(before), stays: PhantomData })
}

/// As [`poll_proceed`], for an operation that stands around others: a dump has to reach those,
/// which say what they wait for.
///
/// # Examples
/// ```
/// use heist::runtime::facade::poll_proceed_outer;
/// use std::task::{Context, Waker};
///
/// assert!(poll_proceed_outer(&mut Context::from_waker(Waker::noop())).is_ready());
/// ```
#[inline]
pub fn poll_proceed_outer(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let proceed = poll_proceed(cx);
    if proceed.is_pending() && may_pass() {
        return Poll::Ready(RestoreOnPending { before: Cell::new(UNLIMITED), stays: PhantomData });
    }
    proceed
}

/// As [`poll_proceed`]; a dump learns from `reason` what the operation waits for.
#[inline]
pub(crate) fn poll_proceed_for<N: Into<Note>>(
    cx: &mut Context<'_>,
    reason: impl FnOnce() -> N,
) -> Poll<RestoreOnPending> {
    let before = units_here();
    match before {
        0 => {
            wait_for_units(cx, reason);
            return Poll::Pending;
        }
        UNLIMITED => {}
        units => UNITS.with(|cell| cell.set(units - 1)),
    }
    Poll::Ready(RestoreOnPending { before: Cell::new(before), stays: PhantomData })
}

/// The units that are left. In a simulated world the budget of a task may end at any operation.
#[inline]
fn units_here() -> u16 {
    let units = UNITS.with(Cell::get);
    #[cfg(feature = "sim")]
    if units != UNLIMITED && units > 0 && heist_sim::is_interrupted() {
        return 0;
    }
    units
}

/// One call for all that is to be done without a unit, so that the usual way keeps nothing for it.
#[cold]
#[inline(never)]
fn wait_for_units<N: Into<Note>>(cx: &mut Context<'_>, reason: impl FnOnce() -> N) {
    note(reason);
    force_yield(cx);
}

/// Makes the task yield. The poll of a dump, which spends the budget itself, is not counted.
#[cold]
#[inline(never)]
fn force_yield(cx: &mut Context<'_>) {
    if !is_traced() {
        FORCED_YIELDS.with(|count| count.set(count.get() + 1));
    }
    cx.waker().wake_by_ref();
    if has_refused_too_often() {
        UNITS.with(|cell| cell.set(UNITS_PER_POLL));
    }
}

/// Returns how often a task had to yield on this thread since the last call.
#[inline]
pub(crate) fn take_forced_yields() -> u64 {
    FORCED_YIELDS.with(|count| if count.get() > 0 { count.take() & !STRAIGHT_ON } else { 0 })
}

/// An observed poll has ended on this thread.
#[inline]
pub(super) fn begin_straight_on() {
    FORCED_YIELDS.with(|count| count.set(count.get() | STRAIGHT_ON));
}

/// Whether nobody has taken the forced yields of this thread since the last observed poll.
#[inline]
pub(super) fn is_straight_on() -> bool {
    FORCED_YIELDS.with(|count| count.get() & STRAIGHT_ON != 0)
}

/// Returns whether the current task may complete another operation before it has to yield.
///
/// Use it in a hand-written `poll` that does many small things: when it returns false, wake the
/// task and return pending. It always returns true outside of a task, except in the future that a
/// current-thread runtime blocks on, which has the budget of a task.
///
/// # Examples
/// A count that yields to other tasks when the budget is spent:
///
/// ```
/// use std::task::{Context, Poll};
///
/// use heist::task::coop;
///
/// /// Counts to `end`, and yields when the budget is spent.
/// fn poll_count(counter: &mut u64, end: u64, cx: &mut Context<'_>) -> Poll<u64> {
///     while *counter < end {
///         if !coop::has_budget_remaining() {
///             cx.waker().wake_by_ref();
///             return Poll::Pending;
///         }
///         *counter += 1;
///     }
///     Poll::Ready(*counter)
/// }
/// # fn main() -> std::io::Result<()> {
/// # let runtime = heist::runtime::Runtime::new()?;
/// let mut counter = 0;
/// let task = runtime.spawn(std::future::poll_fn(move |cx| poll_count(&mut counter, 1000, cx)));
/// assert_eq!(runtime.block_on(task).unwrap(), 1000);
/// # Ok(())
/// # }
/// ```
pub fn has_budget_remaining() -> bool {
    UNITS.with(Cell::get) > 0
}

/// Takes one unit of the current task's budget, and yields to other tasks if no unit is left.
///
/// A loop that computes, or that awaits only futures that are always ready, stays fair to other
/// tasks if it awaits this function in every iteration. It costs next to nothing in most
/// iterations, because a task yields only once in 128.
///
/// # Cancel safety
/// Cancel safe: dropping the future does nothing.
///
/// # Examples
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

/// Makes `future` ignore the budget.
///
/// Its operations never yield on their own. A future that is always ready therefore keeps its
/// worker from running other tasks.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let runtime = heist::runtime::Runtime::new()?;
/// let task = runtime.spawn(heist::task::unconstrained(async {
///     let mut count = 0;
///     for _ in 0..1000 {
///         // Never yields here, although a poll has a budget of 128 units.
///         heist::task::consume_budget().await;
///         count += 1;
///     }
///     count
/// }));
/// assert_eq!(runtime.block_on(task).unwrap(), 1000);
/// # Ok(())
/// # }
/// ```
pub fn unconstrained<F: Future>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

/// Makes `future` take a unit of the budget whenever it is ready, so that a loop over it stays fair
/// to other tasks.
///
/// Use it for futures that do not know the budget, such as those of channels from other crates. If
/// no budget is left, the future is not polled, and the task yields.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// use futures::StreamExt as _;
/// use heist::task::coop::cooperative;
///
/// # let runtime = heist::runtime::Runtime::new()?;
/// runtime.block_on(async {
///     let (sender, mut receiver) = futures::channel::mpsc::unbounded();
///     for number in 1..=3 {
///         sender.unbounded_send(number).unwrap();
///     }
///     drop(sender);
///     let mut sum = 0;
///     while let Some(number) = cooperative(receiver.next()).await {
///         sum += number;
///     }
///     assert_eq!(sum, 6);
/// });
/// # Ok(())
/// # }
/// ```
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

pin_project! {
    /// The future returned by [`unconstrained`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::coop::{Unconstrained, unconstrained};
    /// use std::future::{Ready, ready};
    ///
    /// let future: Unconstrained<Ready<u32>> = unconstrained(ready(42));
    /// assert_eq!(future.await, 42);
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

pin_project! {
    /// The future returned by [`cooperative`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::coop::{Coop, cooperative};
    /// use std::future::{Ready, ready};
    ///
    /// let future: Coop<Ready<u32>> = cooperative(ready(42));
    /// assert_eq!(future.await, 42);
    /// # }
    /// ```
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
        if !has_budget_remaining() && is_traced() {
            return self.project().future.poll(cx);
        }
        without_budget(|| self.project().future.poll(cx))
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let restore = ready!(poll_proceed_outer(cx));
        let output = ready!(self.project().future.poll(cx));
        restore.made_progress();
        Poll::Ready(output)
    }
}
