#![expect(
    unsafe_code,
    reason = "polls a body in place and hands it a stack frame through the waker's data pointer"
)]
//! The synchronous machine: one body, driven by hand.

use core::fmt;
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::{self, ManuallyDrop};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::airlock::{AIRLOCK, Frame, Tie};
use super::protocol::{Next, Outcome, State, Step};
use super::resume::Resume;

/// The code of a body: any future with output `R`. The macros write bodies; function signatures use
/// this name for them.
///
/// # Examples
/// ```
/// use heist::generator::{Code, Generator, Next, Resume, Step, generator};
///
/// fn once() -> Generator<u64, impl Code<&'static str>> {
///     generator! { yield 1; "done" }
/// }
/// let mut once = Box::pin(once());
/// assert_eq!(once.as_mut().resume(Some(Next)), Step::Yielded(1));
/// assert_eq!(once.as_mut().resume(Some(Next)), Step::Returned("done"));
/// ```
pub trait Code<R = ()>: Future<Output = R> {}

impl<F: Future> Code<F::Output> for F {}

/// A generator that yields `Y`: an `Iterator` once it is pinned or boxed. `C` is the code of its
/// body.
///
/// # Examples
/// ```
/// use heist::generator::{Code, Generator, generator};
///
/// fn range(n: u64) -> Generator<u64, impl Code> {
///     generator! { let mut i = 0; while i < n { yield i; i += 1; } }
/// }
/// assert_eq!(range(1_000_000).into_iter().sum::<u64>(), 499_999_500_000);
/// ```
pub type Generator<Y, C> = Machine<C, Y, Next>;

/// A coroutine that yields `Y`, takes `S` by `send` and `E` by `throw`. `C` is the code of its
/// body.
///
/// # Examples
/// ```
/// use heist::generator::{Code, Coroutine, CoroutineExt, Outcome, Step, coroutine};
/// use std::{convert::Infallible, pin::pin};
///
/// fn doubler() -> Coroutine<u32, u32, Infallible, impl Code<Outcome>> {
///     coroutine! { |_: u32| let mut x = 0; loop { x = 2 * (yield x)?; } }
/// }
/// let mut doubler = pin!(doubler());
/// assert_eq!(doubler.start(), Ok(Step::Yielded(0)));
/// assert_eq!(doubler.send(21), Ok(Step::Yielded(42)));
/// ```
pub type Coroutine<Y, S, E, C> = Machine<C, Y, Outcome<S, E>>;

/// A body and its state. `generator!` and `coroutine!` make it; it owns no heap memory, and it must
/// be pinned to run: `pin!(g)` on the stack, or `Box::pin(g)`.
///
/// It is `Send` if all values that the body captures and keeps across a `yield` are `Send`.
/// Dropping it drops the body in place.
///
/// # Examples
/// ```
/// use heist::generator::{State, generator};
///
/// let mut numbers = Box::pin(generator! { yield 1; yield 2; });
/// assert_eq!(numbers.state(), State::Created);
/// assert_eq!(numbers.next(), Some(1));
/// assert_eq!(numbers.state(), State::Suspended);
/// assert_eq!((numbers.next(), numbers.next()), (Some(2), None));
/// assert_eq!(numbers.state(), State::Closed);
/// ```
#[must_use = "calling a generator runs nothing: iterate over it (`try_iter` if it returns a `Result`) or resume it"]
pub struct Machine<C, Y, A> {
    state: State,
    code: ManuallyDrop<C>,
    passes: PhantomData<fn(A) -> Y>,
    _pinned: PhantomPinned,
}

impl<C, Y, A> Machine<C, Y, A> {
    /// # Safety
    /// `code` is the body that a macro of this crate wrote for exactly these `Y` and `A`: an async
    /// block that was never polled, whose first act is `YieldGate::begin` and whose every other
    /// suspension is a `YieldGate::suspend` `[tied]`.
    #[inline(always)]
    pub(super) unsafe fn new(code: C) -> Self {
        Machine {
            state: State::Created,
            code: ManuallyDrop::new(code),
            passes: PhantomData,
            _pinned: PhantomPinned,
        }
    }

