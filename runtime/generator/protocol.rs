//! The words of the protocol: the values that go into a suspended body and come out of it, and how
//! either can fail.

use core::convert::Infallible;
use core::fmt;

/// The exception that arrives at a `yield` instead of a sent value: Python's `GeneratorExit`, or an
/// error that the caller threw.
///
/// `E` defaults to [`Infallible`]: nothing can be thrown, and the only exception is `Exit`.
///
/// # Examples
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
/// At a `yield` the caller passed it in: `Ok(sent)` or `Err(raised)`. So `(yield x)?` leaves an
/// exception uncaught, and `match` is `except`. As the body's result it is `Ok(returned)` or the
/// exception that ended the body.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Outcome, Raise, Step, coroutine};
/// use std::pin::pin;
///
/// let mut reader = pin!(coroutine! { |_: u32, &'static str|
///     let sent: Outcome<u32, &'static str> = yield ();
///     match sent {
///         Ok(number) => Ok(number),
///         Err(Raise::Error("retry")) => Ok(0),
///         Err(raise) => Err(raise),
///     }
/// });
/// assert_eq!(reader.start(), Ok(Step::Yielded(())));
/// assert_eq!(reader.throw("retry"), Ok(Step::Returned(0)));
/// ```
pub type Outcome<R = (), E = Infallible> = Result<R, Raise<E>>;

/// The resume argument of a plain generator: the caller asks for the next item and sends nothing.
///
/// # Examples
/// ```
/// use heist::generator::{Next, Resume, generator};
///
/// let mut numbers = Box::pin(generator! { yield 1; yield 2; });
/// assert_eq!(numbers.as_mut().resume(Some(Next)).yielded(), Some(1));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Next;

/// Where a generator or coroutine stands (Python's `inspect.getgeneratorstate`).
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, State, coroutine};
/// use std::pin::pin;
///
/// let mut once = pin!(coroutine! { |_: ()| (yield 1)?; Ok(()) });
/// assert_eq!(once.state(), State::Created);
/// once.start().unwrap();
/// assert_eq!(once.state(), State::Suspended);
/// once.close().unwrap();
/// assert_eq!(once.state(), State::Closed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Made; no statement of the body has run.
    Created,
    /// Executing now (seen only through a [`Shared`](super::Shared) handle), or, if asynchronous,
    /// waiting inside an `.await` for a step that is in flight.
    Running,
    /// At a `yield`, waiting to be resumed.
    Suspended,
    /// Returned, raised, panicked, closed or aborted: nothing of the body is left.
    Closed,
}

/// The result of one resumption.
///
/// # Examples
/// ```
/// use heist::generator::{Next, Resume, Step, generator};
///
/// let mut numbers = Box::pin(generator! { yield 1; "done" });
/// assert_eq!(numbers.as_mut().resume(Some(Next)), Step::Yielded(1));
/// assert_eq!(numbers.as_mut().resume(Some(Next)), Step::Returned("done"));
/// ```
#[must_use = "a step holds the yielded value or the final one"]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step<Y, R> {
    /// The body reached its next `yield`.
    Yielded(Y),
    /// The body ended, and this is its value (Python's `StopIteration.value`).
    Returned(R),
}

impl<Y, R> Step<Y, R> {
    /// Returns the yielded value, if the body has not ended.
    ///
    /// # Examples
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

    /// Returns the returned value, if the body has ended.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::Step;
    ///
    /// assert_eq!(Step::<(), _>::Returned("done").returned(), Some("done"));
    /// assert_eq!(Step::<_, &str>::Yielded(1).returned(), None);
    /// ```
    pub fn returned(self) -> Option<R> {
        match self {
            Step::Yielded(_) => None,
            Step::Returned(value) => Some(value),
        }
    }
}

/// Why a coroutine could not be started, or the exception that ended it before its first `yield`.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, StartError, coroutine};
/// use std::pin::pin;
///
/// let mut once = pin!(coroutine! { |_: ()| (yield 1)?; Ok(()) });
/// once.start().unwrap();
/// assert_eq!(once.start(), Err(StartError::AlreadyStarted));
/// ```
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

/// Why a value could not be sent, or the exception that the body raised when it received the value.
/// A value that was not delivered comes back.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, SendError, Step, coroutine};
/// use std::pin::pin;
///
/// let mut echo = pin!(coroutine! { |_: u32| let sent = (yield 0)?; (yield sent)?; Ok(()) });
/// assert_eq!(echo.send(7), Err(SendError::NotStarted(7)));
/// echo.start().unwrap();
/// assert_eq!(echo.send(7), Ok(Step::Yielded(7)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendError<S, E = Infallible> {
    /// The body has not reached a `yield` that could receive the value: call `start` first, or use
    /// `primed`.
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
///
/// # Examples
/// ```
/// use heist::generator::{CloseError, CoroutineExt, coroutine};
/// use std::pin::pin;
///
/// let mut stubborn = pin!(coroutine! { |_: ()| (yield 1).ok(); (yield 2)?; Ok(()) });
/// stubborn.start().unwrap();
/// assert_eq!(stubborn.close(), Err(CloseError::IgnoredExit(2)));
/// assert_eq!(stubborn.close(), Ok(None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseError<Y, E = Infallible> {
    /// The body answered `Exit` with another `yield` (Python's
    /// `RuntimeError: generator ignored GeneratorExit`). It stays suspended there and may be closed
    /// again.
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

/// A generator was resumed while it executes, from inside itself or by another thread (Python's
/// `ValueError: generator already executing`).
///
/// Only [`Shared`](super::Shared) handles report it; with owned or borrowed handles the compiler
/// refuses such code.
///
/// # Examples
/// ```
/// use heist::generator::{AlreadyExecuting, Shared, generator};
///
/// let shared = Shared::new(generator! { yield 1; });
/// let claim = shared.try_lock()?;
/// assert_eq!(shared.try_next(), Err(AlreadyExecuting));
/// # drop(claim);
/// # Ok::<(), AlreadyExecuting>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AlreadyExecuting;

impl fmt::Display for AlreadyExecuting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the generator is already executing: it cannot be resumed before it yields")
    }
}

impl core::error::Error for AlreadyExecuting {}

/// Turns a step into the result of a call: an `Err` that the body ended with is an error of the
/// call.
#[inline(always)]
pub(super) fn lift<Y, R, E>(step: Step<Y, Outcome<R, E>>) -> Result<Step<Y, R>, Raise<E>> {
    match step {
        Step::Yielded(value) => Ok(Step::Yielded(value)),
        Step::Returned(Ok(value)) => Ok(Step::Returned(value)),
        Step::Returned(Err(raise)) => Err(raise),
    }
}

/// Turns the answer to `Exit` into the result of closing.
#[inline]
pub(super) fn closing<Y, R, E>(answer: Result<Step<Y, R>, Raise<E>>) -> Result<Option<R>, CloseError<Y, E>> {
    match answer {
        Ok(Step::Yielded(value)) => Err(CloseError::IgnoredExit(value)),
        Ok(Step::Returned(value)) => Ok(Some(value)),
        Err(Raise::Exit) => Ok(None),
        Err(Raise::Error(error)) => Err(CloseError::Raised(error)),
    }
}
