//! `astart`, `asend`, `athrow` and `aclose` on any pinned asynchronous coroutine.

use core::future::{Future, poll_fn};
use core::ops::DerefMut;
use core::pin::{Pin, pin};

use super::async_machine::AsyncResume;
use super::protocol::{CloseError, Outcome, Raise, SendError, StartError, State, Step, closing, lift};

/// Python's methods of asynchronous generators, on every pinned handle of one.
///
/// Each returns a future that does nothing until it is awaited.
///
/// # Panics
/// A panic of the body passes through every method here, and closes the coroutine.
///
/// # Cancel safety
/// Dropping such a future after it was polled leaves the step in flight: the state is `Running`,
/// [`asend`](Self::asend) gives its value back as `AlreadyExecuting`, [`asettle`](Self::asettle)
/// waits for the step, and [`aclose`](Self::aclose) cancels it by dropping the body at its
/// `.await`.
///
/// # Examples
/// ```
/// use heist::generator::{AsyncCoroutineExt, Step, async_coroutine};
/// use std::pin::pin;
///
/// futures::executor::block_on(async {
///     let mut echo = pin!(async_coroutine! { |_: u32|
///         let mut heard = 0;
///         loop {
///             std::future::ready(()).await;
///             heard = (yield heard)?;
///         }
///         #[allow(unreachable_code)]
///         Ok(())
///     });
///     assert_eq!(echo.astart().await, Ok(Step::Yielded(0)));
///     assert_eq!(echo.asend(7).await, Ok(Step::Yielded(7)));
///     assert_eq!(echo.aclose().await, Ok(None));
/// });
/// ```
pub trait AsyncCoroutineExt<Y, S, R, E> {
    /// Runs a new coroutine to its first `yield` (or its end).
    ///
    /// # Errors
    /// `AlreadyStarted` or `Closed` if it is not new; `Raised` if the body ended by an exception.
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncCoroutineExt, Step, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let mut echo = pin!(async_coroutine! { |_: i32|
    ///     let first = (yield 0)?;
    ///     (yield std::future::ready(first).await)?;
    ///     Ok(())
    /// });
    /// assert_eq!(echo.astart().await, Ok(Step::Yielded(0)));
    /// # });
    /// ```
    fn astart(&mut self) -> impl Future<Output = Result<Step<Y, R>, StartError<E>>>;

    /// Resumes the suspended `yield` with `value`.
    ///
    /// # Errors
    /// `NotStarted`, `AlreadyExecuting` (a step is in flight) and `Closed` give the value back;
    /// `Raised` is the exception that ended the body.
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncCoroutineExt, Step, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let mut echo = pin!(async_coroutine! { |_: i32|
    ///     let first = (yield 0)?;
    ///     (yield std::future::ready(first).await)?;
    ///     Ok(())
    /// });
    /// echo.astart().await.unwrap();
    /// assert_eq!(echo.asend(7).await, Ok(Step::Yielded(7)));
    /// # });
    /// ```
    fn asend(&mut self, value: S) -> impl Future<Output = Result<Step<Y, R>, SendError<S, E>>>;

    /// Raises `error` at the suspended `yield`. A body that does not stand at one is dropped where
    /// it stands.
    ///
    /// # Errors
    /// The exception that ended the body; it is `error` itself if the body could not receive it.
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncCoroutineExt, Raise, Step, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(async_coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok(std::future::ready("left".to_string()).await),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.astart().await.unwrap();
    /// let step = careful.athrow("oops").await;
    /// assert_eq!(step, Ok(Step::Returned("caught oops".to_string())));
    /// # });
    /// ```
    fn athrow(&mut self, error: impl Into<E>) -> impl Future<Output = Result<Step<Y, R>, Raise<E>>>;

    /// Raises `Exit` at the suspended `yield`. A body that does not stand at one is dropped where
    /// it stands.
    ///
    /// # Errors
    /// As [`athrow`](AsyncCoroutineExt::athrow).
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncCoroutineExt, Raise, Step, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(async_coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok(std::future::ready("left".to_string()).await),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.astart().await.unwrap();
    /// let step = careful.athrow_exit().await;
    /// assert_eq!(step, Ok(Step::Returned("left".to_string())));
    /// # });
    /// ```
    fn athrow_exit(&mut self) -> impl Future<Output = Result<Step<Y, R>, Raise<E>>>;

    /// Ends the coroutine: raises `Exit` at the suspended `yield` and drives the clean-up, which
    /// may await, to its end. A new body is dropped; one with a step in flight is cancelled at its
    /// `.await`.
    ///
    /// # Errors
    /// [`CloseError::IgnoredExit`] if the body yielded again, [`CloseError::Raised`] if its
    /// clean-up failed.
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncCoroutineExt, Raise, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let mut careful = pin!(async_coroutine! { |_: (), String|
    ///     match (yield "waiting") {
    ///         Err(Raise::Error(error)) => Ok(format!("caught {error}")),
    ///         Err(Raise::Exit) => Ok(std::future::ready("left".to_string()).await),
    ///         Ok(()) => Ok("went on".to_string()),
    ///     }
    /// });
    /// careful.astart().await.unwrap();
    /// assert_eq!(careful.aclose().await, Ok(Some("left".to_string())));
    /// # });
    /// ```
    fn aclose(&mut self) -> impl Future<Output = Result<Option<R>, CloseError<Y, E>>>;

    /// Waits for the step that a dropped future left in flight; `None` if there is none.
    ///
    /// # Errors
    /// The exception that ended the body.
    ///
    /// # Examples
    /// ```
    /// use futures::FutureExt;
    /// use heist::generator::{AsyncCoroutineExt, SendError, Step, async_coroutine};
    /// use std::pin::pin;
    ///
    /// let (open, gate) = futures::channel::oneshot::channel::<u32>();
    /// let mut slow = pin!(async_coroutine! { |_: ()|
    ///     (yield 0)?;
    ///     (yield gate.await.unwrap())?;
    ///     Ok(())
    /// });
    /// futures::executor::block_on(async {
    ///     assert_eq!(slow.astart().await, Ok(Step::Yielded(0)));
    ///     // The step waits for the gate, and its future is dropped.
    ///     assert!(slow.asend(()).now_or_never().is_none());
    ///     assert_eq!(slow.asend(()).await, Err(SendError::AlreadyExecuting(())));
    ///     open.send(1).unwrap();
    ///     assert_eq!(slow.asettle().await, Ok(Some(Step::Yielded(1))));
    /// });
    /// ```
    fn asettle(&mut self) -> impl Future<Output = Result<Option<Step<Y, R>>, Raise<E>>>;
}

/// Drives one step. The body takes the argument at the first poll if it stands at a `yield`.
async fn drive<G, S, R, E>(
    mut body: Pin<&mut G>,
    mut argument: Option<Outcome<S, E>>,
) -> Result<Step<G::Yield, R>, Raise<E>>
where
    G: AsyncResume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
{
    lift(poll_fn(|cx| body.as_mut().poll_resume(cx, &mut argument)).await)
}

/// Raises at the suspended `yield`. A body that cannot receive the exception is dropped, and the
/// exception goes back.
async fn raise<G, S, R, E>(mut body: Pin<&mut G>, raise: Raise<E>) -> Result<Step<G::Yield, R>, Raise<E>>
where
    G: AsyncResume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + ?Sized,
{
    if body.state() == State::Suspended {
        return drive(body, Some(Err(raise))).await;
    }
    body.as_mut().abort();
    Err(raise)
}

impl<P, Y, S, R, E> AsyncCoroutineExt<Y, S, R, E> for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncResume<Yield = Y, Argument = Outcome<S, E>, Return = Outcome<R, E>>,
{
    async fn astart(&mut self) -> Result<Step<Y, R>, StartError<E>> {
        match self.state() {
            State::Created => drive(self.as_mut(), None).await.map_err(StartError::Raised),
            State::Running | State::Suspended => Err(StartError::AlreadyStarted),
            State::Closed => Err(StartError::Closed),
        }
    }

    async fn asend(&mut self, value: S) -> Result<Step<Y, R>, SendError<S, E>> {
        match self.state() {
            State::Suspended => drive(self.as_mut(), Some(Ok(value))).await.map_err(SendError::Raised),
            State::Created => Err(SendError::NotStarted(value)),
            State::Running => Err(SendError::AlreadyExecuting(value)),
            State::Closed => Err(SendError::Closed(value)),
        }
    }

    async fn athrow(&mut self, error: impl Into<E>) -> Result<Step<Y, R>, Raise<E>> {
        raise(self.as_mut(), Raise::Error(error.into())).await
    }

    async fn athrow_exit(&mut self) -> Result<Step<Y, R>, Raise<E>> {
        raise(self.as_mut(), Raise::Exit).await
    }

    async fn aclose(&mut self) -> Result<Option<R>, CloseError<Y, E>> {
        closing(raise(self.as_mut(), Raise::Exit).await)
    }

    async fn asettle(&mut self) -> Result<Option<Step<Y, R>>, Raise<E>> {
        if self.state() != State::Running {
            return Ok(None);
        }
        drive(self.as_mut(), None).await.map(Some)
    }
}

/// Lends the coroutine to `scope`, and closes it when `scope` is done (Python's
/// `async with aclosing(g)`). Returns the value of `scope` and the result of the closing.
///
/// # Errors
/// The second part of the output is the result of [`AsyncCoroutineExt::aclose`].
///
/// # Cancel safety
/// If the future of `aclosing` is dropped, the coroutine is dropped too, where it stands: a
/// clean-up that awaits does not run.
///
/// # Examples
/// ```
/// use heist::generator::{AsyncCoroutineExt, Step, aclosing, async_coroutine};
///
/// futures::executor::block_on(async {
///     let ticks = async_coroutine! { |_: ()|
///         let mut n = 0;
///         while (yield n).is_ok() { n += 1; }
///         Ok("cleaned up")
///     };
///     let (first, closed) = aclosing(ticks, async |ticks| ticks.astart().await).await;
///     assert_eq!(first, Ok(Step::Yielded(0)));
///     assert_eq!(closed, Ok(Some("cleaned up")));
/// });
/// ```
pub async fn aclosing<G, T, S, R, E>(
    coroutine: G,
    scope: impl AsyncFnOnce(&mut Pin<&mut G>) -> T,
) -> (T, Result<Option<R>, CloseError<G::Yield, E>>)
where
    G: AsyncResume<Argument = Outcome<S, E>, Return = Outcome<R, E>>,
{
    let mut coroutine = pin!(coroutine);
    let value = scope(&mut coroutine).await;
    (value, coroutine.aclose().await)
}