    /// Where the body stands. Never `Running`, because a caller of this method is not inside the
    /// body.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{State, generator};
    ///
    /// assert_eq!(generator! { yield 1; }.state(), State::Created);
    /// ```
    #[inline]
    pub fn state(&self) -> State {
        self.state
    }

    /// The path of the function that the body was written in, for diagnostics.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Code, Machine, Next, generator};
    ///
    /// fn one() -> Machine<impl Code, u32, Next> {
    ///     generator! { yield 1; }
    /// }
    /// assert!(one().name().ends_with("one"));
    /// ```
    pub fn name(&self) -> &'static str {
        let path = core::any::type_name::<C>();
        path.strip_suffix("::{{closure}}").unwrap_or(path)
    }

    #[inline(always)]
    fn kill(&mut self) {
        if mem::replace(&mut self.state, State::Closed) != State::Closed {
            // SAFETY: a state other than `Closed` means that the body is whole [closed-is-empty],
            // and the line above has just ended that state, so this runs once, even if a destructor
            // of the body panics.
            unsafe { ManuallyDrop::drop(&mut self.code) }
        }
    }

    #[cold]
    #[inline(never)]
    fn stray(&mut self) -> ! {
        self.kill();
        panic!("a synchronous generator awaited a future that was not ready: use `async_generator!` instead");
    }
}

impl<C, Y, A> Drop for Machine<C, Y, A> {
    #[inline]
    fn drop(&mut self) {
        self.kill();
    }
}

impl<C, Y, A> fmt::Debug for Machine<C, Y, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("name", &self.name()).field("state", &self.state).finish()
    }
}

impl<C: Future, Y, A> Resume for Machine<C, Y, A> {
    type Yield = Y;
    type Argument = A;
    type Return = C::Output;

    #[inline]
    fn state(&self) -> State {
        self.state
    }

    #[inline]
    fn resume(self: Pin<&mut Self>, argument: Option<A>) -> Step<Y, C::Output> {
        // SAFETY: nothing below moves `code`; it is dropped only in place, by `kill`.
        let machine = unsafe { self.get_unchecked_mut() };
        assert!(machine.state != State::Closed, "a generator that has ended cannot be resumed");
        assert!(
            argument.is_some() || machine.state == State::Created,
            "a suspended generator is resumed with an argument"
        );
        // [closed-is-empty]: a body that has returned or panicked has dropped everything that it
        // owned. So closing before the poll and reopening after a `yield` needs no guard against
        // unwinding.
        machine.state = State::Closed;
        let mut frame = Frame::<Y, A>::new(argument);
        // SAFETY: AIRLOCK's functions neither read nor free the data pointer, and a clone carries
        // none.
        let waker =
            ManuallyDrop::new(unsafe { Waker::new((&raw mut frame).cast::<()>().cast_const(), &AIRLOCK) });
        // SAFETY: `machine` came out of a `Pin`, and `code` is structurally pinned: it never moves
        // [in-place].
        let code = unsafe { Pin::new_unchecked(&mut *machine.code) };
        match code.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => Step::Returned(value),
            Poll::Pending => {
                machine.state = State::Suspended;
                match frame.into_yielded() {
                    Some(value) => Step::Yielded(value),
                    None => machine.stray(),
                }
            }
        }
    }

    #[inline]
    fn abort(self: Pin<&mut Self>) {
        // SAFETY: `kill` drops the body in place and moves nothing.
        unsafe { self.get_unchecked_mut() }.kill();
    }
}

/// `code` is the body that was expanded with the gate of this tie: the caller of
/// [`tie`](super::airlock::tie) has promised it. So a body stands in no `unsafe` block.
#[inline(always)]
pub fn machine<Y, A, C: Future>(_: Tie<Y, A>, code: C) -> Machine<C, Y, A> {
    // SAFETY: the promise of `tie` is the one that `Machine::new` asks for [tied].
    unsafe { Machine::new(code) }
}
