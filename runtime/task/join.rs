//! Handles to a task: to await its output, and to abort it.
#![expect(
    unsafe_code,
    reason = "reads the output and writes the join waker of a task whose types are erased"
)]

use super::budget;
use super::error::JoinError;
use super::id::Id;
use super::outcomes::{Detach, Join};
use super::quiet::quietly;
use super::raw::Reference;
use super::wait_reason::WaitReason;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker, ready};

/// Awaits the output of a spawned task.
///
/// Awaiting the handle returns `Ok` with the output, or a [`JoinError`] if the task panicked or was
/// cancelled. Dropping the handle detaches the task: it continues to run, and its output is dropped
/// on the thread where it ran. [`AbortOnDropHandle`] cancels the task instead.
///
/// # Panics
/// Panics if it is polled again after it returned the output.
///
/// # Cancel safety
/// Awaiting `&mut handle` is cancel safe: if another branch wins, the output is not lost and the
/// handle can be awaited again.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(async { 6 * 7 });
/// assert_eq!(runtime.block_on(handle).unwrap(), 42);
/// # Ok(())
/// # }
/// ```
///
/// Abort a task from the handle, or from elsewhere:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(std::future::pending::<()>());
/// assert!(!handle.is_finished());
/// let from_elsewhere = handle.abort_handle();
/// assert_eq!(from_elsewhere.id(), handle.id());
/// from_elsewhere.abort();
/// assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
/// # Ok(())
/// # }
/// ```
pub struct JoinHandle<T> {
    /// Given up by `drop`, which for most tasks does it in the same step as the rest.
    task: ManuallyDrop<Reference>,
    output: PhantomData<T>,
}

// SAFETY: the handle moves or drops a T, and shares none.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives access to no T at all.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The reference is the one that a new task holds for its join handle, and the future's output
    /// is `T`.
    pub(super) unsafe fn new(task: Reference) -> JoinHandle<T> {
        JoinHandle { task: ManuallyDrop::new(task), output: PhantomData }
    }

    /// Requests that the task be cancelled. Returns at once.
    ///
    /// The task's future is dropped where it runs: if the task waits, as soon as a worker gets to
    /// it; if it is being polled, when the poll returns pending. Awaiting the handle then returns
    /// an error whose [`is_cancelled`](JoinError::is_cancelled) is true, unless the task completed
    /// before. A closure given to [`spawn_blocking`](super::spawn_blocking) is cancelled only if it
    /// has not begun.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Returns whether the task has ended: with an output, by a panic, or because it was cancelled.
    /// After [`abort`](Self::abort) it may take some time until it returns true.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(async { 42 });
    /// while !task.is_finished() {
    ///     heist::task::yield_now().await;
    /// }
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.task().state().is_complete()
    }

    /// Returns the task's id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(async { heist::task::id() });
    /// let id = task.id();
    /// assert_eq!(task.await.unwrap(), id);
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.task.task().id()
    }

    /// Returns a handle that can only abort the task.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// abort.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { task: Reference::clone(&self.task) }
    }

    /// Returns whether the output is there; if not, `waker` is called when it is.
    fn poll_complete(&mut self, waker: &Waker) -> bool {
        let task = self.task.task();
        match task.state().poll_join() {
            Join::Complete { owns_waker } => {
                if owns_waker {
                    // SAFETY: the task is complete and the runner is done with the waker.
                    drop(unsafe { self.replace_join_waker(None) });
                }
                return true;
            }
            Join::WakerLent => {
                // SAFETY: [waker-lent] nobody but this handle could write the waker while it is
                // lent, and here it only reads.
                let is_same = task
                    .trailer()
                    .join_waker
                    .with(|lent| unsafe { &*lent }.as_ref().is_some_and(|lent| lent.will_wake(waker)));
                if is_same {
                    return false;
                }
                if !task.state().reclaim_join_waker() {
                    return true;
                }
            }
            Join::WakerOwned => {}
        }
        let waker = waker.clone();
        // SAFETY: [waker-lent] it is not lent, and the task was not complete when we looked, so the
        // runner will not look at the waker.
        let stale = unsafe { self.replace_join_waker(Some(waker)) };
        if task.state().lend_join_waker() {
            drop(stale);
            return false;
        }
        // SAFETY: completed while the waker was not lent: the runner never looks at it.
        drop(unsafe { self.replace_join_waker(None) });
        drop(stale);
        true
    }

    /// Replaces the join waker and returns the old one. The caller drops the old one, which is user
    /// code, when the cell is no longer borrowed.
    ///
    /// # Safety
    /// The handle owns the waker ([waker-lent]).
    unsafe fn replace_join_waker(&self, waker: Option<Waker>) -> Option<Waker> {
        // SAFETY: as our caller promises.
        self.task.task().trailer().join_waker.with_mut(|cell| std::mem::replace(unsafe { &mut *cell }, waker))
    }

    /// # Safety
    /// The task is complete, so that the output belongs to the handle ([output-owner]).
    unsafe fn take_output(&mut self) -> Option<Result<T, JoinError>> {
        let task = self.task.task();
        let mut output: Option<Result<T, JoinError>> = None;
        // SAFETY: `T` is the output's type as `new` asks, the target is a `None` of the right type,
        // and the output is ours.
        unsafe { (task.vtable().take_output)(task.as_ptr(), Some(NonNull::from(&mut output).cast())) };
        output
    }

    /// # Safety
    /// The task is complete, so that the output belongs to the handle ([output-owner]).
    unsafe fn drop_output(&self) {
        let task = self.task.task();
        // SAFETY: as our caller promises.
        unsafe { (task.vtable().take_output)(task.as_ptr(), None) };
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &*self;
        let restore = ready!(budget::poll_proceed_for(cx, move || WaitReason::Task { id: this.id() }));
        if !self.poll_complete(cx.waker()) {
            return Poll::Pending;
        }
        restore.made_progress();
        // SAFETY: it is complete.
        let output = unsafe { self.take_output() };
        Poll::Ready(output.expect("a JoinHandle was polled after it had returned the task's output"))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let (owns_waker, owns_output) = match self.task.task().state().detach() {
            Detach::Released => return,
            Detach::DropWaker => (true, false),
            Detach::DropOutput => (false, true),
            Detach::DropOutputAndWaker => (true, true),
        };
        if owns_waker {
            // SAFETY: [waker-lent] the transition gave us the waker.
            let waker = unsafe { self.replace_join_waker(None) };
            quietly(|| drop(waker));
        }
        if owns_output {
            // SAFETY: [output-owner] the transition gave us the output.
            unsafe { self.drop_output() };
        }
        // SAFETY: the transition left the reference to us, and the handle is not used after this.
        unsafe { ManuallyDrop::drop(&mut self.task) };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.task.task();
        f.debug_struct("JoinHandle")
            .field("id", &task.id())
            .field("spawned_at", &format_args!("{}", task.location()))
            .finish()
    }
}

