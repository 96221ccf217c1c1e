//! Sets of futures that need not be `Send`, on any thread.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use super::guests::list_set;
use super::{Id, JoinHandle, Runnable};
use current::{LocalPart, Presence, SetGuard};

mod current;
pub(super) mod inbox;

/// How many tasks of a set one poll of it runs, so that others get their turn: as many as tokio.
const TASKS_PER_POLL: usize = 61;

/// A set of tasks whose futures need not be `Send`: they run where the set is polled, on the thread
/// that made it.
///
/// Inside of a task [`task::spawn_local`](super::spawn_local) needs no set: the future stays on its
/// worker. A set also works directly in `block_on` of a multi-thread runtime, in
/// [`spawn_blocking`](super::spawn_blocking), and on other executors, and it owns its tasks:
/// dropping the set drops them.
///
/// The tasks make progress while [`run_until`](Self::run_until) or the set itself is polled, which
/// is a future that is ready when all tasks have ended. Each poll runs up to 61 tasks in the order
/// in which they became due. Tasks may be woken from any thread.
///
/// # Cancel safety
/// A dropped [`run_until`](Self::run_until) leaves the tasks in the set.
///
/// # Examples
/// ```
/// use heist::task::{LocalSet, spawn_local};
/// use std::rc::Rc;
///
/// let runtime = heist::runtime::Runtime::new()?;
/// let set = LocalSet::new();
/// let sum = set.block_on(&runtime, async {
///     let shared = Rc::new(40);
///     let task = spawn_local({
///         let shared = shared.clone();
///         async move { *shared + 2 }
///     });
///     task.await.unwrap()
/// });
/// assert_eq!(sum, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LocalSet {
    part: Rc<LocalPart>,
    number: Id,
}

impl LocalSet {
    /// Returns an empty set of this thread.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let set = heist::task::LocalSet::new();
    /// let task = set.spawn_local(async { 42 });
    /// // Runs its tasks until all have ended.
    /// set.await;
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    pub fn new() -> LocalSet {
        LocalSet { part: LocalPart::new(), number: Id::next() }
    }

    /// Makes [`task::spawn_local`](super::spawn_local) on this thread spawn into the set until the
    /// guard is dropped. Drop guards in the reverse order of their making.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let set = heist::task::LocalSet::new();
    /// let guard = set.enter();
    /// let task = heist::task::spawn_local(async { 42 });
    /// drop(guard);
    /// assert_eq!(set.run_until(task).await.unwrap(), 42);
    /// # }
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { _guard: current::enter(&self.part, Presence::Entered), _not_send: PhantomData }
    }

    /// Runs the tasks of the set until `future` is done, and returns its output. Tasks that have
    /// not ended stay in the set.
    ///
    /// # Cancel safety
    /// As cancel safe as `future`; the tasks stay in the set.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let set = heist::task::LocalSet::new();
    /// let answer = set.run_until(async {
    ///     heist::task::spawn_local(async { 42 }).await.unwrap()
    /// });
    /// assert_eq!(answer.await, 42);
    /// # }
    /// ```
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            let _inside = self.begin_poll(cx);
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if self.run_due() {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }

    pub(crate) fn spawn_with_id<F>(
        &self,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.part.spawn(future, id, location)
    }

    /// A number that no other set, task or runtime has.
    pub(crate) fn number(&self) -> Id {
        self.number
    }

    /// From here on wakes from other places reach the poll of `cx`, those of this poll the queue.
    fn begin_poll(&self, cx: &Context<'_>) -> SetGuard {
        let inside = current::enter(&self.part, Presence::Polling);
        let inbox = &self.part.tasks.inbox;
        if inbox.listen(cx.waker(), || list_set(&self.part.tasks)) {
            inbox.take(&mut self.part.due.borrow_mut());
        }
        inside
    }

    /// Runs tasks that are due. Returns whether some are left.
    fn run_due(&self) -> bool {
        for _ in 0..TASKS_PER_POLL {
            let Some(task) = self.next_due() else { return false };
            if let Some(again) = task.run_once() {
                self.part.due.borrow_mut().push_back(again);
            }
        }
        !self.part.due.borrow().is_empty()
    }

    fn next_due(&self) -> Option<Runnable> {
        self.part.due.borrow_mut().pop_front()
    }
}

/// Spawns into the set that this thread has entered. Without one, returns the future.
pub(crate) fn spawn_in_current<F>(
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> Result<JoinHandle<F::Output>, F>
where
    F: Future + 'static,
    F::Output: 'static,
{
    match current::part() {
        Some(part) => Ok(part.spawn(future, id, location)),
        None => Err(future),
    }
}

/// Returns whether this thread has entered a set.
pub(crate) fn is_entered() -> bool {
    current::presence().is_some()
}

/// Returns whether this thread polls a set.
pub(crate) fn is_polled() -> bool {
    current::presence() == Some(Presence::Polling)
}

impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _inside = self.begin_poll(cx);
        if self.run_due() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.part.tasks.owned.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for LocalSet {
    /// Drops all tasks. A task that another thread is just waking is waited for: it may be dropped
    /// here only.
    fn drop(&mut self) {
        let _inside = current::enter(&self.part, Presence::Polling);
        let tasks = &self.part.tasks;
        tasks.owned.close_and_shutdown_all(0);
        tasks.inbox.close();
        loop {
            while let Some(task) = self.next_due() {
                // Cancels it.
                drop(task);
            }
            if tasks.owned.is_empty() {
                return;
            }
            tasks.inbox.wait(&mut self.part.due.borrow_mut());
        }
    }
}

impl Default for LocalSet {
    fn default() -> LocalSet {
        LocalSet::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").field("tasks", &self.part.tasks.owned.len()).finish()
    }
}

/// Keeps a [`LocalSet`] entered: [`LocalSet::enter`] returns it.
///
/// # Examples
/// ```
/// use heist::task::{LocalEnterGuard, LocalSet};
///
/// let set = LocalSet::new();
/// let guard: LocalEnterGuard = set.enter();
/// let task = heist::task::spawn_local(async { 42 });
/// drop(guard);
/// // The future was not polled, and is dropped with the set.
/// drop(set);
/// assert!(task.is_finished());
/// ```
#[must_use = "the set is left as soon as the guard is dropped"]
pub struct LocalEnterGuard {
    _guard: SetGuard,
    _not_send: PhantomData<*const ()>,
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish()
    }
}
