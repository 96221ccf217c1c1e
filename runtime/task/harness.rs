//! One run of one future: poll, cancel, complete. All user code of a task is called from here or
//! from the join handle, and no panic of user code gets out of either.
#![expect(unsafe_code, reason = "restores the type of a task and touches its cells")]

use super::cause::Cause;
use super::error::JoinError;
use super::id;
use super::layout::{Cell, Core, Header, Stage, Vtable};
use super::memory;
use super::outcomes::{JoinWakerOwner, OutputOwner, Pause, Start};
use super::quiet::{discard, quietly};
use super::raw::TaskRef;
use super::schedule::Schedule;
use super::{Runnable, waker::WakerRef};
use crate::primitive::explorer::program_step;
use std::any::Any;
use std::marker::PhantomData;
use std::mem::{self, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

/// The one vtable for these types.
pub(super) fn vtable<F: Future + 'static, S: Schedule>() -> &'static Vtable {
    const {
        &Vtable {
            run: run::<F, S>,
            schedule: schedule::<F, S>,
            take_output: take_output::<F, S>,
            free: free::<F, S>,
            trailer_offset: trailer_offset::<F, S>(),
            is_observed: false,
        }
    }
}

const fn trailer_offset<F: Future + 'static, S: Schedule>() -> u32 {
    let offset = offset_of!(Cell<F, S>, trailer);
    assert!(offset <= u32::MAX as usize, "a future has less than 4 GiB");
    offset as u32
}

/// Runs the task once. Returns true, and with it the right to run, if the task was woken meanwhile.
///
/// # Safety
/// `pointer` is a task of these types; the right to run it is moved into the call.
unsafe fn run<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) -> bool {
    // SAFETY: as our caller promises.
    unsafe { Harness::<F, S>::new(pointer) }.run()
}

/// # Safety
/// As [`TaskRef::schedule`].
unsafe fn schedule<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>, cause: Cause) {
    // SAFETY: the right to run is moved into the Runnable.
    let runnable = unsafe { Runnable::from_header(pointer) };
    // SAFETY: the types are the task's, and our caller keeps it alive until the call returns.
    unsafe { Harness::<F, S>::new(pointer) }.core().scheduler.schedule(runnable, cause);
}

/// Moves the output to `target`, an `Option<Result<F::Output, JoinError>>` that is `None`. Leaves
/// `target` unchanged if the output was taken before. Without a target the output is dropped, if it
/// is still there. One function for both, because each one in the vtable makes a record longer.
///
/// # Safety
/// The types are the task's, `target` is valid for writes, and the caller owns the output
/// ([output-owner]).
unsafe fn take_output<F: Future + 'static, S: Schedule>(
    pointer: NonNull<Header>,
    target: Option<NonNull<()>>,
) {
    // SAFETY: as our caller promises.
    let harness = unsafe { Harness::<F, S>::new(pointer) };
    let Some(target) = target else {
        // SAFETY: the caller owns the output, so nobody else uses the stage.
        let is_taken = harness.core().stage.with(|stage| matches!(unsafe { &*stage }, Stage::Consumed));
        if !is_taken {
            // SAFETY: as our caller promises.
            unsafe { drop_unwanted_output::<F, S>(pointer) };
        }
        return;
    };
    let target = target.cast::<Option<Result<F::Output, JoinError>>>();
    harness.core().stage.with_mut(|stage| {
        // SAFETY: the caller owns the output, so nobody else uses the stage. The future is gone, so
        // nothing pinned moves.
        match mem::replace(unsafe { &mut *stage }, Stage::Consumed) {
            // SAFETY: as our caller promises; the write drops nothing, because the target is None.
            Stage::Output(output) => unsafe { target.write(Some(output)) },
            Stage::Consumed => {}
            Stage::Future(_) => unreachable!("a complete task has no future"),
        }
    });
}

/// Drops the output, and catches a panic of its destructor.
///
/// # Safety
/// The types are the task's, and the caller owns the output ([output-owner]).
unsafe fn drop_output<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) {
    // SAFETY: as our caller promises.
    let harness = unsafe { Harness::<F, S>::new(pointer) };
    // The destructor may ask which task it belongs to.
    let _id = id::enter(harness.task().id());
    // SAFETY: the caller owns the output, so nobody else uses the stage.
    if let Err(payload) = unsafe { harness.replace_stage(Stage::Consumed) } {
        discard(payload);
    }
}

