//! Ids, names and flavors of runtimes, and the marks that they leave on threads and errors.

use std::fmt;
use std::io;

use super::handle::Handle;
#[cfg(doc)]
use super::{Builder, Runtime, RuntimeMetrics};
use crate::driver;
use crate::scheduler::current;
use crate::task;

/// Identifies a runtime, or a [`LocalSet`](task::LocalSet), among all of this process.
///
/// An id is never used twice.
///
/// # Examples
/// ```
/// use heist::runtime::{Handle, Id, Runtime};
///
/// let runtime = Runtime::new()?;
/// let id: Id = runtime.handle().id();
/// assert_eq!(runtime.block_on(async { Handle::current().id() }), id);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(task::Id);

impl Id {
    /// The number comes from the ids of tasks, which are never used twice.
    pub(super) fn of(number: task::Id) -> Id {
        Id(number)
    }

    #[cfg(all(unix, feature = "console"))]
    pub(super) fn to_u64(self) -> u64 {
        self.0.to_u64()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Who runs the workers of a runtime: [`Handle::runtime_flavor`] returns it.
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, RuntimeFlavor};
///
/// let runtime = Builder::new_current_thread().build()?;
/// assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// The threads that call `block_on`: [`Builder::new_current_thread`].
    CurrentThread,
    /// Threads of the runtime's own: [`Builder::new_multi_thread`].
    MultiThread,
}

impl Handle {
    /// Returns whether the workers have threads of their own.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Runtime, RuntimeFlavor};
    ///
    /// let runtime = Runtime::new()?;
    /// assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::MultiThread);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        if self.scheduler.shared().identity().is_current_thread {
            RuntimeFlavor::CurrentThread
        } else {
            RuntimeFlavor::MultiThread
        }
    }

    /// Returns the id of the runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Runtime;
    ///
    /// let (one, other) = (Runtime::new()?, Runtime::new()?);
    /// assert_ne!(one.handle().id(), other.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn id(&self) -> Id {
        Id::of(self.scheduler.shared().identity().number)
    }

    /// Returns the name that [`Builder::name`] gave to the runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().name("main").build()?;
    /// assert_eq!(runtime.handle().name(), Some("main"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.scheduler.shared().identity().name.as_deref()
    }
}

/// Returns the number of the worker that this thread runs, counted from 0 as in [`RuntimeMetrics`].
/// `None` on a thread that runs no worker: in [`Runtime::block_on`] of a multi-thread runtime, on a
/// blocking thread, in [`block_in_place`](super::block_in_place) after another thread has taken the
/// worker over, and outside of a runtime.
///
/// # Examples
/// ```
/// use heist::runtime::{Runtime, worker_index};
///
/// let runtime = Runtime::new()?;
/// let index = runtime.block_on(runtime.spawn(async { worker_index() })).unwrap();
/// assert!(index.is_some_and(|index| index < runtime.workers()));
/// assert_eq!(worker_index(), None);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn worker_index() -> Option<usize> {
    current::with_worker(|worker| worker.filter(|worker| !worker.is_away()).map(|worker| worker.index()))
}

/// Returns whether `error` says that the runtime has ended that served a socket or a file.
///
/// # Examples
/// ```
/// use heist::runtime::is_rt_shutdown_err;
///
/// assert!(!is_rt_shutdown_err(&std::io::ErrorKind::NotFound.into()));
/// ```
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    driver::is_closed(error)
}
