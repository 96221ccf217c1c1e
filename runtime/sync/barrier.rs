//! A place where tasks wait for each other.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::wait_list::{Home, WaitList, Waiter, WaiterStage};
use crate::task::WaitReason;
use crate::task::coop::poll_proceed_for;

/// A place where a number of tasks wait until all of them are there. It can be used again at once.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use std::sync::Arc;
///
/// use heist::sync::Barrier;
/// use heist::task::JoinSet;
///
/// let barrier = Arc::new(Barrier::new(3));
/// let mut tasks = JoinSet::new();
/// for _ in 0..3 {
///     let barrier = barrier.clone();
///     tasks.spawn(async move { barrier.wait().await.is_leader() });
/// }
/// let leaders = tasks.join_all().await.into_iter().filter(|is_leader| *is_leader);
/// assert_eq!(leaders.count(), 1);
/// # }
/// ```
pub struct Barrier {
    tasks_count: usize,
    /// The state is the number of tasks that have arrived in this round.
    waiters: WaitList<usize, ()>,
}

impl Home for Barrier {
    type State = usize;
    type Wish = ();

    const NAME: &'static str = "Barrier";

    fn wait_list(&self) -> &WaitList<usize, ()> {
        &self.waiters
    }
}

impl Barrier {
    /// Creates a barrier for `n` tasks. With 0 it works as with 1: nobody waits.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let barrier = heist::sync::Barrier::new(1);
    /// assert!(barrier.wait().await.is_leader());
    /// # }
    /// ```
    pub fn new(n: usize) -> Barrier {
        Barrier { tasks_count: n.max(1), waiters: WaitList::new(0) }
    }

    /// Waits until all tasks have called this. One of them is the leader: the last one.
    ///
    /// # Cancel safety
    /// Not cancel safe: a future that was polled counts as arrived, also when it is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let barrier = std::sync::Arc::new(heist::sync::Barrier::new(2));
    /// let other = barrier.clone();
    /// let task = heist::spawn(async move { other.wait().await });
    /// let here = barrier.wait().await;
    /// assert_ne!(here.is_leader(), task.await.unwrap().is_leader());
    /// # }
    /// ```
    pub async fn wait(&self) -> BarrierWaitResult {
        let wait = WaitForAll { waiter: Waiter::new(self) };
        wait.await
    }
}

pin_project! {
    struct WaitForAll<'a> {
        #[pin]
        waiter: Waiter<&'a Barrier>,
    }
}

impl Future for WaitForAll<'_> {
    type Output = BarrierWaitResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        let this = self.project();
        if this.waiter.stage() != WaiterStage::Idle {
            let reason = || WaitReason::of_sync(Barrier::NAME, *this.waiter.home());
            let restore = ready!(poll_proceed_for(cx, reason));
            ready!(this.waiter.poll_chosen(cx));
            restore.made_progress();
            return Poll::Ready(BarrierWaitResult(false));
        }
        let barrier = *this.waiter.home();
        // A clone is user code, as its destructor is: both are called without the lock.
        let waker = cx.waker().clone();
        let mut locked = barrier.waiters.lock();
        *locked += 1;
        if *locked < barrier.tasks_count {
            this.waiter.as_ref().enter(&mut locked, (), Some(waker));
            return Poll::Pending;
        }
        *locked = 0;
        // Those of the next round may come before all are woken [round].
        let turn = locked.next_turn();
        locked.wake_while(
            |locked| {
                if locked.has_one_before(turn) { locked.choose_first(|()| ()) } else { None }
            },
        );
        Poll::Ready(BarrierWaitResult(true))
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("n", &self.tasks_count).finish_non_exhaustive()
    }
}

/// Returned by [`Barrier::wait`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::{Barrier, BarrierWaitResult};
///
/// let result: BarrierWaitResult = Barrier::new(1).wait().await;
/// assert!(result.is_leader());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Returns whether this task is the leader, which is one of each round.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// assert!(heist::sync::Barrier::new(1).wait().await.is_leader());
    /// # }
    /// ```
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
