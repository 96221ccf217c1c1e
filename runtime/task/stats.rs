//! Counts and times of a task.

use std::time::Duration;

use super::id::Id;

/// Counts and times of a task of an observed runtime:
/// [`TaskDump::stats`](crate::runtime::TaskDump::stats) returns them.
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, Handle};
///
/// let runtime = Builder::new_multi_thread().observe(true).build()?;
/// let task = runtime.spawn(async {
///     for _ in 0..9 {
///         heist::task::yield_now().await;
///     }
///     std::future::pending::<()>().await;
/// });
/// let polls = async || {
///     let dump = Handle::current().dump().await;
///     dump.task(task.id()).and_then(|task| task.stats()).expect("it is observed").polls()
/// };
/// runtime.block_on(async { while polls().await < 10 {} });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskStats {
    pub(super) parent: Option<Id>,
    pub(super) polls: u64,
    pub(super) busy: Duration,
    pub(super) scheduled: Duration,
    pub(super) idle: Duration,
    pub(super) age: Duration,
    pub(super) worker: Option<usize>,
    pub(super) moves: u64,
}

impl TaskStats {
    /// The task that spawned it. `None` if no task did. It may have ended.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// // It was not spawned by a task.
    /// assert_eq!(dump.task(task.id()).and_then(|task| task.stats()).unwrap().parent(), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn parent(&self) -> Option<Id> {
        self.parent
    }

    /// How often it was polled, the poll that goes on included. A dump that asks a task what it
    /// waits for polls it as well, and again after that.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{} polls", dump.task(task.id()).and_then(|task| task.stats()).unwrap().polls());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// How long it was polled, the poll that goes on included.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{:?}", dump.task(task.id()).and_then(|task| task.stats()).unwrap().busy());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// How long it was due and waited for a thread, the present wait included.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{:?}", dump.task(task.id()).and_then(|task| task.stats()).unwrap().scheduled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn scheduled(&self) -> Duration {
        self.scheduled
    }

    /// How long it waited for something: its age without the busy and the scheduled time.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{:?}", dump.task(task.id()).and_then(|task| task.stats()).unwrap().idle());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// How long ago it was spawned.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{:?}", dump.task(task.id()).and_then(|task| task.stats()).unwrap().age());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The worker that polled it last, counted from 0. `None` if no worker has polled it: a thread
    /// that stands in for one that is stuck is none.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// println!("{:?}", dump.task(task.id()).and_then(|task| task.stats()).unwrap().worker());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker(&self) -> Option<usize> {
        self.worker
    }

    /// How often another worker polled it than the time before. At most 8191 are counted.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// // There is no other worker.
    /// assert_eq!(dump.task(task.id()).and_then(|task| task.stats()).unwrap().moves(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn moves(&self) -> u64 {
        self.moves
    }
}
