//! Reports of slow polls.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

#[cfg(doc)]
use super::Builder;
use crate::scheduler::watchdog::{SeenPoll, SlowPollReport};
use crate::task::Id;

/// The watchdog looks four times within the threshold.
const THRESHOLD_MIN: Duration = Duration::from_millis(1);

/// A poll that takes long: see [`Builder::on_slow_poll`].
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, SlowPoll};
/// use std::sync::mpsc;
///
/// fn describe(poll: &SlowPoll) -> String {
///     let place = poll.location().map_or(String::from("block_on"), ToString::to_string);
///     format!("worker {} is in a poll of {place} for {:?}", poll.worker(), poll.duration())
/// }
///
/// let (send, receive) = mpsc::channel();
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(1)
///     .on_slow_poll(move |poll| send.send(describe(poll)).unwrap_or(()))
///     .build()?;
/// let slow = runtime.spawn(async move { receive.recv().unwrap() });
/// println!("{}", runtime.block_on(slow).unwrap());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SlowPoll {
    task: Option<Id>,
    name: Option<Arc<str>>,
    location: Option<&'static Location<'static>>,
    worker: usize,
    duration: Duration,
    is_over: bool,
}

impl SlowPoll {
    /// The task that is polled. `None`: the future of a `block_on`, or a hook of the runtime.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| println!("{:?}", poll.task()));
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn task(&self) -> Option<Id> {
        self.task
    }

    /// The name of the task, if a [`TaskBuilder`](crate::task::TaskBuilder) gave it one.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| println!("{}", poll.name().unwrap_or("no name")));
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned. `None` without a task, or if it has ended before it was found.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| println!("{:?}", poll.location()));
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.location
    }

    /// The worker, counted from 0.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| println!("worker {}", poll.worker()));
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// How long the poll has taken so far, to within a quarter of the threshold.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| println!("{:?}", poll.duration()));
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Whether the poll has ended. Each is reported twice: when it has taken as long as the
    /// threshold, and when it is over.
    ///
    /// # Examples
    /// ```
    /// let mut builder = heist::runtime::Builder::new_multi_thread();
    /// builder.on_slow_poll(|poll| if poll.is_over() { println!("{:?} in all", poll.duration()) });
    /// # builder.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

/// What a program wants to be called for each slow poll.
pub(super) type SlowPollHook = dyn Fn(&SlowPoll) + Send + Sync;

/// What to call for slow polls, if anything, and from when on a poll is slow.
#[derive(Clone)]
pub(super) struct SlowPollOptions {
    pub(super) threshold: Duration,
    pub(super) report: Option<Arc<SlowPollHook>>,
}

impl SlowPollOptions {
    pub(super) fn new() -> SlowPollOptions {
        SlowPollOptions { threshold: Duration::from_millis(10), report: None }
    }

    pub(super) fn check(&self) -> io::Result<()> {
        if self.threshold >= THRESHOLD_MIN {
            return Ok(());
        }
        let text = format!("slow_poll_threshold is {:?}, and must be at least 1 ms", self.threshold);
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// What to call: `console`, and then the hook of the program, whose panic stops nobody else.
    /// `None`: nobody wants to know.
    pub(super) fn report(
        &self,
        console: Option<Arc<SlowPollHook>>,
    ) -> Option<(Duration, Arc<SlowPollReport>)> {
        let hooks: Vec<Arc<SlowPollHook>> = console.into_iter().chain(self.report.clone()).collect();
        if hooks.is_empty() {
            return None;
        }
        let tell = move |poll: SeenPoll| {
            let SeenPoll { task, name, location, worker, duration, is_over } = poll;
            let poll = SlowPoll { task, name, location, worker, duration, is_over };
            hooks.iter().for_each(|hook| hook(&poll));
        };
        Some((self.threshold, Arc::new(tell)))
    }
}

impl fmt::Debug for SlowPollOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowPollOptions").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}
