#![expect(unsafe_code, reason = "a pinned routine and the handle that its body holds share a slot")]
//! The form without a macro, seen from its caller: routines, synchronous and asynchronous.

use core::fmt;
use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::airlock::{Frame, FrameSlot};
use super::alloc::boxed::Box;
use super::async_machine::AsyncResume;
use super::co::{Body, Co};
use super::fallible::LosesNothing;
use super::iterator::advance;
use super::protocol::{Next, State, Step};
use super::resume::Resume;

/// Where the body of a routine is.
enum RoutineStage<F, C> {
    New(F),
    Begun(C),
    Gone,
}

/// A generator or coroutine without a macro; [`routine`] makes it, and its examples show it.
///
/// Pinned, it is an `Iterator` or a coroutine, as those of the macros are. [`async_routine`] makes
/// one whose body may await anything. An item costs a few nanoseconds more than with the macros,
/// because the body holds a pointer to its routine.
///
/// # Examples
/// ```
/// use heist::generator::{Body, Co, Next, Routine, routine};
/// use std::pin::pin;
///
/// fn sum<F, C>(numbers: Routine<F, C, u32, Next>) -> u32
/// where
///     F: Body<'static, u32, Next, Code = C, Return = ()>,
///     C: Future<Output = ()>,
/// {
///     pin!(numbers).sum()
/// }
/// let numbers = routine(async |mut co: Co<'_, u32>| {
///     co.yield_(40).await;
///     co.yield_(2).await;
/// });
/// assert_eq!(sum(numbers), 42);
/// ```
#[must_use = "making a routine runs nothing: iterate over it or resume it"]
pub struct Routine<F, C, Y, A> {
    state: State,
    stage: RoutineStage<F, C>,
    slot: FrameSlot<Y, A>,
    _pinned: PhantomPinned,
}

// SAFETY: as for `AsyncMachine`: the slot is touched only through an exclusive reference to the
// routine or inside its poll; sending the routine sends the body and the values.
unsafe impl<F: Send, C: Send, Y: Send, A: Send> Send for Routine<F, C, Y, A> {}

/// Makes a generator (`Co<'_, Y>`) or a coroutine (`Co<'_, Y, Outcome<S, E>>`) of an async closure.
///
/// Write the type of the handle out as `Co<'_, ..>`, because the closure has to be general in its
/// lifetime.
///
/// # Panics
/// Resuming panics if the body awaits a future other than a yield and that future is not ready; see
/// [`async_routine`].
///
/// # Examples
/// ```
/// use heist::generator::{Co, routine};
/// use std::pin::pin;
///
/// async fn pair(co: &mut Co<'_, u32>, first: u32) {
///     co.yield_(first).await;
///     co.yield_(first + 1).await;
/// }
/// let pairs = routine(async |mut co: Co<'_, u32>| {
///     for tens in [10, 20] {
///         pair(&mut co, tens).await;
///     }
/// });
/// assert_eq!(pin!(pairs).collect::<Vec<_>>(), [10, 11, 20, 21]);
/// ```
pub fn routine<Y, A, R, F>(body: F) -> Routine<F, <F as Body<'static, Y, A>>::Code, Y, A>
where
    F: for<'g> Body<'g, Y, A, Return = R>,
{
    Routine {
        state: State::Created,
        stage: RoutineStage::New(body),
        slot: FrameSlot::new(Frame::new(None)),
        _pinned: PhantomPinned,
    }
}

impl<F, C, Y, A> Routine<F, C, Y, A> {
    /// Where the body stands.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Co, State, routine};
    ///
    /// let numbers = routine(async |mut co: Co<'_, u32>| { co.yield_(7).await; });
    /// assert_eq!(numbers.state(), State::Created);
    /// ```
    pub fn state(&self) -> State {
        self.state
    }

    fn kill(self: Pin<&mut Self>) {
        // SAFETY: assigning `Gone` drops the stage in place; nothing is moved out of the pin.
        let routine = unsafe { self.get_unchecked_mut() };
        routine.state = State::Closed;
        routine.stage = RoutineStage::Gone;
    }
}

impl<F, C, Y, A> Routine<F, C, Y, A>
where
    F: Body<'static, Y, A, Code = C>,
    C: Future,
{
    /// Puts the argument in, polls the body, and takes the yielded value out.
    fn poll_body(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<A>,
    ) -> Poll<Step<Y, C::Output>> {
        // SAFETY: nothing below moves a begun body: `New` is moved out before it is pinned, `Begun`
        // is only dropped.
        let routine = unsafe { self.get_unchecked_mut() };
        match routine.state {
            State::Created => routine.begin(argument),
            State::Suspended => {
                assert!(argument.is_some(), "a suspended generator is resumed with an argument");
                // SAFETY: the routine is borrowed exclusively and the body is not being polled.
                routine.slot.with_mut(|frame| unsafe { (*frame).set_argument(argument.take()) });
            }
            State::Running => {}
            State::Closed => panic!("a generator that has ended cannot be resumed"),
        }
        // A panic in the body leaves it closed; the body itself is dropped with the routine.
        routine.state = State::Closed;
        let RoutineStage::Begun(code) = &mut routine.stage else { unreachable!("a body begins once") };
        // SAFETY: the routine is pinned and a begun body never moves [in-place].
        let polled = unsafe { Pin::new_unchecked(code) }.poll(cx);
        if let Poll::Ready(value) = polled {
            routine.stage = RoutineStage::Gone;
            return Poll::Ready(Step::Returned(value));
        }
        // SAFETY: the routine is borrowed exclusively and the body is not being polled.
        match routine.slot.with_mut(|frame| unsafe { (*frame).take_yielded() }) {
            Some(value) => {
                routine.state = State::Suspended;
                Poll::Ready(Step::Yielded(value))
            }
            None => {
                routine.state = State::Running;
                Poll::Pending
            }
        }
    }

    /// Calls the function with a handle. `'static` stands for a lifetime that the function cannot
    /// know `[scoped]`: the function is general in it, so the handle cannot outlive the body that
    /// it is passed to.
    fn begin(&mut self, argument: &mut Option<A>) {
        drop(argument.take());
        // Closed if the function itself panics.
        self.state = State::Closed;
        let RoutineStage::New(body) = core::mem::replace(&mut self.stage, RoutineStage::Gone) else {
            unreachable!("only a new routine begins")
        };
        // SAFETY: the slot is in the pinned routine, as the body is, and outlives it [in-place];
        // the routine uses it only between polls.
        let co = unsafe { Co::new(&raw const self.slot) };
        self.stage = RoutineStage::Begun(body.begin(co));
    }
}

