#![expect(
    unsafe_code,
    reason = "a suspended body and its driver pass values through a frame known by pointer"
)]
//! How a body and its driver exchange values. Only macro expansions and the machines use it.
//!
//! The driver puts a [`Frame`] on its stack and passes the frame's address as the data of a waker,
//! so the body holds no pointer across a suspension. In asynchronous machines the frame also holds
//! the task's context, and every `.await` of the body is polled with that context.

use core::future::{Future, IntoFuture};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use pin_project_lite::pin_project;

use crate::primitive::cell::UnsafeCell;

/// Expansions find all that they call here.
pub use super::async_machine::async_machine;
pub use super::machine::machine;

/// The values of one step: the argument goes into the body, then the yielded value comes out.
pub struct Frame<Y, A> {
    yielded: Option<Y>,
    argument: Option<A>,
}

impl<Y, A> Frame<Y, A> {
    #[inline(always)]
    pub(super) const fn new(argument: Option<A>) -> Self {
        Frame { yielded: None, argument }
    }

    #[inline(always)]
    pub(super) fn into_yielded(self) -> Option<Y> {
        self.yielded
    }

    #[inline(always)]
    fn has_yielded(&self) -> bool {
        self.yielded.is_some()
    }

    #[inline(always)]
    pub(super) fn take_yielded(&mut self) -> Option<Y> {
        self.yielded.take()
    }

    #[inline(always)]
    pub(super) fn set_argument(&mut self, argument: Option<A>) {
        self.argument = argument;
    }

    #[inline(always)]
    pub(super) fn take_argument(&mut self) -> Option<A> {
        self.argument.take()
    }

    #[inline(always)]
    pub(super) fn put(&mut self, value: Y) {
        self.yielded = Some(value);
    }
}

/// The waker that carries a frame's address. A body that clones it (by awaiting through a foreign
/// macro) gets a waker that does nothing, because a frame outlives no poll.
pub(super) static AIRLOCK: RawWakerVTable = RawWakerVTable::new(
    |_| {
        let noop = ManuallyDrop::new(Waker::noop().clone());
        RawWaker::new(noop.data(), noop.vtable())
    },
    |_| {},
    |_| {},
    |_| {},
);

/// Names the two types without owning them, and lets neither vary.
type Both<Y, A> = PhantomData<(fn(Y) -> Y, fn(A) -> A)>;

/// Ties a body to the machine that will drive it: invariant in `Y` and `A`, so that both sides
/// agree on the frame.
pub struct Tie<Y, A>(Both<Y, A>);

/// The body's side of the airlock, synchronous.
pub struct YieldGate<Y, A>(Both<Y, A>);

/// The body's side of the airlock, asynchronous.
pub struct AsyncYieldGate<Y, A>(Both<Y, A>);

/// # Safety
/// Only the expansion of `generator!` and `coroutine!` calls it: both halves go to the one body and
/// its one machine.
#[inline(always)]
pub unsafe fn tie<Y, A>() -> (YieldGate<Y, A>, Tie<Y, A>) {
    (YieldGate(PhantomData), Tie(PhantomData))
}

/// # Safety
/// As [`tie`], for `async_generator!` and `async_coroutine!`.
#[inline(always)]
pub unsafe fn tie_async<Y, A>() -> (AsyncYieldGate<Y, A>, Tie<Y, A>) {
    (AsyncYieldGate(PhantomData), Tie(PhantomData))
}

/// Fixes the result type of a body before its first `?` or `return` is met. Never called.
pub fn returned<R>() -> R {
    unreachable!("written into bodies for its type only")
}

/// A frame on the driver's stack. Valid from the moment the body receives it to its next
/// suspension.
pub type FramePointer<Y, A> = *mut Frame<Y, A>;

/// Safety of all methods here: an expansion calls them, directly in the body that this gate was
/// tied to, with the frame pointer that the body last received. The expansion proves "directly" by
/// a labelled break that no closure or nested async block can contain `[direct]`.
impl<Y, A> YieldGate<Y, A> {
    /// The operand of a `yield`, with the type that is yielded.
    #[inline(always)]
    pub fn offer(&self, value: Y) -> Y {
        value
    }

