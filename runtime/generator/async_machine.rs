#![expect(
    unsafe_code,
    reason = "polls a body in place and hands it a stack frame through the waker's data pointer"
)]
//! The asynchronous machine: one body that may await, polled by any executor.

use core::fmt;
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::{self, ManuallyDrop};
use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::airlock::{AsyncFrame, Tie, async_airlock};
use super::protocol::{Next, Outcome, State, Step};

/// The object-safe core of asynchronous generators: as [`Resume`](super::Resume), with steps that
/// may take time.
///
/// Callers rarely use it directly; see [`AsyncCoroutineExt`](super::AsyncCoroutineExt) and
/// `Stream`.
///
/// # Examples
/// ```
/// use heist::generator::{AsyncResume, Next, State, Step, async_generator};
/// use std::{future::poll_fn, pin::Pin};
///
/// type Numbers = dyn AsyncResume<Yield = u32, Argument = Next, Return = &'static str> + Send;
/// let mut numbers: Pin<Box<Numbers>> = Box::pin(async_generator! { yield 1; "done" });
/// assert_eq!(numbers.state(), State::Created);
///
/// futures::executor::block_on(async {
///     let step = poll_fn(|cx| numbers.as_mut().poll_resume(cx, &mut Some(Next))).await;
///     assert_eq!(step, Step::Yielded(1));
///     let step = poll_fn(|cx| numbers.as_mut().poll_resume(cx, &mut Some(Next))).await;
///     assert_eq!(step, Step::Returned("done"));
/// });
/// ```
pub trait AsyncResume {
    /// The type of the values that each `yield` hands out.
    type Yield;
    /// The type that each `yield` evaluates to: [`Next`], or [`Outcome<S, E>`](super::Outcome).
    type Argument;
    /// The type of the value that the body returns.
    type Return;

    /// Where the body stands; `Running` while a step is in flight.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{AsyncResume, State, async_generator};
    ///
    /// assert_eq!(AsyncResume::state(&async_generator! { yield 1; }), State::Created);
    /// ```
    fn state(&self) -> State;

    /// Polls the body towards its next `yield` or its end.
    ///
    /// A body that stands at a `yield` takes the argument. A new body drops it. A step in flight
    /// continues and leaves it.
    ///
    /// # Panics
    /// Panics if the body is closed, if it is suspended and the argument is `None`, or if the body
    /// panics.
    ///
    /// # Examples
    /// ```
    /// # futures::executor::block_on(async {
    /// use heist::generator::{AsyncResume, Next, Step, async_generator};
    /// use std::{future::poll_fn, pin::pin};
    ///
    /// let mut numbers = pin!(async_generator! { yield 1; });
    /// let step = poll_fn(|cx| numbers.as_mut().poll_resume(cx, &mut Some(Next))).await;
    /// assert_eq!(step, Step::Yielded(1));
    /// # });
    /// ```
    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<Self::Argument>,
    ) -> Poll<Step<Self::Yield, Self::Return>>;

    /// Drops the body in place, at the `yield` or `.await` where it stands: that is cancellation.
    /// The body is closed afterwards.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{AsyncResume, State, async_generator};
    /// use std::pin::pin;
    ///
    /// let mut numbers = pin!(async_generator! { yield 1; });
    /// numbers.as_mut().abort();
    /// assert_eq!(AsyncResume::state(&numbers), State::Closed);
    /// ```
    fn abort(self: Pin<&mut Self>);
}

impl<P> AsyncResume for Pin<P>
where
    P: DerefMut + Unpin,
    P::Target: AsyncResume,
{
    type Yield = <P::Target as AsyncResume>::Yield;
    type Argument = <P::Target as AsyncResume>::Argument;
    type Return = <P::Target as AsyncResume>::Return;

    #[inline]
    fn state(&self) -> State {
        (**self).state()
    }

    #[inline]
    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<Self::Argument>,
    ) -> Poll<Step<Self::Yield, Self::Return>> {
        self.get_mut().as_mut().poll_resume(cx, argument)
    }

    #[inline]
    fn abort(self: Pin<&mut Self>) {
        self.get_mut().as_mut().abort();
    }
}

