//! `start`, `send`, `throw` and `close` on any pinned coroutine, and the handle that is already
//! started.

use core::ops::DerefMut;
use core::pin::Pin;

use super::protocol::{CloseError, Outcome, Raise, SendError, StartError, State, Step, closing, lift};
use super::resume::Resume;

/// Python's methods, on every pinned handle of a coroutine: `Pin<&mut _>`, `Pin<Box<_>>`,
/// `Pin<Box<dyn Resume<..>>>`.
///
/// | Python | here |
/// |---|---|
/// | `next(g)`, `g.send(None)` on a new coroutine | [`start`](CoroutineExt::start) |
/// | `g.send(v)` | [`send`](CoroutineExt::send) |
/// | `g.throw(e)` | [`throw`](CoroutineExt::throw) |
/// | `g.throw(GeneratorExit)` | [`throw_exit`](CoroutineExt::throw_exit) |
/// | `g.close()` | [`close`](CoroutineExt::close) |
/// | `StopIteration.value` | `Ok(Step::Returned(value))` |
///
/// # Panics
/// A panic of the body passes through every method here, and closes the coroutine.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Raise, Step, coroutine};
/// use std::pin::pin;
///
/// let mut log = pin!(coroutine! { |_: u32, String|
///     let mut seen = Vec::new();
///     loop {
///         match (yield seen.len()) {
///             Ok(n) => seen.push(n.to_string()),
///             Err(Raise::Error(e)) => seen.push(format!("caught {e}")),
///             Err(Raise::Exit) => break Ok(seen),
///         }
///     }
/// });
/// assert_eq!(log.start(), Ok(Step::Yielded(0)));
/// assert_eq!(log.send(7), Ok(Step::Yielded(1)));
/// assert_eq!(log.throw("oops"), Ok(Step::Yielded(2)));
/// assert_eq!(log.close(), Ok(Some(vec!["7".to_string(), "caught oops".to_string()])));
/// ```
pub trait CoroutineExt<Y, S, R, E> {
    /// Runs a new coroutine to its first `yield` (or its end).
    ///
    /// # Errors
    /// `AlreadyStarted` or `Closed` if it is not new; `Raised` if the body ended by an exception.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Step, coroutine};
    /// use std::pin::pin;
    ///
    /// let mut echo = pin!(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
    /// assert_eq!(echo.start(), Ok(Step::Yielded(0)));
    /// assert!(echo.start().is_err(), "it has started");
    /// ```
    fn start(&mut self) -> Result<Step<Y, R>, StartError<E>>;

    /// Resumes the suspended `yield` with `value`.
    ///
    /// # Errors
    /// `NotStarted`, `AlreadyExecuting` and `Closed` give the value back; `Raised` is the exception
    /// that ended the body.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Step, coroutine};
    /// use std::pin::pin;
    ///
    /// let mut echo = pin!(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
    /// echo.start().unwrap();
    /// assert_eq!(echo.send(7), Ok(Step::Yielded(7)));
    /// assert_eq!(echo.send(8), Ok(Step::Returned(())));
    /// ```
    fn send(&mut self, value: S) -> Result<Step<Y, R>, SendError<S, E>>;

    /// Raises `error` at the suspended `yield`. If the body handles it, the result is its next
    /// step.
    ///
    /// # Errors
    /// The exception that ended the body; `error` itself if the body was new (then it is closed,
    /// and never runs) or closed.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Raise, Step, coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok("left".to_string()),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.start().unwrap();
    /// assert_eq!(careful.throw("oops"), Ok(Step::Returned("caught oops".to_string())));
    /// ```
    fn throw(&mut self, error: impl Into<E>) -> Result<Step<Y, R>, Raise<E>>;

    /// Raises `Exit` at the suspended `yield`.
    ///
    /// # Errors
    /// As [`throw`](CoroutineExt::throw).
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Raise, Step, coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok("left".to_string()),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.start().unwrap();
    /// assert_eq!(careful.throw_exit(), Ok(Step::Returned("left".to_string())));
    /// ```
    fn throw_exit(&mut self) -> Result<Step<Y, R>, Raise<E>>;