    /// # Safety
    /// See the impl block. Awaited once, before anything else in the body.
    #[inline(always)]
    pub unsafe fn begin(&self) -> Begin<Y, A> {
        Begin(PhantomData)
    }

    /// # Safety
    /// See the impl block.
    #[inline(always)]
    pub unsafe fn put(&self, frame: FramePointer<Y, A>, value: Y) {
        // SAFETY: the frame is on the stack of the driver that is polling this body now, with these
        // types [tied].
        unsafe { (*frame).put(value) }
    }

    /// # Safety
    /// See the impl block. Awaited at once.
    #[inline(always)]
    pub unsafe fn suspend(&self) -> Suspend<Y, A> {
        Suspend(PhantomData)
    }

    /// # Safety
    /// See the impl block; only after a `suspend`.
    #[inline(always)]
    pub unsafe fn take(&self, frame: FramePointer<Y, A>) -> A {
        // SAFETY: the frame is live as in `put`; `Machine::resume` asserts that a suspended body
        // gets an argument, and nothing else takes it in the step [argued].
        unsafe { (*frame).take_argument().unwrap_unchecked() }
    }
}

/// Receives the frame of the first resumption.
pub struct Begin<Y, A>(PhantomData<fn(Y, A)>);

impl<Y, A> Future for Begin<Y, A> {
    type Output = FramePointer<Y, A>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(frame_of(cx))
    }
}

/// Pending while the frame holds the value that was put there; then receives the frame of the next
/// resumption.
pub struct Suspend<Y, A>(PhantomData<fn(Y, A)>);

impl<Y, A> Future for Suspend<Y, A> {
    type Output = FramePointer<Y, A>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let frame = frame_of(cx);
        // SAFETY: as in `put`.
        if unsafe { (*frame).has_yielded() } { Poll::Pending } else { Poll::Ready(frame) }
    }
}

#[inline(always)]
fn frame_of<Y, A>(cx: &Context<'_>) -> FramePointer<Y, A> {
    debug_assert!(ptr::eq(cx.waker().vtable(), &AIRLOCK), "only the machine polls a body");
    cx.waker().data().cast::<Frame<Y, A>>().cast_mut()
}

/// Where a routine keeps its frame. The body writes it inside a poll, the driver between polls.
pub(super) type FrameSlot<Y, A> = UnsafeCell<Frame<Y, A>>;

/// The frame of an asynchronous machine's poll: the values of one step, and the task that polls.
pub struct AsyncFrame<Y, A> {
    pub(super) exchange: Frame<Y, A>,
    /// The caller's context, for as long as the poll lasts.
    task: *mut Context<'static>,
}

impl<Y, A> AsyncFrame<Y, A> {
    #[inline(always)]
    pub(super) fn new(argument: Option<A>, cx: &mut Context<'_>) -> Self {
        AsyncFrame { exchange: Frame::new(argument), task: ptr::from_mut(cx).cast() }
    }
}

/// The waker that carries an asynchronous frame's address. A future that is awaited directly in a
/// body never sees it, because an [`Awaiter`] passes the task's own context. A future that a
/// foreign macro polls does see it: there this waker stands for the task's, and a clone of it is a
/// clone of the task's.
pub(super) fn async_airlock<Y, A>() -> &'static RawWakerVTable {
    struct WakerTable<Y, A>(PhantomData<(Y, A)>);
    impl<Y, A> WakerTable<Y, A> {
        const TABLE: RawWakerVTable = RawWakerVTable::new(
            |frame| {
                let waker = ManuallyDrop::new(task_of::<Y, A>(frame).clone());
                RawWaker::new(waker.data(), waker.vtable())
            },
            |frame| task_of::<Y, A>(frame).wake_by_ref(),
            |frame| task_of::<Y, A>(frame).wake_by_ref(),
            |_| {},
        );
    }
    fn task_of<'a, Y, A>(frame: *const ()) -> &'a Waker {
        // SAFETY: a waker with this table is lent for one poll, which the frame and its context
        // outlive [tied].
        unsafe { (*(*frame.cast::<AsyncFrame<Y, A>>()).task).waker() }
    }
    const { &WakerTable::<Y, A>::TABLE }
}