/// Aborts a task, but cannot await it. [`JoinHandle::abort_handle`] returns it.
///
/// It keeps the memory of the task allocated, but neither its future nor its output.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(std::future::pending::<()>());
/// let abort = handle.abort_handle();
/// std::thread::spawn(move || abort.abort()).join().unwrap();
/// assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AbortHandle {
    task: Reference,
}

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// Requests that the task be cancelled: see [`JoinHandle::abort`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// let handle = task.abort_handle();
    /// handle.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Returns whether the task has ended: see [`JoinHandle::is_finished`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(async { 42 });
    /// let handle = task.abort_handle();
    /// task.await.unwrap();
    /// assert!(handle.is_finished());
    /// # }
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.task().state().is_complete()
    }

    /// Returns whether the task is being polled, or will be without another wake. A hint.
    pub(crate) fn has_turn_ahead(&self) -> bool {
        self.task.task().state().is_due()
    }

    /// Returns the task's id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// assert_eq!(task.abort_handle().id(), task.id());
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.task.task().id()
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish()
    }
}

/// A [`JoinHandle`] that aborts the task when it is dropped, instead of detaching it.
///
/// # Examples
/// ```
/// use heist::task::AbortOnDropHandle;
///
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let (alive, ended) = std::sync::mpsc::channel::<()>();
/// let handle = AbortOnDropHandle::new(runtime.spawn(async move {
///     std::future::pending::<()>().await;
///     drop(alive);
/// }));
/// drop(handle);
/// // The future is dropped, and `alive` with it.
/// assert!(ended.recv().is_err());
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping the handle aborts the task"]
pub struct AbortOnDropHandle<T> {
    /// Empty after `detach`.
    handle: Option<JoinHandle<T>>,
}

impl<T> AbortOnDropHandle<T> {
    /// Wraps a handle.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::AbortOnDropHandle;
    ///
    /// let task = AbortOnDropHandle::new(heist::spawn(async { 42 }));
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    pub fn new(handle: JoinHandle<T>) -> AbortOnDropHandle<T> {
        AbortOnDropHandle { handle: Some(handle) }
    }

    /// Requests that the task be cancelled: see [`JoinHandle::abort`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::AbortOnDropHandle;
    ///
    /// let task = AbortOnDropHandle::new(heist::spawn(std::future::pending::<()>()));
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort(&self) {
        self.as_ref().abort();
    }

    /// Returns whether the task has ended: see [`JoinHandle::is_finished`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::AbortOnDropHandle;
    ///
    /// let task = AbortOnDropHandle::new(heist::spawn(std::future::pending::<()>()));
    /// assert!(!task.is_finished());
    /// # }
    /// ```
    pub fn is_finished(&self) -> bool {
        self.as_ref().is_finished()
    }

    /// Returns the task's id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::AbortOnDropHandle;
    ///
    /// let task = AbortOnDropHandle::new(heist::spawn(std::future::pending::<()>()));
    /// assert_eq!(task.abort_handle().id(), task.id());
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.as_ref().id()
    }

    /// Returns a handle that can only abort the task.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::task::AbortOnDropHandle;
    ///
    /// let task = AbortOnDropHandle::new(heist::spawn(std::future::pending::<()>()));
    /// let abort = task.abort_handle();
    /// drop(task);
    /// while !abort.is_finished() {
    ///     heist::task::yield_now().await;
    /// }
    /// # }
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        self.as_ref().abort_handle()
    }

    /// Returns the plain handle. Dropping that one no longer aborts the task.
    ///
    /// # Examples
    /// ```
    /// use heist::task::AbortOnDropHandle;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let guard = AbortOnDropHandle::new(runtime.spawn(async { "done" }));
    /// assert_eq!(runtime.block_on(guard.detach()).unwrap(), "done");
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach(mut self) -> JoinHandle<T> {
        self.handle.take().expect("only detach() takes the handle, and it takes `self` too")
    }
}

impl<T> AsRef<JoinHandle<T>> for AbortOnDropHandle<T> {
    fn as_ref(&self) -> &JoinHandle<T> {
        self.handle.as_ref().expect("only detach() takes the handle, and it takes `self` too")
    }
}

impl<T> Future for AbortOnDropHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("only detach() takes the handle, and it takes `self` too");
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDropHandle<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}

impl<T> fmt::Debug for AbortOnDropHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortOnDropHandle").field("id", &self.id()).finish()
    }
}