    /// Ends the coroutine: raises `Exit` at the suspended `yield`, where the body cleans up and
    /// returns. Returns `Ok(Some(r))` if the body returned a value, and `Ok(None)` if it left
    /// `Exit` uncaught, was new, or was closed already.
    ///
    /// # Errors
    /// [`CloseError::IgnoredExit`] if the body yielded again, [`CloseError::Raised`] if its
    /// clean-up failed.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Raise, coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok("left".to_string()),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.start().unwrap();
    /// assert_eq!(careful.close(), Ok(Some("left".to_string())));
    /// assert_eq!(careful.close(), Ok(None), "it was closed already");
    /// ```
    fn close(&mut self) -> Result<Option<R>, CloseError<Y, E>>;

    /// Starts the coroutine, and returns the value of its first `yield` and a handle that can be
    /// sent to at once. So nobody can forget to start it.
    ///
    /// # Errors
    /// The outcome of the body, if it ended before its first `yield`.
    ///
    /// # Panics
    /// Panics if the coroutine was started before.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Outcome, Step, coroutine};
    ///
    /// let adder = Box::pin(coroutine! { |_: i32|
    ///     let mut sum = 0;
    ///     loop { sum += (yield sum)?; }
    /// });
    /// let (first, mut adder) = adder.primed().map_err(|_: Outcome<()>| "ended early")?;
    /// assert_eq!(first, 0);
    /// assert_eq!(adder.send(5), Ok(Step::Yielded(5)));
    /// # Ok::<(), &str>(())
    /// ```
    fn primed(self) -> Result<(Y, Primed<Self>), Outcome<R, E>>
    where
        Self: Sized;
}

impl<P, Y, S, R, E> CoroutineExt<Y, S, R, E> for Pin<P>
where
    P: DerefMut,
    P::Target: Resume<Yield = Y, Argument = Outcome<S, E>, Return = Outcome<R, E>>,
{
    #[inline]
    fn start(&mut self) -> Result<Step<Y, R>, StartError<E>> {
        match self.state() {
            State::Created => lift(self.as_mut().resume(None)).map_err(StartError::Raised),
            State::Running | State::Suspended => Err(StartError::AlreadyStarted),
            State::Closed => Err(StartError::Closed),
        }
    }

    #[inline]
    fn send(&mut self, value: S) -> Result<Step<Y, R>, SendError<S, E>> {
        match self.state() {
            State::Suspended => lift(self.as_mut().resume(Some(Ok(value)))).map_err(SendError::Raised),
            State::Created => Err(SendError::NotStarted(value)),
            State::Running => Err(SendError::AlreadyExecuting(value)),
            State::Closed => Err(SendError::Closed(value)),
        }
    }

    #[inline]
    fn throw(&mut self, error: impl Into<E>) -> Result<Step<Y, R>, Raise<E>> {
        raise(self.as_mut(), Raise::Error(error.into()))
    }

    #[inline]
    fn throw_exit(&mut self) -> Result<Step<Y, R>, Raise<E>> {
        raise(self.as_mut(), Raise::Exit)
    }

    #[inline]
    fn close(&mut self) -> Result<Option<R>, CloseError<Y, E>> {
        closing(self.throw_exit())
    }

    fn primed(mut self) -> Result<(Y, Primed<Self>), Outcome<R, E>> {
        match self.start() {
            Ok(Step::Yielded(first)) => Ok((first, Primed { coroutine: self })),
            Ok(Step::Returned(value)) => Err(Ok(value)),
            Err(StartError::Raised(raise)) => Err(Err(raise)),
            Err(StartError::AlreadyStarted | StartError::Closed) => {
                panic!("`primed` starts the coroutine itself: give it one that has not been started")
            }
        }
    }
}

/// Raises at the suspended `yield`. A body that cannot receive the exception is closed, and the
/// exception goes back.
#[inline]
fn raise<G, S, R, E>(mut coroutine: Pin<&mut G>, raise: Raise<E>) -> Result<Step<G::Yield, R>, Raise<E>>
where
    G: Resume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
{
    if coroutine.state() == State::Suspended {
        return lift(coroutine.as_mut().resume(Some(Err(raise))));
    }
    coroutine.abort();
    Err(raise)
}

