#![expect(
    unsafe_code,
    reason = "a suspended body and its driver pass values through a frame known by pointer"
)]
//! The hand-over between a body and its driver. Only macro expansions and the machines use it.
//!
//! Synchronous: the driver puts a [`Frame`] on its stack and passes the frame's address as the data of a waker, so
//! the body holds no pointer across a suspension. Asynchronous: the frame lives in the machine; the body learns its
//! address once, before any user code, and from then on sees the task's own waker.

use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use super::async_machine::AsyncMachine;
use super::machine::Machine;
use super::protocol::Outcome;
use crate::primitive::cell::UnsafeCell;

/// What travels through the airlock in one step: the argument inward, then the yielded value outward.
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

/// The waker that carries a frame's address. A body that clones it (by awaiting through a foreign macro) gets a waker
/// that does nothing, because a frame outlives no poll.
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

/// Ties a body to the machine that will drive it: invariant in `Y` and `A`, so that both sides agree on the frame.
pub struct Tie<Y, A>(Both<Y, A>);

/// The body's side of the airlock, synchronous.
pub struct Gate<Y, A>(Both<Y, A>);

/// The body's side of the airlock, asynchronous.
pub struct AsyncGate<Y, A>(Both<Y, A>);

/// # Safety
/// Called by the expansion of `generator!` and `coroutine!` only: both halves go to the one body and its one machine.
#[inline(always)]
pub unsafe fn tie<Y, A>() -> (Gate<Y, A>, Tie<Y, A>) {
    (Gate(PhantomData), Tie(PhantomData))
}

/// # Safety
/// As [`tie`], for `async_generator!` and `async_coroutine!`.
#[inline(always)]
pub unsafe fn tie_async<Y, A>() -> (AsyncGate<Y, A>, Tie<Y, A>) {
    (AsyncGate(PhantomData), Tie(PhantomData))
}

/// # Safety
/// `code` is the body that was expanded with the gate of this tie.
#[inline(always)]
pub unsafe fn machine<Y, A, C: Future>(_: Tie<Y, A>, code: C) -> Machine<C, Y, A> {
    // SAFETY: the caller's promise is the one that `Machine::new` asks for [tied].
    unsafe { Machine::new(code) }
}

/// # Safety
/// `code` is the body that was expanded with the gate of this tie.
#[inline(always)]
pub unsafe fn async_machine<Y, A, C: Future>(_: Tie<Y, A>, code: C) -> AsyncMachine<C, Y, A> {
    // SAFETY: the caller's promise is the one that `AsyncMachine::new` asks for [tied].
    unsafe { AsyncMachine::new(code) }
}

/// Fixes the result type of a coroutine's body before its first `?` is met. Never called.
pub fn outcome<R, E>() -> Outcome<R, E> {
    unreachable!("written into bodies for its type only")
}

/// A frame of the driver's stack. Valid from the moment the body receives it to its next suspension.
pub type FramePointer<Y, A> = *mut Frame<Y, A>;

/// Safety of all methods here: they are called by an expansion, directly in the body that this gate was tied to (the
/// expansion proves "directly" by a labelled break that no closure or nested async block can contain `[direct]`), with
/// the frame pointer that the body last received.
impl<Y, A> Gate<Y, A> {
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
        // SAFETY: the frame is on the stack of the driver that is polling this body now, with these types [tied].
        unsafe { (*frame).put(value) }
    }

    /// # Safety
    /// See the impl block. Awaited at once.
    #[inline(always)]
    pub unsafe fn suspend(&self) -> Suspend<Y, A> {
        Suspend(false, PhantomData)
    }

    /// # Safety
    /// See the impl block; only after a `suspend`.
    #[inline(always)]
    pub unsafe fn take(&self, frame: FramePointer<Y, A>) -> A {
        // SAFETY: the frame is live as in `put`; `Machine::resume` asserts that a suspended body gets an argument, and
        // this is the only taker in the step [argued].
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

/// Pending once; then receives the frame of the next resumption.
pub struct Suspend<Y, A>(bool, PhantomData<fn(Y, A)>);

impl<Y, A> Future for Suspend<Y, A> {
    type Output = FramePointer<Y, A>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 {
            Poll::Ready(frame_of(cx))
        } else {
            self.0 = true;
            Poll::Pending
        }
    }
}

