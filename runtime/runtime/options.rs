//! What a builder passes on: the flavor, the workers' threads, and the report of stalls.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

#[cfg(doc)]
use super::Builder;
use crate::blocking::ThreadHooks;
use crate::primitive::thread;
use crate::scheduler::lookout::Report;

/// Who runs the workers: threads of the runtime, or the thread that calls `block_on`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flavor {
    MultiThread,
    CurrentThread,
}

/// Every worker is in a poll that does not end: see [`Builder::on_stall`].
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, Stall};
/// use std::sync::mpsc;
///
/// fn count(stall: &Stall) -> usize {
///     stall.tasks().len()
/// }
///
/// let (send, receive) = mpsc::channel();
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(1)
///     .on_stall(move |stall| send.send(count(stall)).unwrap_or(()))
///     .build()?;
/// let stuck = runtime.spawn(async move { receive.recv() });
/// assert_eq!(runtime.block_on(stuck).unwrap(), Ok(1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stall {
    tasks: Vec<&'static Location<'static>>,
}

impl Stall {
    /// The places where the tasks that are being polled were spawned.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let _runtime = Builder::new_multi_thread()
    ///     .on_stall(|stall| {
    ///         for place in stall.tasks() {
    ///             eprintln!("the task of {}:{} does not yield", place.file(), place.line());
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn tasks(&self) -> &[&'static Location<'static>] {
        &self.tasks
    }
}

/// What to call when every worker is stuck.
#[derive(Clone)]
pub(super) struct StallHook(Arc<dyn Fn(&Stall) + Send + Sync>);

impl StallHook {
    pub(super) fn new(report: impl Fn(&Stall) + Send + Sync + 'static) -> StallHook {
        StallHook(Arc::new(report))
    }

    pub(super) fn report(&self) -> Arc<Report> {
        let hook = self.0.clone();
        Arc::new(move |tasks| hook(&Stall { tasks }))
    }
}

impl fmt::Debug for StallHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StallHook")
    }
}

/// The options of the workers' threads.
pub(super) struct ThreadOptions {
    name: String,
    stack_size: Option<usize>,
    hooks: ThreadHooks,
}

impl ThreadOptions {
    pub(super) fn new(name: String, stack_size: Option<usize>, hooks: ThreadHooks) -> ThreadOptions {
        ThreadOptions { name, stack_size, hooks }
    }

    pub(super) fn hooks(&self) -> &ThreadHooks {
        &self.hooks
    }

    pub(super) fn builder(&self, index: usize) -> thread::Builder {
        let builder = thread::Builder::new().name(self.hooks.name_or(|| format!("{}-{index}", self.name)));
        match self.stack_size {
            Some(bytes) => builder.stack_size(bytes),
            None => builder,
        }
    }
}