/// An asynchronous generator that yields `Y`: a `Stream`. `C` is the code of its body.
///
/// # Examples
/// ```
/// use futures::StreamExt;
/// use heist::generator::{AsyncGenerator, Code, async_generator};
///
/// fn countdown(from: u32) -> AsyncGenerator<u32, impl Code> {
///     async_generator! {
///         for n in (1..=from).rev() {
///             std::future::ready(()).await;
///             yield n;
///         }
///     }
/// }
/// let all: Vec<u32> = futures::executor::block_on(countdown(3).collect());
/// assert_eq!(all, [3, 2, 1]);
/// ```
pub type AsyncGenerator<Y, C> = AsyncMachine<C, Y, Next>;

/// An asynchronous coroutine that yields `Y`, takes `S` by `asend` and `E` by `athrow`. `C` is the
/// code of its body.
///
/// # Examples
/// ```
/// use heist::generator::{AsyncCoroutine, AsyncCoroutineExt, Code, Outcome, Step, async_coroutine};
/// use std::{convert::Infallible, pin::pin};
///
/// fn doubler() -> AsyncCoroutine<u32, u32, Infallible, impl Code<Outcome>> {
///     async_coroutine! { |_: u32|
///         let mut x = 0;
///         loop {
///             std::future::ready(()).await;
///             x = 2 * (yield x)?;
///         }
///     }
/// }
/// futures::executor::block_on(async {
///     let mut doubler = pin!(doubler());
///     assert_eq!(doubler.astart().await, Ok(Step::Yielded(0)));
///     assert_eq!(doubler.asend(21).await, Ok(Step::Yielded(42)));
/// });
/// ```
pub type AsyncCoroutine<Y, S, E, C> = AsyncMachine<C, Y, Outcome<S, E>>;

/// A body that may await, and its state. `async_generator!` and `async_coroutine!` make it; it owns
/// no heap memory, and it must be pinned to run.
///
/// It is `Send` if the body is. The futures that the body awaits see the waker of the task that
/// polls it, unwrapped. A future that a macro of another crate polls inside of it (the arms of a
/// `select!`) sees a waker that stands for the task's; a clone of it is a clone of the task's.
///
/// # Cancel safety
/// Dropping it drops the body in place, which is cancellation at an `.await`. For a clean-up that
/// awaits call [`aclose`](super::AsyncCoroutineExt::aclose), or hand the generator to
/// `heist::asyncio::adopt`.
///
/// # Examples
/// ```
/// use heist::generator::{AsyncMachine, Code, Next, State, async_generator};
///
/// fn one() -> AsyncMachine<impl Code, u32, Next> {
///     async_generator! { yield 1; }
/// }
/// assert_eq!(one().state(), State::Created);
/// assert!(one().name().ends_with("one"));
/// ```
#[must_use = "calling an asynchronous generator runs nothing: iterate over it or resume it"]
pub struct AsyncMachine<C, Y, A> {
    state: State,
    code: ManuallyDrop<C>,
    passes: PhantomData<fn(A) -> Y>,
    _pinned: PhantomPinned,
}

impl<C, Y, A> AsyncMachine<C, Y, A> {
    /// # Safety
    /// `code` is the body that a macro of this crate wrote for exactly these `Y` and `A`: an async
    /// block that was never polled and that exchanges by the `AsyncYieldGate` tied to it `[tied]`.
    #[inline(always)]
    pub(super) unsafe fn new(code: C) -> Self {
        AsyncMachine {
            state: State::Created,
            code: ManuallyDrop::new(code),
            passes: PhantomData,
            _pinned: PhantomPinned,
        }
    }

    /// Where the body stands; `Running` while a step is in flight.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{State, async_generator};
    ///
    /// assert_eq!(async_generator! { yield 1; }.state(), State::Created);
    /// ```
    #[inline]
    pub fn state(&self) -> State {
        self.state
    }