#[inline(always)]
fn frame_of<Y, A>(cx: &Context<'_>) -> FramePointer<Y, A> {
    debug_assert!(ptr::eq(cx.waker().vtable(), &AIRLOCK), "only the machine polls a body");
    cx.waker().data().cast::<Frame<Y, A>>().cast_mut()
}

/// Where a routine keeps its frame. Written by the body inside a poll and by the driver between polls.
pub(super) type Slot<Y, A> = UnsafeCell<Frame<Y, A>>;

/// The frame of an asynchronous machine. The argument is there only from the driver's `give` to the body's `take`,
/// which is the next thing that happens `[argued]`; so nothing has to remember whether it is, or to drop it.
pub struct Exchange<Y, A> {
    yielded: Option<Y>,
    argument: MaybeUninit<A>,
}

impl<Y, A> Exchange<Y, A> {
    pub(super) const fn new() -> Self {
        Exchange { yielded: None, argument: MaybeUninit::uninit() }
    }

    #[inline(always)]
    pub(super) fn take_yielded(&mut self) -> Option<Y> {
        self.yielded.take()
    }

    #[inline(always)]
    pub(super) fn give(&mut self, argument: A) {
        self.argument.write(argument);
    }
}

/// Where an asynchronous machine keeps its exchange.
pub(super) type ExchangeSlot<Y, A> = UnsafeCell<Exchange<Y, A>>;

/// An asynchronous body's pointer to the slot of its machine.
pub struct SlotPointer<Y, A>(*const ExchangeSlot<Y, A>);

// SAFETY: the pointer is used only by the body, inside a poll of the machine that holds both; the values that pass
// through it may change threads, hence the bounds.
unsafe impl<Y: Send, A: Send> Send for SlotPointer<Y, A> {}
// SAFETY: as above: a shared reference to the pointer exists only inside the body.
unsafe impl<Y: Send, A: Send> Sync for SlotPointer<Y, A> {}

/// Safety of all methods here: as for [`Gate`]; the slot pointer is the one that the body received first.
impl<Y, A> AsyncGate<Y, A> {
    /// # Safety
    /// See the impl block. Awaited once, before anything else in the body.
    #[inline(always)]
    pub unsafe fn begin(&self) -> AsyncBegin<Y, A> {
        AsyncBegin(None)
    }

    /// # Safety
    /// See the impl block.
    #[inline(always)]
    pub unsafe fn put(&self, slot: &SlotPointer<Y, A>, value: Y) {
        // SAFETY: the slot is a field of the pinned machine that is polling this body now [in-place], and the machine
        // holds no reference to it during the poll.
        unsafe { &*slot.0 }.with_mut(|exchange| unsafe { (*exchange).yielded = Some(value) });
    }

    /// # Safety
    /// See the impl block. Awaited at once.
    #[inline(always)]
    pub unsafe fn suspend(&self) -> AsyncSuspend {
        AsyncSuspend(false)
    }

    /// # Safety
    /// See the impl block; only after a `suspend`.
    #[inline(always)]
    pub unsafe fn take(&self, slot: &SlotPointer<Y, A>) -> A {
        // SAFETY: the slot is live as in `put`; `AsyncMachine` polls a suspended body only after it has put an argument
        // there, and this is the only taker in the step [argued].
        unsafe { &*slot.0 }.with_mut(|exchange| unsafe { (*exchange).argument.assume_init_read() })
    }
}

/// Receives the slot's address from the machine's first poll, and returns `Pending` once so that the machine can go on
/// with the task's own waker.
pub struct AsyncBegin<Y, A>(Option<SlotPointer<Y, A>>);

impl<Y, A> Unpin for AsyncBegin<Y, A> {}

impl<Y, A> Future for AsyncBegin<Y, A> {
    type Output = SlotPointer<Y, A>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(slot) = self.0.take() {
            return Poll::Ready(slot);
        }
        debug_assert!(ptr::eq(cx.waker().vtable(), &AIRLOCK), "only the machine polls a body");
        self.0 = Some(SlotPointer(cx.waker().data().cast()));
        Poll::Pending
    }
}

/// Pending once.
pub struct AsyncSuspend(bool);

impl Future for AsyncSuspend {
    type Output = ();

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            Poll::Ready(())
        } else {
            self.0 = true;
            Poll::Pending
        }
    }
}
