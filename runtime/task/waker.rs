//! The waker of a task: one counted reference behind std's vtable.
#![expect(unsafe_code, reason = "implements RawWaker")]

use super::cause::Cause;
use super::layout::Header;
use super::outcomes::{Wake, WakeByValue};
use super::raw::{Reference, TaskRef};
#[cfg(feature = "tracing")]
use super::spans;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// A static and not a constant, because `will_wake` compares its address: all tasks and all crates
/// must share one.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// The waker that a run lends to the future. It counts no reference, because the run keeps the task
/// alive.
pub(super) struct WakerRef<'a> {
    waker: ManuallyDrop<Waker>,
    alive: PhantomData<TaskRef<'a>>,
}

impl<'a> WakerRef<'a> {
    #[inline]
    pub(super) fn new(task: TaskRef<'a>) -> WakerRef<'a> {
        let raw = RawWaker::new(task.as_ptr().as_ptr().cast_const().cast(), &VTABLE);
        // SAFETY: the vtable keeps RawWaker's contract. The reference that the waker claims to own
        // is neither given up, thanks to ManuallyDrop, nor needed, because the task outlives 'a.
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
        WakerRef { waker, alive: PhantomData }
    }
}

impl Deref for WakerRef<'_> {
    type Target = Waker;

    #[inline]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// # Safety
/// `data` is the data of a waker that lives during `'a`.
#[inline]
unsafe fn task<'a>(data: *const ()) -> TaskRef<'a> {
    // SAFETY: `WakerRef::new` and `clone` put a non-null header there, and the waker keeps it
    // alive.
    unsafe { TaskRef::from_header(NonNull::new_unchecked(data.cast_mut().cast::<Header>())) }
}

/// # Safety
/// As for [`task`].
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: as our caller promises.
    let task = unsafe { task(data) };
    #[cfg(feature = "tracing")]
    spans::record_waker(task, "waker.clone");
    let reference = task.to_reference();
    RawWaker::new(reference.into_header().as_ptr().cast_const().cast(), &VTABLE)
}

/// # Safety
/// As for [`task`]; the waker's reference is moved into the call.
unsafe fn wake(data: *const ()) {
    // SAFETY: as our caller promises.
    let task = unsafe { task(data) };
    #[cfg(feature = "tracing")]
    spans::record_waker(task, "waker.wake");
    match task.state().wake_by_value() {
        WakeByValue::Nothing => {}
        // SAFETY: the transition gave up the last reference, which was ours.
        WakeByValue::Free => unsafe { task.free() },
        WakeByValue::Schedule => {
            // SAFETY: the transition left our reference with us.
            let reference = unsafe { Reference::from_header(task.as_ptr()) };
            // SAFETY: the transition gave us the right to run, and we hold the reference until the
            // call returns.
            unsafe { reference.task().schedule(Cause::Woken) }
        }
    }
}

/// # Safety
/// As for [`task`].
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as our caller promises.
    let task = unsafe { task(data) };
    #[cfg(feature = "tracing")]
    spans::record_waker(task, "waker.wake_by_ref");
    match task.state().wake_by_ref() {
        Wake::Nothing => {}
        // SAFETY: the transition gave us the right to run; the waker that we borrow, or the run
        // that lent it, holds a reference.
        Wake::Schedule => unsafe { task.schedule(Cause::Woken) },
    }
}

/// # Safety
/// As for [`task`]; the waker's reference is moved into the call.
unsafe fn drop(data: *const ()) {
    // SAFETY: as our caller promises.
    let task = unsafe { task(data) };
    #[cfg(feature = "tracing")]
    spans::record_waker(task, "waker.drop");
    // SAFETY: the waker's reference is ours.
    std::mem::drop(unsafe { Reference::from_header(task.as_ptr()) });
}
