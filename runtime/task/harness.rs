//! What a run does to one future: poll, cancel, complete. All user code of a task is called from here or from
//! the join handle, and no panic of it gets out.
#![expect(unsafe_code, reason = "restores the type of a task and touches its cells")]

use super::error::JoinError;
use super::layout::{Cell, Core, Header, Stage};
use super::memory;
use super::quiet::{discard, quietly};
use super::raw::{TaskRef, Vtable};
use super::schedule::{Cause, Schedule};
use super::state::{Completion, JoinWakerOwner, Pause, Start};
use super::{Runnable, waker::WakerRef};
use std::any::Any;
use std::marker::PhantomData;
use std::mem::{self, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

/// The one table for these types.
pub(super) fn vtable<F: Future + 'static, S: Schedule>() -> &'static Vtable {
    const {
        &Vtable {
            run: run::<F, S>,
            schedule: schedule::<F, S>,
            take_output: take_output::<F, S>,
            drop_output: drop_output::<F, S>,
            free: free::<F, S>,
            trailer_offset: offset_of!(Cell<F, S>, trailer),
        }
    }
}

/// Runs the task once. True gives the right to run back: the task was woken meanwhile.
///
/// # Safety
/// `pointer` is a task of these types; the right to run it goes into the call.
unsafe fn run<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) -> bool {
    // SAFETY: handed on from our caller.
    unsafe { Harness::<F, S>::new(pointer) }.run()
}

/// # Safety
/// As [`TaskRef::schedule`].
unsafe fn schedule<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>, cause: Cause) {
    // SAFETY: the right to run goes into the Runnable.
    let runnable = unsafe { Runnable::from_header(pointer) };
    // SAFETY: the types are the task's, and our caller keeps it alive until the call returns.
    unsafe { Harness::<F, S>::new(pointer) }.core().scheduler.schedule(runnable, cause);
}

/// Moves the output to `target`, an `Option<Result<F::Output, JoinError>>` that is `None`. Leaves it so if
/// the output is gone already.
///
/// # Safety
/// The types are the task's, `target` is valid for writes, and the caller owns the output ([output-owner]).
unsafe fn take_output<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>, target: NonNull<()>) {
    // SAFETY: handed on from our caller.
    let harness = unsafe { Harness::<F, S>::new(pointer) };
    let target = target.cast::<Option<Result<F::Output, JoinError>>>();
    harness.core().stage.with_mut(|stage| {
        // SAFETY: the caller owns the output, so nobody else is at the stage. The future is gone, hence
        // nothing pinned moves.
        match mem::replace(unsafe { &mut *stage }, Stage::Consumed) {
            // SAFETY: handed on from our caller; it drops nothing, for the target is None.
            Stage::Output(output) => unsafe { target.write(Some(output)) },
            Stage::Consumed => {}
            Stage::Future(_) => unreachable!("a complete task has no future"),
        }
    });
}

/// Drops the output, if it is still there. A panic of its destructor ends here.
///
/// # Safety
/// The types are the task's, and the caller owns the output ([output-owner]).
unsafe fn drop_output<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) {
    // SAFETY: handed on from our caller.
    let harness = unsafe { Harness::<F, S>::new(pointer) };
    // SAFETY: the caller owns the output, so nobody else is at the stage.
    if let Err(payload) = unsafe { harness.replace_stage(Stage::Consumed) } {
        discard(payload);
    }
}

/// # Safety
/// The types are the task's, and its last reference was given up.
unsafe fn free<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) {
    let cell = pointer.cast::<Cell<F, S>>();
    debug_assert!(
        // SAFETY: nobody else has access.
        unsafe { cell.as_ref() }.core.stage.with(|stage| matches!(unsafe { &*stage }, Stage::Consumed)),
        "[last-reference] finds neither future nor output"
    );
    // SAFETY: `allocate` wrote one of this type there, and nobody else has access. If a destructor panics the memory is
    // leaked; none of ours does.
    unsafe { ptr::drop_in_place(cell.as_ptr()) };
    // SAFETY: it comes from `memory`, for this type.
    unsafe { memory::release(cell) };
}

/// A task whose types are known, and which outlives this value.
struct Harness<F: Future + 'static, S: Schedule> {
    pointer: NonNull<Header>,
    types: PhantomData<*const Cell<F, S>>,
}