impl<F, C, Y, A> fmt::Debug for Routine<F, C, Y, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routine").field("state", &self.state).finish()
    }
}

impl<F, C, Y, A> Resume for Routine<F, C, Y, A>
where
    F: Body<'static, Y, A, Code = C>,
    C: Future,
{
    type Yield = Y;
    type Argument = A;
    type Return = C::Output;

    fn state(&self) -> State {
        self.state
    }

    fn resume(mut self: Pin<&mut Self>, argument: Option<A>) -> Step<Y, C::Output> {
        let mut argument = argument;
        match self.as_mut().poll_body(&mut Context::from_waker(Waker::noop()), &mut argument) {
            Poll::Ready(step) => step,
            Poll::Pending => {
                self.kill();
                panic!(
                    "a synchronous routine awaited a future that was not ready: use `async_routine` instead"
                );
            }
        }
    }

    fn abort(self: Pin<&mut Self>) {
        self.kill();
    }
}

impl<F, C, Y> Iterator for Pin<&mut Routine<F, C, Y, Next>>
where
    F: Body<'static, Y, Next, Code = C>,
    C: Future,
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        advance(self.as_mut())
    }
}

impl<F, C, Y> Iterator for Pin<Box<Routine<F, C, Y, Next>>>
where
    F: Body<'static, Y, Next, Code = C>,
    C: Future,
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        advance(self.as_mut())
    }
}

/// A [`Routine`] that may await anything: an asynchronous generator (a `Stream`) or coroutine
/// without a macro. [`async_routine`] makes it, and its examples show it.
///
/// # Examples
/// ```
/// use futures::StreamExt;
/// use heist::generator::{AsyncRoutine, Body, Co, Next, async_routine};
/// use std::pin::pin;
///
/// async fn first<F, C>(numbers: AsyncRoutine<F, C, u32, Next>) -> Option<u32>
/// where
///     F: Body<'static, u32, Next, Code = C, Return = ()>,
///     C: Future<Output = ()>,
/// {
///     pin!(numbers).next().await
/// }
/// let numbers = async_routine(async |mut co: Co<'_, u32>| {
///     let seven = std::future::ready(7).await;
///     co.yield_(seven).await;
/// });
/// assert_eq!(futures::executor::block_on(first(numbers)), Some(7));
/// ```
#[derive(Debug)]
#[must_use = "making a routine runs nothing: iterate over it or resume it"]
pub struct AsyncRoutine<F, C, Y, A>(Routine<F, C, Y, A>);

/// Makes an asynchronous generator (`Co<'_, Y>`) or coroutine (`Co<'_, Y, Outcome<S, E>>`) of an
/// async closure.
///
/// # Examples
/// ```
/// use futures::StreamExt;
/// use heist::generator::{Co, async_routine};
///
/// async fn line(co: &mut Co<'_, String>, number: u32) {
///     std::future::ready(()).await;
///     co.yield_(format!("line {number}")).await;
/// }
/// let lines = async_routine(async |mut co: Co<'_, String>| {
///     line(&mut co, 1).await;
///     line(&mut co, 2).await;
/// });
/// let lines: Vec<String> = futures::executor::block_on(lines.collect());
/// assert_eq!(lines, ["line 1", "line 2"]);
/// ```
pub fn async_routine<Y, A, R, F>(body: F) -> AsyncRoutine<F, <F as Body<'static, Y, A>>::Code, Y, A>
where
    F: for<'g> Body<'g, Y, A, Return = R>,
{
    AsyncRoutine(routine(body))
}

impl<F, C, Y, A> AsyncRoutine<F, C, Y, A> {
    fn inner(self: Pin<&mut Self>) -> Pin<&mut Routine<F, C, Y, A>> {
        // SAFETY: the one field is pinned whenever the wrapper is; nothing else gives it out.
        unsafe { self.map_unchecked_mut(|routine| &mut routine.0) }
    }
}

impl<F, C, Y, A> AsyncResume for AsyncRoutine<F, C, Y, A>
where
    F: Body<'static, Y, A, Code = C>,
    C: Future,
{
    type Yield = Y;
    type Argument = A;
    type Return = C::Output;

    fn state(&self) -> State {
        self.0.state
    }

    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<A>,
    ) -> Poll<Step<Y, C::Output>> {
        self.inner().poll_body(cx, argument)
    }

    fn abort(self: Pin<&mut Self>) {
        self.inner().kill();
    }
}

impl<F, C, Y> futures_core::Stream for AsyncRoutine<F, C, Y, Next>
where
    F: Body<'static, Y, Next, Code = C>,
    C: Future,
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Y>> {
        if self.0.state == State::Closed {
            return Poll::Ready(None);
        }
        self.inner().poll_body(cx, &mut Some(Next)).map(Step::yielded)
    }
}
