//! Why a task has no output.

use super::id::Id;
use crate::primitive::sync::Mutex;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

/// Why a task did not return an output: it was cancelled, or it panicked.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(async { panic!("no luck") });
/// let error = runtime.block_on(handle).unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "no luck");
/// # Ok(())
/// # }
/// ```
pub struct JoinError {
    id: Id,
    cause: Cause,
}

enum Cause {
    Cancelled,
    Panic {
        /// The lock makes the error Sync, which the payload need not be. Empty once it was taken.
        payload: Mutex<Option<Box<dyn Any + Send>>>,
        /// What the panic said, if it said so in a string.
        message: Option<String>,
    },
}

impl JoinError {
    pub(crate) fn cancelled(id: Id) -> JoinError {
        JoinError { id, cause: Cause::Cancelled }
    }

    pub(crate) fn panic(id: Id, payload: Box<dyn Any + Send>) -> JoinError {
        let message = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => Some((*text).to_owned()),
            (None, text) => text.cloned(),
        };
        JoinError { id, cause: Cause::Panic { payload: Mutex::new(Some(payload)), message } }
    }

    /// Whether the task was cancelled: by [`abort`](super::JoinHandle::abort), or by the end of its runtime.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panic { .. })
    }

    /// What the task panicked with, ready for [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// # Panics
    ///
    /// If the task did not panic. [`try_into_panic`](Self::try_into_panic) returns the error in that case.
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic()
            .expect("JoinError::into_panic() was called, but the task did not panic: ask is_panic() before")
    }

    /// What the task panicked with.
    ///
    /// # Errors
    ///
    /// Returns this error unchanged if the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        let payload = match &self.cause {
            Cause::Cancelled => None,
            Cause::Panic { payload, .. } => payload.lock().take(),
        };
        payload.ok_or(self)
    }

    /// Which task it was.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Cancelled => write!(f, "task {} was cancelled", self.id),
            Cause::Panic { message: Some(message), .. } => {
                write!(f, "task {} panicked with message {message:?}", self.id)
            }
            Cause::Panic { message: None, .. } => write!(f, "task {} panicked", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Cause::Panic { message: Some(message), .. } => {
                write!(f, "JoinError::Panic({:?}, {message:?}, ...)", self.id)
            }
            Cause::Panic { message: None, .. } => write!(f, "JoinError::Panic({:?}, ...)", self.id),
        }
    }
}

impl Error for JoinError {}

impl From<JoinError> for io::Error {
    /// An error of kind `Other` that has the join error as its source.
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}
