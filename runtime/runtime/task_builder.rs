//! Tasks with options, of which there is one: a name.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use super::handle::Handle;
use super::join_set::JoinSet;
use super::spawn::{NO_LOCAL_TASKS, spawn_local_small, spawn_small};
use super::weight::boxed_if_large;
use crate::blocking;
use crate::scheduler;
use crate::task::{AbortHandle, Id, JoinHandle, LocalSet, Named, named_closure};

/// Spawns tasks that have a name.
///
/// The name stands in [dumps](crate::runtime::Handle::dump) and in reports of [slow
/// polls](crate::runtime::SlowPoll). Several tasks may share it. One builder spawns as many tasks
/// as one likes. A name costs two short locks and an entry in a map for each task; tasks without
/// one pay nothing.
///
/// # Examples
/// ```
/// use heist::task::TaskBuilder;
///
/// # #[heist::main]
/// # async fn main() {
/// let worker = TaskBuilder::new().name("mail sender").spawn(std::future::pending::<()>());
/// let dump = heist::runtime::Handle::current().dump().await;
/// assert_eq!(dump.task(worker.id()).expect("it is alive").name(), Some("mail sender"));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaskBuilder {
    name: Option<Arc<str>>,
}

/// Evaluates an expression with a future, which gets the name of the builder if it has one. It is a
/// macro, because the two expressions have different types.
macro_rules! named {
    ($builder:ident, $future:ident, $id:ident, $call:expr) => {
        match $builder.name.clone() {
            Some(name) => {
                let $future = Named::new($future, $id, name);
                $call
            }
            None => $call,
        }
    };
}

impl TaskBuilder {
    /// Returns a builder without a name.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// // As `heist::spawn`.
    /// let task = heist::task::TaskBuilder::new().spawn(async { 42 });
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    pub fn new() -> TaskBuilder {
        TaskBuilder::default()
    }

    /// Sets the name of the tasks. Default: none.
    ///
    /// # Examples
    /// ```
    /// use heist::task::TaskBuilder;
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// for port in [8080, 8081] {
    ///     TaskBuilder::new().name(format!("listener of {port}")).spawn(async {});
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> TaskBuilder {
        self.name = Some(name.into());
        self
    }

    /// Spawns a task on the runtime of this thread, as [`heist::spawn`](crate::spawn()) does.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::task::TaskBuilder::new().name("answer").spawn(async { 42 });
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (location, id) = (Location::caller(), Id::next());
        boxed_if_large!(future future: F, named!(self, future, id, spawn_small(future, id, location)))
    }

    /// Spawns a task on the runtime of `handle`, as [`Handle::spawn`] does.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let named = heist::task::TaskBuilder::new().name("answer");
    /// let task = named.spawn_on(async { 42 }, runtime.handle());
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&self, future: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (location, id, scheduler) = (Location::caller(), Id::next(), &handle.scheduler);
        boxed_if_large!(
            future future: F,
            named!(self, future, id, scheduler::spawn(scheduler, future, id, location))
        )
    }

    /// Spawns a future that need not be `Send`, as [`spawn_local`](crate::task::spawn_local) does.
    ///
    /// # Panics
    /// Panics if this thread is neither a worker nor in a [`LocalSet`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let shared = std::rc::Rc::new(42);
    /// let named = heist::task::TaskBuilder::new().name("answer");
    /// let task = named.spawn_local(async move { *shared });
    /// assert_eq!(task.await.unwrap(), 42);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (location, id) = (Location::caller(), Id::next());
        let handle = boxed_if_large!(
            future future: F,
            named!(self, future, id, spawn_local_small(future, id, location))
        );
        match handle {
            Some(handle) => handle,
            None => panic!("{NO_LOCAL_TASKS}"),
        }
    }

    /// Spawns a task into a set of local tasks, as [`LocalSet::spawn_local`] does.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let set = heist::task::LocalSet::new();
    /// let named = heist::task::TaskBuilder::new().name("answer");
    /// let task = named.spawn_local_on(async { 42 }, &set);
    /// assert_eq!(set.run_until(task).await.unwrap(), 42);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&self, future: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (location, id) = (Location::caller(), Id::next());
        boxed_if_large!(
            future future: F,
            named!(self, future, id, local_set.spawn_with_id(future, id, location))
        )
    }

    /// Runs `closure` on a thread of the blocking pool, as
    /// [`spawn_blocking`](crate::task::spawn_blocking) does.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let named = heist::task::TaskBuilder::new().name("sum");
    /// let task = named.spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(task.await.unwrap(), 55);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let id = Id::next();
        boxed_if_large!(closure closure: F, match self.name.clone() {
            Some(name) => blocking::spawn_blocking_as(id, named_closure(closure, id, name)),
            None => blocking::spawn_blocking_as(id, closure),
        })
    }

    /// Runs `closure` on a thread of the blocking pool of a runtime, as [`Handle::spawn_blocking`]
    /// does.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let named = heist::task::TaskBuilder::new().name("answer");
    /// let task = named.spawn_blocking_on(|| 42, runtime.handle());
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(&self, closure: F, handle: &Handle) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let _inside = handle.enter();
        self.spawn_blocking(closure)
    }

    /// Spawns a task as a member of `set`, as [`JoinSet::spawn`] does.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// heist::task::TaskBuilder::new().name("answer").spawn_in(async { 42 }, &mut set);
    /// assert_eq!(set.join_all().await, [42]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_in<F, T>(&self, future: F, set: &mut JoinSet<T>) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let handle = boxed_if_large!(future future: F, self.spawn(future));
        set.insert(handle)
    }
}
