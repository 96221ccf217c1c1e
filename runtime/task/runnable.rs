//! The right to run a task once.
#![expect(unsafe_code, reason = "one pointer that travels through queues as a plain address")]

use super::budget;
use super::cause::Cause;
use super::id::{self, Id};
use super::layout::Header;
use super::outcomes::Wake;
use super::raw::{Reference, TaskRef};
use super::trace::{Note, Tracing};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// The right to run a task once. A task never has more than one ([one-poller]).
///
/// It counts no reference, because a task keeps itself alive until it is complete, and only the
/// holder of its Runnable can complete it ([runnable-is-alive]). Dropping the Runnable cancels the
/// task in place.
#[repr(transparent)]
pub(crate) struct Runnable {
    pointer: NonNull<Header>,
    /// The right is owned, and dropping it may drop what it reaches.
    owned: PhantomData<Header>,
}

// SAFETY: `allocate` takes futures that are Send, and `PinnedFuture` ones, which refuse to be
// touched on a foreign thread.
unsafe impl Send for Runnable {}
// SAFETY: a shared Runnable gives access to id and location only.
unsafe impl Sync for Runnable {}

impl Runnable {
    /// # Safety
    /// The caller holds the right to run the task, and gives it to the result.
    #[inline]
    pub(super) unsafe fn from_header(pointer: NonNull<Header>) -> Runnable {
        Runnable { pointer, owned: PhantomData }
    }

    /// Returns the right as a pointer, for queues. The task leaks unless the pointer is passed to
    /// [`from_raw`](Self::from_raw).
    #[inline]
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).pointer
    }

    /// # Safety
    /// `pointer` comes from [`into_raw`](Self::into_raw), and each such pointer is given back once.
    #[inline]
    pub(crate) unsafe fn from_raw(pointer: NonNull<Header>) -> Runnable {
        Runnable { pointer, owned: PhantomData }
    }

    #[inline]
    fn task(&self) -> TaskRef<'_> {
        // SAFETY: [runnable-is-alive].
        unsafe { TaskRef::from_header(self.pointer) }
    }

    /// Returns the id of the task.
    pub(crate) fn id(&self) -> Id {
        self.task().id()
    }

    /// Makes a reference to the task.
    pub(crate) fn to_reference(&self) -> Reference {
        self.task().to_reference()
    }

    /// Polls the future once with a fresh budget, or drops it if the task was cancelled. Panics of
    /// the future and of its destructor are stored for the join handle. If the task was woken
    /// meanwhile, it is scheduled as `Cause::Yielded`.
    #[inline]
    pub(crate) fn run(self) {
        if let Some(again) = self.run_once() {
            again.reschedule();
        }
    }

    /// As [`run`](Self::run), but returns the Runnable if the task was woken meanwhile. For callers
    /// that know where it goes, which is behind everything that is queued where this one came from:
    /// they save two steps on the task's state word.
    #[inline]
    #[must_use = "the task was woken during its poll: dropping the Runnable cancels it"]
    pub(crate) fn run_once(self) -> Option<Runnable> {
        let pointer = ManuallyDrop::new(self).pointer;
        // SAFETY: [runnable-is-alive], for the reads of this block.
        let (vtable, id) = unsafe { (TaskRef::from_header(pointer).vtable(), pointer.as_ref().id) };
        let _id = id::enter(id);
        let _budget = budget::enter();
        // SAFETY: the vtable is the one of this cell, and the right to run is moved into the call.
        let is_woken = unsafe { (vtable.run)(pointer) };
        // SAFETY: the vtable returned true, so the right to run came back.
        is_woken.then(|| unsafe { Runnable::from_header(pointer) })
    }

    /// Polls the future once without a budget, so that it notes what it waits for. Its operations
    /// wake it, so that it is polled as always after that. For a task that waits.
    pub(super) fn trace(self) -> Vec<Note> {
        let (id, run) = (self.id(), self.task().vtable().run);
        let pointer = ManuallyDrop::new(self).pointer;
        let tracing = Tracing::of(id);
        let is_woken = {
            let _id = id::enter(id);
            let _budget = budget::enter_spent();
            // SAFETY: as in `run_once`.
            unsafe { run(pointer) }
        };
        let notes = tracing.finish();
        if is_woken {
            // SAFETY: as in `run_once`.
            unsafe { Runnable::from_header(pointer) }.reschedule();
        }
        notes
    }

    /// Passes a task that was woken during its own poll to its scheduler.
    fn reschedule(self) {
        // After the task is queued, another thread may run and free it, and the scheduler with it
        // ([alive-while-scheduling]).
        let reference = self.task().to_reference();
        std::mem::forget(self);
        // SAFETY: the right to run was ours, and we hold a reference.
        unsafe { reference.task().schedule(Cause::Yielded) }
    }
}

impl Drop for Runnable {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `self` is not used after this, so the right to run has one owner.
        cancel_in_place(ManuallyDrop::new(unsafe { Runnable::from_header(self.pointer) }));
    }
}

/// Apart from the hot paths, which only drop a Runnable when they unwind.
#[cold]
#[inline(never)]
fn cancel_in_place(runnable: ManuallyDrop<Runnable>) {
    runnable.task().state().cancel_run();
    let again = ManuallyDrop::into_inner(runnable).run_once();
    debug_assert!(again.is_none(), "a cancelled run is the last one");
}

impl Reference {
    /// Polls the future, if the task waits, to find out what it waits for.
    pub(super) fn trace(&self) -> Vec<Note> {
        match self.task().state().wake_by_ref() {
            // SAFETY: the transition gave us the right to run.
            Wake::Schedule => unsafe { Runnable::from_header(self.task().as_ptr()) }.trace(),
            Wake::Nothing => Vec::new(),
        }
    }

    /// Drops the future: here if the task is idle; otherwise the party that runs it, or that drains
    /// its queue, drops it.
    pub(super) fn shut_down(&self) {
        match self.task().state().cancel() {
            // SAFETY: the transition gave us the right to run.
            Wake::Schedule => drop(unsafe { Runnable::from_header(self.task().as_ptr()) }),
            Wake::Nothing => {}
        }
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runnable").field(&self.task()).finish()
    }
}