impl<F: Future + 'static, S: Schedule> Harness<F, S> {
    /// # Safety
    /// `pointer` is a task of these types, alive for as long as the result is used.
    unsafe fn new(pointer: NonNull<Header>) -> Self {
        Harness { pointer, types: PhantomData }
    }

    fn task(&self) -> TaskRef<'_> {
        // SAFETY: alive as `new` asks.
        unsafe { TaskRef::from_header(self.pointer) }
    }

    fn core(&self) -> &Core<F, S> {
        // SAFETY: types and life as `new` asks; the field is reached by pointer, so that no reference covers
        // the others.
        unsafe { &*ptr::addr_of!((*self.pointer.cast::<Cell<F, S>>().as_ptr()).core) }
    }

    fn run(self) -> bool {
        if self.task().state().transition_to_running() == Start::Cancel {
            self.cancel();
            return false;
        }
        let Some(output) = self.poll() else {
            return match self.task().state().transition_to_idle() {
                Pause::Idle => false,
                Pause::Woken => true,
                // The right to run is ours again, and this time the start says Cancel.
                Pause::Cancelled => self.run(),
            };
        };
        self.complete(output);
        false
    }

    /// Polls the future. A panic is an output.
    fn poll(&self) -> Option<Result<F::Output, JoinError>> {
        let waker = WakerRef::new(self.task());
        let mut cx = Context::from_waker(&waker);
        let polled = self.core().stage.with_mut(|stage| {
            catch_unwind(AssertUnwindSafe(|| {
                // SAFETY: we are the runner, so the stage is ours ([one-poller]).
                let Stage::Future(future) = (unsafe { &mut *stage }) else {
                    unreachable!("a task that is not complete has a future");
                };
                // SAFETY: the future stays in the cell, on the heap, until it is dropped there.
                unsafe { Pin::new_unchecked(future) }.poll(&mut cx)
            }))
        });
        match polled {
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(output)) => Some(Ok(output)),
            Err(payload) => Some(Err(JoinError::panic(self.task().id(), payload))),
        }
    }

    fn cancel(self) {
        let id = self.task().id();
        // SAFETY: we are the runner, so the stage is ours.
        let output = match unsafe { self.replace_stage(Stage::Consumed) } {
            Ok(()) => JoinError::cancelled(id),
            Err(payload) => JoinError::panic(id, payload),
        };
        self.complete(Err(output));
    }

    /// Replaces the future by its output, tells the joiner, and gives up the reference that the task holds to
    /// itself.
    fn complete(self, output: Result<F::Output, JoinError>) {
        // The future goes first, and now: a stale waker must not keep what it owns.
        // SAFETY: we are the runner, so the stage is ours.
        if let Err(payload) = unsafe { self.replace_stage(Stage::Output(output)) } {
            // The output is good; what the destructor had to say comes too late for the joiner.
            discard(payload);
        }
        match self.task().state().transition_to_complete() {
            Completion::Joinable => {}
            // SAFETY: without a join handle the output is the runner's.
            Completion::Detached => unsafe { drop_output::<F, S>(self.pointer) },
            Completion::WakeJoiner => self.wake_joiner(),
        }
        self.core().scheduler.release(self.task().header());
        if self.task().state().drop_reference() {
            // SAFETY: it was the last one, and `self` is not used afterwards.
            unsafe { free::<F, S>(self.pointer) }
        }
    }

    fn wake_joiner(&self) {
        let join_waker = &self.task().trailer().join_waker;
        join_waker.with(|waker| {
            // SAFETY: [waker-lent] the handle does not write while JOIN_WAKER is set and the task is
            // complete.
            let waker = unsafe { &*waker }.as_ref().expect("a lent waker is there");
            quietly(|| waker.wake_by_ref());
        });
        match self.task().state().return_join_waker() {
            JoinWakerOwner::Handle => {}
            JoinWakerOwner::Runner => {
                // SAFETY: [waker-lent] the handle is gone, and left the waker to us.
                let waker = join_waker.with_mut(|waker| unsafe { &mut *waker }.take());
                quietly(|| drop(waker));
            }
        }
    }

    /// Drops what the stage holds, in place, and puts `next` there even if that panics.
    ///
    /// # Safety
    /// The caller owns the stage: as the runner, or by [output-owner].
    unsafe fn replace_stage(&self, next: Stage<F>) -> Result<(), Box<dyn Any + Send>> {
        self.core().stage.with_mut(|stage| {
            // SAFETY: the stage is ours, and it is overwritten without being read or dropped again.
            let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { ptr::drop_in_place(stage) }));
            // SAFETY: as above.
            unsafe { ptr::write(stage, next) };
            dropped
        })
    }
}
