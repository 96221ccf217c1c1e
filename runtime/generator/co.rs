#![expect(unsafe_code, reason = "a pinned routine and the handle that its body holds share a slot")]
//! The form without a macro: a body that yields through a handle, and may lend the handle to
//! functions of its own.

use core::fmt;
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::airlock::{Frame, FrameSlot};
use super::alloc::boxed::Box;
use super::async_machine::AsyncResume;
use super::fallible::LosesNothing;
use super::iterator::advance;
use super::protocol::{Next, State, Step};
use super::resume::Resume;

/// The right to yield from inside a [`routine`]: hands out `Y`, receives `A`.
///
/// `A` is [`Next`] for generators and [`Outcome<S, E>`](super::Outcome) for coroutines. The
/// lifetime `'g` is that of one running body and of no other. So the body can lend the handle to
/// functions that it calls, and the handle cannot leave the body.
///
/// # Examples
/// ```
/// use heist::generator::{Co, CoroutineExt, Outcome, Step, routine};
/// use std::pin::pin;
///
/// // Each value that is sent to `coro` reaches `step`, through the await.
/// async fn step(co: &mut Co<'_, u32, Outcome<&'static str>>) -> Outcome<&'static str> {
///     let mut number = 0;
///     while co.yield_(number).await? != "stop" {
///         number += 1;
///     }
///     Ok("stepped")
/// }
/// let coro = routine(async |mut co: Co<'_, u32, Outcome<&'static str>>| step(&mut co).await);
/// let mut coro = pin!(coro);
/// assert_eq!(coro.start(), Ok(Step::Yielded(0)));
/// assert_eq!(coro.send("first"), Ok(Step::Yielded(1)));
/// assert_eq!(coro.send("stop"), Ok(Step::Returned("stepped")));
/// ```
pub struct Co<'g, Y, A = Next> {
    slot: *const FrameSlot<Y, A>,
    /// Invariant, so that two bodies cannot exchange their handles.
    body: PhantomData<fn(&'g ()) -> &'g ()>,
}

// SAFETY: the handle reaches the slot only inside a poll of its routine, which is exclusive
// [scoped]; the values that pass may change threads, hence the bounds.
unsafe impl<Y: Send, A: Send> Send for Co<'_, Y, A> {}
// SAFETY: a shared reference to the handle gives access to nothing.
unsafe impl<Y: Send, A: Send> Sync for Co<'_, Y, A> {}

impl<'g, Y, A> Co<'g, Y, A> {
    /// Hands out `value`; the future is ready with the argument of the next resumption.
    ///
    /// The future borrows the handle, so there is one yield at a time.
    ///
    /// # Cancel safety
    /// Dropping the future after it was polled does not take the value back: it was handed out. The
    /// argument of the next resumption is then lost.
    pub fn yield_<'co>(&'co mut self, value: Y) -> Yielding<'co, 'g, Y, A> {
        Yielding { co: self, value: Some(value) }
    }
}

impl<Y, A> fmt::Debug for Co<'_, Y, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Co")
    }
}

/// The future of [`Co::yield_`].
///
/// # Examples
/// ```
/// use heist::generator::{Co, Next, Yielding, routine};
/// use std::pin::pin;
///
/// fn shout<'co, 'g>(co: &'co mut Co<'g, String>, word: &str) -> Yielding<'co, 'g, String, Next> {
///     co.yield_(word.to_uppercase())
/// }
/// let body = async |mut co: Co<'_, String>| { shout(&mut co, "ready").await; };
/// assert_eq!(pin!(routine(body)).next(), Some("READY".to_owned()));
/// ```
#[must_use = "a yield does nothing until it is awaited"]
pub struct Yielding<'co, 'g, Y, A> {
    co: &'co mut Co<'g, Y, A>,
    value: Option<Y>,
}

impl<Y, A> Unpin for Yielding<'_, '_, Y, A> {}

impl<Y, A> Future for Yielding<'_, '_, Y, A> {
    type Output = A;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<A> {
        let value = self.value.take();
        // SAFETY: the handle exists only while its body does, and the body only inside its pinned
        // routine, so the slot is alive [scoped]; every poll of this happens within the routine's
        // poll (or the drop of its body), during which the routine does not touch the slot, and the
        // exclusive borrow of the handle excludes a second access.
        unsafe { &*self.co.slot }.with_mut(|frame| match value {
            Some(value) => {
                // An argument that a dropped yield never took does not belong to this yield.
                // SAFETY: as above.
                let frame = unsafe { &mut *frame };
                frame.set_argument(None);
                frame.put(value);
                Poll::Pending
            }
            // SAFETY: as above.
            None => match unsafe { &mut *frame }.take_argument() {
                Some(argument) => Poll::Ready(argument),
                None => Poll::Pending,
            },
        })
    }
}

mod sealed {
    pub trait SealedBody {}
}

/// The argument of [`routine`]: `async |mut co: Co<'_, Y, A>| ..`. Implemented for every function
/// of that form.
///
/// # Examples
/// ```
/// use heist::generator::{Body, Co, Next, routine};
/// use std::pin::pin;
///
/// fn sum(body: impl for<'g> Body<'g, u32, Next, Return = ()>) -> u32 {
///     pin!(routine(body)).sum()
/// }
/// let body = async |mut co: Co<'_, u32>| {
///     co.yield_(40).await;
///     co.yield_(2).await;
/// };
/// assert_eq!(sum(body), 42);
/// ```
pub trait Body<'g, Y, A>: sealed::SealedBody {
    /// The type of the value that the body returns.
    type Return;
    /// The running body.
    type Code: Future<Output = Self::Return>;
    /// Calls the function.
    fn begin(self, co: Co<'g, Y, A>) -> Self::Code;
}

impl<F> sealed::SealedBody for F {}

impl<'g, Y, A, F, C> Body<'g, Y, A> for F
where
    F: FnOnce(Co<'g, Y, A>) -> C,
    C: Future,
{
    type Return = C::Output;
    type Code = C;

    #[inline]
    fn begin(self, co: Co<'g, Y, A>) -> C {
        self(co)
    }
}

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
        let co = Co { slot: &raw const self.slot, body: PhantomData };
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
