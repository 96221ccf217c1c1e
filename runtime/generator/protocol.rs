//! The words of the protocol: what goes into a suspended body, what comes out, and how either can fail.

use core::convert::Infallible;
use core::fmt;

/// What surfaces at a `yield` instead of a sent value: Python's `GeneratorExit`, or an error that the caller threw.
///
/// `E` defaults to [`Infallible`]: nothing can be thrown, and the only exception is `Exit`.
///
/// ```
/// use heist::generator::Raise;
///
/// let thrown: Raise<&str> = "disk full".into();
/// assert_eq!(thrown, Raise::Error("disk full"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Raise<E = Infallible> {
    /// The caller closes the coroutine: clean up and return, do not yield again.
    Exit,
    /// The caller threw this error.
    Error(E),
}

impl<E> From<E> for Raise<E> {
    fn from(error: E) -> Self {
        Raise::Error(error)
    }
}

impl<E: fmt::Display> fmt::Display for Raise<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raise::Exit => f.write_str("the coroutine was closed by its caller"),
            Raise::Error(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Raise<E> {}

/// The result type of coroutines, both of each `yield` and of the whole body.
///
/// At a `yield` it is what the caller passed in: `Ok(sent)` or `Err(raised)`; so `(yield x)?` leaves an exception
/// uncaught, and `match` is `except`. As the body's result it is `Ok(returned)` or the exception that ended it.
pub type Outcome<R = (), E = Infallible> = Result<R, Raise<E>>;

/// The resume argument of a plain generator: the caller asks for the next item and sends nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Next;

/// Where a generator or coroutine stands (Python's `inspect.getgeneratorstate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Made, and not one statement of it has run.
    Created,
    /// Executing now (seen only through a [`Shared`](super::Shared) handle), or, if asynchronous, waiting inside an
    /// `.await` for a step that is in flight.
    Running,
    /// At a `yield`, waiting to be resumed.
    Suspended,
    /// Returned, raised, panicked, closed or aborted: nothing of the body is left.
    Closed,
}

/// What one resumption led to.
#[must_use = "a step holds the yielded value or the final one"]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step<Y, R> {
    /// The body reached its next `yield`.
    Yielded(Y),
    /// The body ended, and this is its value (Python's `StopIteration.value`).
    Returned(R),
}

impl<Y, R> Step<Y, R> {
    /// The yielded value, if the body has not ended.
    ///
    /// ```
    /// # use heist::generator::Step;
    /// assert_eq!(Step::<_, ()>::Yielded(1).yielded(), Some(1));
    /// assert_eq!(Step::<i32, _>::Returned(()).yielded(), None);
    /// ```
    pub fn yielded(self) -> Option<Y> {
        match self {
            Step::Yielded(value) => Some(value),
            Step::Returned(_) => None,
        }
    }

    /// The returned value, if the body has ended.
    pub fn returned(self) -> Option<R> {
        match self {
            Step::Yielded(_) => None,
            Step::Returned(value) => Some(value),
        }
    }
}

/// Why a coroutine could not be started, or what its body raised before the first `yield`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartError<E = Infallible> {
    /// It was started before: resume it with `send`.
    AlreadyStarted,
    /// It has ended.
    Closed,
    /// It started, and the body ended by this exception.
    Raised(Raise<E>),
}

impl<E: fmt::Display> fmt::Display for StartError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::AlreadyStarted => {
                f.write_str("the coroutine was started before: resume it with `send`")
            }
            StartError::Closed => f.write_str("cannot start a coroutine that has ended"),
            StartError::Raised(raise) => raise.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for StartError<E> {}

/// Why a value could not be sent, or what the body raised when it was. A value that was not delivered comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendError<S, E = Infallible> {
    /// No `yield` has been reached yet that could receive the value: call `start` first, or use `primed`.
    NotStarted(S),
    /// The coroutine is executing now, or an asynchronous step is still in flight.
    AlreadyExecuting(S),
    /// The coroutine has ended.
    Closed(S),
    /// The value was delivered, and the body ended by this exception.
    Raised(Raise<E>),
}

impl<S, E: fmt::Display> fmt::Display for SendError<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::NotStarted(_) => {
                f.write_str("cannot send to a coroutine that has not started: call `start` or `primed` first")
            }
            SendError::AlreadyExecuting(_) => AlreadyExecuting.fmt(f),
            SendError::Closed(_) => f.write_str("cannot send to a coroutine that has ended"),
            SendError::Raised(raise) => raise.fmt(f),
        }
    }
}

impl<S: fmt::Debug, E: core::error::Error> core::error::Error for SendError<S, E> {}

/// Why closing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseError<Y, E = Infallible> {
    /// The body answered `Exit` with another `yield` (Python's `RuntimeError: generator ignored GeneratorExit`). It
    /// stays suspended there and may be closed again.
    IgnoredExit(Y),
    /// The body's clean-up failed with this error. The coroutine is closed.
    Raised(E),
}

impl<Y, E: fmt::Display> fmt::Display for CloseError<Y, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseError::IgnoredExit(_) => {
                f.write_str("the coroutine yielded again when it was closed: on `Raise::Exit` it must return")
            }
            CloseError::Raised(error) => error.fmt(f),
        }
    }
}

impl<Y: fmt::Debug, E: core::error::Error> core::error::Error for CloseError<Y, E> {}

/// A generator was resumed from inside itself (Python's `ValueError: generator already executing`). Only
/// [`Shared`](super::Shared) handles can get there; with owned or borrowed ones the compiler refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AlreadyExecuting;

impl fmt::Display for AlreadyExecuting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the generator is already executing: it cannot be resumed before it yields")
    }
}

impl core::error::Error for AlreadyExecuting {}

/// What a step means to a coroutine's caller: an `Err` that the body ended with is an error of the call.
#[inline(always)]
pub(super) fn lift<Y, R, E>(step: Step<Y, Outcome<R, E>>) -> Result<Step<Y, R>, Raise<E>> {
    match step {
        Step::Yielded(value) => Ok(Step::Yielded(value)),
        Step::Returned(Ok(value)) => Ok(Step::Returned(value)),
        Step::Returned(Err(raise)) => Err(raise),
    }
}

/// What the answer to `Exit` means to whoever closed the coroutine.
#[inline]
pub(super) fn closing<Y, R, E>(answer: Result<Step<Y, R>, Raise<E>>) -> Result<Option<R>, CloseError<Y, E>> {
    match answer {
        Ok(Step::Yielded(value)) => Err(CloseError::IgnoredExit(value)),
        Ok(Step::Returned(value)) => Ok(Some(value)),
        Err(Raise::Exit) => Ok(None),
        Err(Raise::Error(error)) => Err(CloseError::Raised(error)),
    }
}