/// As `drop_output`, which is part of the usual end of a task that nobody joins; this is rare.
///
/// # Safety
/// As that of `drop_output`.
#[inline(never)]
unsafe fn drop_unwanted_output<F: Future + 'static, S: Schedule>(pointer: NonNull<Header>) {
    // SAFETY: as our caller promises.
    unsafe { drop_output::<F, S>(pointer) }
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
    // SAFETY: `allocate` wrote a cell of this type there, and nobody else has access. If a
    // destructor panicked, the memory would leak; no destructor of ours panics.
    unsafe { ptr::drop_in_place(cell.as_ptr()) };
    // SAFETY: the cell comes from `memory`, for this type.
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
        // SAFETY: types and lifetime as `new` asks; the field is reached by pointer, so that no
        // reference covers the other fields.
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
                // The right to run is ours again, and this time `transition_to_running` returns
                // `Cancel`.
                Pause::Cancelled => self.run(),
            };
        };
        self.complete(output);
        false
    }

    /// Polls the future. A panic becomes an output; the future is dropped during the unwinding, as
    /// a local variable of the panicking function is.
    fn poll(&self) -> Option<Result<F::Output, JoinError>> {
        let waker = WakerRef::new(self.task());
        let mut cx = Context::from_waker(&waker);
        let polled = self.core().stage.with_mut(|stage| {
            let _step = program_step();
            catch_unwind(AssertUnwindSafe(|| {
                let emptied = EmptiedByUnwinding::<F>(stage);
                // SAFETY: we are the runner, so the stage is ours ([one-poller]).
                let Stage::Future(future) = (unsafe { &mut *stage }) else {
                    unreachable!("a task that is not complete has a future");
                };
                // SAFETY: the future stays in the cell, on the heap, until it is dropped there.
                let polled = unsafe { Pin::new_unchecked(future) }.poll(&mut cx);
                mem::forget(emptied);
                polled
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

    /// Replaces the future with its output, wakes the joiner, and gives up the reference that the
    /// task holds to itself.
    fn complete(self, output: Result<F::Output, JoinError>) {
        // The future is dropped first, and now, because a stale waker must not keep alive what the
        // future owns.
        // SAFETY: we are the runner, so the stage is ours.
        if let Err(payload) = unsafe { self.replace_stage(Stage::Output(output)) } {
            // The output is good; a panic of the future's destructor comes too late for the joiner.
            discard(payload);
        }
        match self.task().state().transition_to_complete() {
            OutputOwner::Joinable => {}
            // SAFETY: without a join handle the output is the runner's.
            OutputOwner::Detached => unsafe { drop_output::<F, S>(self.pointer) },
            OutputOwner::WakeJoiner => self.wake_joiner(),
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
            // SAFETY: [waker-lent] the handle does not write while JOIN_WAKER is set and the task
            // is complete.
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

    /// Drops the content of the stage in place, and writes `next` there even if the destructor
    /// panics.
    ///
    /// # Safety
    /// The caller owns the stage: as the runner, or by [output-owner].
    unsafe fn replace_stage(&self, next: Stage<F>) -> Result<(), Box<dyn Any + Send>> {
        // SAFETY: as our caller promises.
        self.core().stage.with_mut(|stage| unsafe { overwrite(stage, next) })
    }
}

/// Drops what is in `stage` in place, and writes `next` there even if the destructor panics.
///
/// # Safety
/// The caller owns the stage.
unsafe fn overwrite<F: Future>(stage: *mut Stage<F>, next: Stage<F>) -> Result<(), Box<dyn Any + Send>> {
    // SAFETY: as our caller promises, and it is overwritten without being read or dropped again.
    let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { ptr::drop_in_place(stage) }));
    // SAFETY: as above.
    unsafe { ptr::write(stage, next) };
    dropped
}

/// Drops the future of a stage when it is dropped itself, which only the unwinding of a poll does.
/// A second panic, of the future's destructor, does not leave it.
struct EmptiedByUnwinding<F: Future>(*mut Stage<F>);

impl<F: Future> Drop for EmptiedByUnwinding<F> {
    fn drop(&mut self) {
        // SAFETY: the runner that made this owns the stage, and the poll that it borrowed the
        // future for is over.
        if let Err(payload) = unsafe { overwrite(self.0, Stage::Consumed) } {
            discard(payload);
        }
    }
}