#[inline(always)]
fn async_frame_of<Y, A>(cx: &Context<'_>) -> *mut AsyncFrame<Y, A> {
    cx.waker().data().cast::<AsyncFrame<Y, A>>().cast_mut()
}

/// Safety of all methods here: as for [`YieldGate`].
impl<Y, A> AsyncYieldGate<Y, A> {
    /// The operand of a `yield`, with the type that is yielded.
    #[inline(always)]
    pub fn offer(&self, value: Y) -> Y {
        value
    }

    /// # Safety
    /// See the impl block. Awaited at once, and then [`suspend`](AsyncYieldGate::suspend).
    #[inline(always)]
    pub unsafe fn put(&self, value: Y) -> Put<Y, A> {
        Put { value: ManuallyDrop::new(value), passes: PhantomData }
    }

    /// # Safety
    /// See the impl block. Awaited at once, after [`put`](AsyncYieldGate::put).
    #[inline(always)]
    pub unsafe fn suspend(&self) -> AsyncSuspend<Y, A> {
        AsyncSuspend(PhantomData)
    }

    /// # Safety
    /// See the impl block: the future that it makes is awaited directly in the body.
    #[inline(always)]
    pub unsafe fn waiter(&self) -> Awaiter<Y, A> {
        Awaiter(PhantomData)
    }
}

/// Puts a value into the frame of this poll; never pending. It is a future because only a future
/// receives the frame.
pub struct Put<Y, A> {
    value: ManuallyDrop<Y>,
    passes: PhantomData<fn(A)>,
}

impl<Y, A> Unpin for Put<Y, A> {}

impl<Y, A> Future for Put<Y, A> {
    type Output = ();

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: it is awaited directly in its body [direct], so this is a poll by the machine,
        // whose frame has these types [tied]; and it is polled once, because it is ready at once.
        unsafe { (*async_frame_of::<Y, A>(cx)).exchange.put(ManuallyDrop::take(&mut self.value)) }
        Poll::Ready(())
    }
}

/// Pending while the frame holds the value that was put there; then receives the argument of the
/// next resumption.
pub struct AsyncSuspend<Y, A>(PhantomData<fn(Y, A)>);

impl<Y, A> Future for AsyncSuspend<Y, A> {
    type Output = A;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A> {
        // SAFETY: as in `Put`.
        let frame = unsafe { &mut (*async_frame_of::<Y, A>(cx)).exchange };
        if frame.has_yielded() {
            return Poll::Pending;
        }
        // SAFETY: a suspended body is polled only with an argument, and nothing else takes it in
        // the step [argued].
        Poll::Ready(unsafe { frame.take_argument().unwrap_unchecked() })
    }
}

/// Polls the future that a body awaits with the task's own context.
pub struct Awaiter<Y, A>(PhantomData<fn(Y, A)>);

impl<Y, A> Awaiter<Y, A> {
    /// The future to await in place of `future`.
    #[inline(always)]
    pub fn wait<F: IntoFuture>(self, future: F) -> Awaiting<F::IntoFuture, Y, A> {
        Awaiting { future: future.into_future(), passes: PhantomData }
    }
}

pin_project! {
    /// A future that is polled with the task's own context.
    pub struct Awaiting<F, Y, A> {
        #[pin]
        future: F,
        passes: PhantomData<fn(Y, A)>,
    }
}

impl<F: Future, Y, A> Future for Awaiting<F, Y, A> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let frame = async_frame_of::<Y, A>(cx);
        // SAFETY: a waiter is awaited directly in its body [direct], so this is a poll by the
        // machine, whose frame holds the context that the machine was called with; nothing else
        // uses that context during the poll.
        self.project().future.poll(unsafe { &mut *(*frame).task.cast() })
    }
}