/// A coroutine that stands at a `yield` already; [`CoroutineExt::primed`] returns it. `P` is the
/// pinned handle.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Outcome, PrimedError, Step, coroutine};
///
/// let echo = Box::pin(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
/// let (zero, mut echo) = echo.primed().map_err(|_: Outcome| "ended early")?;
/// assert_eq!(zero, 0);
/// assert_eq!(echo.send(1), Ok(Step::Yielded(1)));
/// assert_eq!(echo.close(), Ok(None));
/// assert_eq!(echo.send(2), Err(PrimedError::Closed(2)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Primed<P> {
    coroutine: P,
}

/// Why a primed coroutine did not take a value. It has no case "not started".
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Outcome, PrimedError, Raise, coroutine};
///
/// let failing = coroutine! { |_: u8, &'static str| (yield ())?; Err(Raise::Error("torn")) };
/// let failing = Box::pin(failing);
/// let ((), mut failing) = failing.primed().map_err(|_: Outcome<(), _>| "ended early")?;
/// assert_eq!(failing.send(1), Err(PrimedError::Raised(Raise::Error("torn"))));
/// assert_eq!(failing.send(2), Err(PrimedError::Closed(2)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrimedError<S, E = core::convert::Infallible> {
    /// The coroutine has ended; this is the value.
    Closed(S),
    /// The value was delivered, and the body ended by this exception.
    Raised(Raise<E>),
}

impl<P> Primed<P> {
    /// Returns the handle inside, still suspended where it stood.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Outcome, Step, coroutine};
    ///
    /// let echo = Box::pin(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
    /// let (_zero, echo) = echo.primed().map_err(|_: Outcome| "ended early")?;
    /// let mut echo = echo.into_inner();
    /// assert_eq!(echo.send(7), Ok(Step::Yielded(7)));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn into_inner(self) -> P {
        self.coroutine
    }
}

impl<P: DerefMut> Primed<Pin<P>> {
    /// As [`CoroutineExt::send`].
    ///
    /// # Errors
    /// See [`PrimedError`].
    ///
    /// # Panics
    /// Panics if the coroutine is a shared one and executes now.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Outcome, Step, coroutine};
    ///
    /// let echo = Box::pin(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
    /// let (_zero, mut echo) = echo.primed().map_err(|_: Outcome| "ended early")?;
    /// assert_eq!(echo.send(7), Ok(Step::Yielded(7)));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn send<Y, S, R, E>(&mut self, value: S) -> Result<Step<Y, R>, PrimedError<S, E>>
    where
        P::Target: Resume<Yield = Y, Argument = Outcome<S, E>, Return = Outcome<R, E>>,
    {
        self.coroutine.send(value).map_err(|error| match error {
            SendError::Closed(value) => PrimedError::Closed(value),
            SendError::Raised(raise) => PrimedError::Raised(raise),
            SendError::NotStarted(_) | SendError::AlreadyExecuting(_) => {
                panic!("a primed coroutine stands at a `yield`, unless it executes through a shared handle")
            }
        })
    }

    /// As [`CoroutineExt::throw`].
    ///
    /// # Errors
    /// The exception that ended the body.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Outcome, Raise, coroutine};
    ///
    /// let echo = Box::pin(coroutine! { |_: i32, String| (yield 0)?; Ok(()) });
    /// let (_zero, mut echo) = echo.primed().map_err(|_: Outcome<_, _>| "ended early")?;
    /// assert_eq!(echo.throw("oops"), Err(Raise::Error("oops".to_string())));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn throw<Y, S, R, E>(&mut self, error: impl Into<E>) -> Result<Step<Y, R>, Raise<E>>
    where
        P::Target: Resume<Yield = Y, Argument = Outcome<S, E>, Return = Outcome<R, E>>,
    {
        self.coroutine.throw(error)
    }

    /// As [`CoroutineExt::close`].
    ///
    /// # Errors
    /// See [`CloseError`].
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{CoroutineExt, Outcome, coroutine};
    ///
    /// let echo = Box::pin(coroutine! { |_: i32| let first = (yield 0)?; (yield first)?; Ok(()) });
    /// let (_zero, mut echo) = echo.primed().map_err(|_: Outcome| "ended early")?;
    /// assert_eq!(echo.close(), Ok(None));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn close<Y, S, R, E>(&mut self) -> Result<Option<R>, CloseError<Y, E>>
    where
        P::Target: Resume<Yield = Y, Argument = Outcome<S, E>, Return = Outcome<R, E>>,
    {
        self.coroutine.close()
    }
}
