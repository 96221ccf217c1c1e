//! Why a task has no output.

use super::id::Id;
use crate::primitive::sync::Mutex;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

/// The error of a task that returned no output, because it was cancelled or because it panicked.
///
/// A [`JoinHandle`](super::JoinHandle) and a [`JoinSet`](super::JoinSet) return it. It converts
/// into an [`io::Error`] of kind [`Other`](io::ErrorKind::Other), so that `?` works in functions
/// that return [`io::Result`].
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(async { panic!("no luck") });
/// let error = runtime.block_on(handle).unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "no luck");
///
/// let handle = runtime.spawn(std::future::pending::<()>());
/// handle.abort();
/// assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
/// # Ok(())
/// # }
/// ```
pub struct JoinError {
    id: Id,
    cause: Repr,
}

enum Repr {
    Cancelled,
    Panic {
        /// The lock makes the error `Sync`, which the payload need not be. Empty after the payload
        /// was taken.
        payload: Mutex<Option<Box<dyn Any + Send>>>,
        /// The panic message, if the payload is a string.
        message: Option<String>,
    },
}

impl JoinError {
    pub(crate) fn cancelled(id: Id) -> JoinError {
        JoinError { id, cause: Repr::Cancelled }
    }

    pub(crate) fn panic(id: Id, payload: Box<dyn Any + Send>) -> JoinError {
        let message = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => Some((*text).to_owned()),
            (None, text) => text.cloned(),
        };
        JoinError { id, cause: Repr::Panic { payload: Mutex::new(Some(payload)), message } }
    }

    /// Returns whether the task was cancelled: by [`abort`](super::JoinHandle::abort), or because
    /// its runtime shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// assert!(error.is_cancelled());
    /// # }
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Repr::Cancelled)
    }

    /// Returns whether the task panicked.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let error = heist::spawn(async { panic!("out of paper") }).await.unwrap_err();
    /// assert!(error.is_panic());
    /// # }
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Repr::Panic { .. })
    }

    /// Returns the payload of the panic, which [`resume_unwind`](std::panic::resume_unwind)
    /// accepts.
    ///
    /// # Panics
    /// Panics if the task did not panic. [`try_into_panic`](Self::try_into_panic) returns the error
    /// in that case.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let error = heist::spawn(async { panic!("out of paper") }).await.unwrap_err();
    /// let payload = error.into_panic();
    /// assert_eq!(payload.downcast_ref(), Some(&"out of paper"));
    /// # }
    /// ```
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic()
            .expect("JoinError::into_panic() was called, but the task did not panic: ask is_panic() before")
    }

    /// Returns the payload of the panic.
    ///
    /// # Errors
    /// Returns this error unchanged if the task did not panic.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// let error = error.try_into_panic().expect_err("it did not panic");
    /// assert!(error.is_cancelled());
    /// # }
    /// ```
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        let payload = match &self.cause {
            Repr::Cancelled => None,
            Repr::Panic { payload, .. } => payload.lock().take(),
        };
        payload.ok_or(self)
    }

    /// Returns the id of the task.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let task = heist::spawn(std::future::pending::<()>());
    /// let id = task.id();
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// assert_eq!(error.id(), id);
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Repr::Cancelled => write!(f, "task {} was cancelled", self.id),
            Repr::Panic { message: Some(message), .. } => {
                write!(f, "task {} panicked with message {message:?}", self.id)
            }
            Repr::Panic { message: None, .. } => write!(f, "task {} panicked", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Repr::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Repr::Panic { message: Some(message), .. } => {
                write!(f, "JoinError::Panic({:?}, {message:?}, ...)", self.id)
            }
            Repr::Panic { message: None, .. } => write!(f, "JoinError::Panic({:?}, ...)", self.id),
        }
    }
}

impl Error for JoinError {}

impl From<JoinError> for io::Error {
    /// Makes an error of kind `Other` whose source is the join error.
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}