    /// The path of the function that the body was written in, for diagnostics.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{AsyncMachine, Code, Next, async_generator};
    ///
    /// fn one() -> AsyncMachine<impl Code, u32, Next> {
    ///     async_generator! { yield 1; }
    /// }
    /// assert!(one().name().ends_with("one"));
    /// ```
    pub fn name(&self) -> &'static str {
        let path = core::any::type_name::<C>();
        path.strip_suffix("::{{closure}}").unwrap_or(path)
    }

    fn kill(&mut self) {
        if mem::replace(&mut self.state, State::Closed) != State::Closed {
            // SAFETY: a state other than `Closed` means that the body is whole [closed-is-empty],
            // and the line above has just ended that state, so this runs once, even if a destructor
            // of the body panics.
            unsafe { ManuallyDrop::drop(&mut self.code) }
        }
    }
}

impl<C, Y, A> Drop for AsyncMachine<C, Y, A> {
    fn drop(&mut self) {
        self.kill();
    }
}

impl<C, Y, A> fmt::Debug for AsyncMachine<C, Y, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncMachine").field("name", &self.name()).field("state", &self.state).finish()
    }
}

/// Closes a body whose poll panics.
struct Unwinding<'a>(&'a mut State);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        *self.0 = State::Closed;
    }
}

impl<C: Future, Y, A> AsyncResume for AsyncMachine<C, Y, A> {
    type Yield = Y;
    type Argument = A;
    type Return = C::Output;

    #[inline]
    fn state(&self) -> State {
        self.state
    }

    #[inline]
    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<A>,
    ) -> Poll<Step<Y, C::Output>> {
        // SAFETY: nothing below moves `code`; it is dropped only in place, by `kill`.
        let machine = unsafe { self.get_unchecked_mut() };
        let given = match machine.state {
            State::Closed => panic!("a generator that has ended cannot be resumed"),
            // A step in flight takes no argument, and leaves it to its owner.
            State::Running => None,
            // A new body reads no argument: the frame drops it.
            State::Created | State::Suspended => argument.take(),
        };
        assert!(
            given.is_some() || machine.state != State::Suspended,
            "a suspended generator is resumed with an argument"
        );
        let mut frame = AsyncFrame::<Y, A>::new(given, cx);
        // SAFETY: the table's functions keep a waker's contract as long as the frame lives, which
        // is this poll; a clone is the task's own waker.
        let waker = ManuallyDrop::new(unsafe {
            Waker::new((&raw mut frame).cast::<()>().cast_const(), async_airlock::<Y, A>())
        });
        // SAFETY: `machine` came out of a `Pin`, and `code` is structurally pinned: it never moves
        // [in-place].
        let code = unsafe { Pin::new_unchecked(&mut *machine.code) };
        // [closed-is-empty]: as in the synchronous machine, nothing is left of a body that returns
        // or panics. Closing it only in these cases saves two writes per step, which here go to
        // memory.
        let unwinding = Unwinding(&mut machine.state);
        let polled = code.poll(&mut Context::from_waker(&waker));
        mem::forget(unwinding);
        if let Poll::Ready(value) = polled {
            machine.state = State::Closed;
            return Poll::Ready(Step::Returned(value));
        }
        match frame.exchange.into_yielded() {
            Some(value) => {
                machine.state = State::Suspended;
                Poll::Ready(Step::Yielded(value))
            }
            None => {
                machine.state = State::Running;
                Poll::Pending
            }
        }
    }

    fn abort(self: Pin<&mut Self>) {
        // SAFETY: `kill` drops the body in place and moves nothing.
        unsafe { self.get_unchecked_mut() }.kill();
    }
}

/// As [`machine`](super::airlock::machine).
#[inline(always)]
pub fn async_machine<Y, A, C: Future>(_: Tie<Y, A>, code: C) -> AsyncMachine<C, Y, A> {
    // SAFETY: the promise of `tie_async` is the one that `AsyncMachine::new` asks for [tied].
    unsafe { AsyncMachine::new(code) }
}
