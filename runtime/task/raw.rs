//! Pointers to tasks whose types are erased: one that borrows, and one that counts.
#![expect(unsafe_code, reason = "erases and restores the type of a task; frees it")]

use super::cause::Cause;
use super::id::Id;
use super::layout::{Header, Trailer, Vtable};
use super::outcomes::Wake;
use super::state::TaskState;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;

/// A task that is alive during `'a`, because another party keeps it alive.
#[derive(Clone, Copy)]
pub(crate) struct TaskRef<'a> {
    /// Points to the header; the whole cell may be reached through it.
    pointer: NonNull<Header>,
    alive: PhantomData<&'a Header>,
}

/// One counted reference. It keeps the memory and the scheduler of a task, but not its future.
pub(crate) struct Reference(NonNull<Header>);

// SAFETY: a reference itself reaches only state, id, location and scheduler, which are Send and
// Sync. The future is reached only by the holder of the Runnable and the output by the join handle,
// and both state their own bounds. The last reference never finds a future or output to drop
// ([last-reference]).
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

impl<'a> TaskRef<'a> {
    /// # Safety
    /// `pointer` comes from `allocate`, and the task is not freed during `'a`.
    #[inline]
    pub(super) unsafe fn from_header(pointer: NonNull<Header>) -> TaskRef<'a> {
        TaskRef { pointer, alive: PhantomData }
    }

    #[inline]
    pub(super) fn as_ptr(self) -> NonNull<Header> {
        self.pointer
    }

    #[inline]
    pub(super) fn header(self) -> &'a Header {
        // SAFETY: alive during 'a, and nobody makes an exclusive reference to a header.
        unsafe { self.pointer.as_ref() }
    }

    #[inline]
    pub(super) fn vtable(self) -> &'a Vtable {
        // SAFETY: it lasts as long as the task, and nobody writes to it.
        unsafe { self.header().vtable.as_ref() }
    }

    pub(super) fn trailer(self) -> &'a Trailer {
        // SAFETY: the offset is that of the trailer in the cell that this pointer reaches; alive
        // during 'a.
        unsafe { self.pointer.byte_add(self.vtable().trailer_offset as usize).cast::<Trailer>().as_ref() }
    }

    #[inline]
    pub(super) fn state(self) -> &'a TaskState {
        &self.header().state
    }

    /// Returns the id of the task.
    pub(crate) fn id(self) -> Id {
        self.header().id
    }

    /// Returns where the task was spawned.
    pub(crate) fn location(self) -> &'static Location<'static> {
        self.trailer().site.location
    }

    /// Returns the id of the task's span, if a subscriber wanted it.
    #[cfg(feature = "tracing")]
    pub(super) fn span_id(self) -> Option<&'a tracing::span::Id> {
        self.trailer().site.span.as_ref()
    }

    /// Passes the Runnable to the scheduler.
    ///
    /// # Safety
    /// The caller holds the right to run and gives it up, and some party holds a reference until
    /// this returns ([alive-while-scheduling]).
    #[inline]
    pub(super) unsafe fn schedule(self, cause: Cause) {
        // SAFETY: as our caller promises; the vtable is the one of this cell.
        unsafe { (self.vtable().schedule)(self.pointer, cause) }
    }

    /// Makes one more reference.
    pub(super) fn to_reference(self) -> Reference {
        self.state().add_reference();
        Reference(self.pointer)
    }

    /// Frees the cell.
    ///
    /// # Safety
    /// The last reference was given up, by this thread, and the task is not used afterwards.
    pub(super) unsafe fn free(self) {
        // SAFETY: as our caller promises; the vtable is the one of this cell.
        unsafe { (self.vtable().free)(self.pointer) }
    }
}

impl Reference {
    /// # Safety
    /// The caller owns a reference, and gives it to the result.
    pub(super) unsafe fn from_header(pointer: NonNull<Header>) -> Reference {
        Reference(pointer)
    }

    /// Returns the task without giving up its reference, which the caller now owns.
    pub(super) fn into_header(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    #[inline]
    pub(super) fn task(&self) -> TaskRef<'_> {
        // SAFETY: we own a reference.
        unsafe { TaskRef::from_header(self.0) }
    }

    /// Requests that the future be dropped where the task runs.
    pub(super) fn abort(&self) {
        match self.task().state().cancel() {
            // SAFETY: the transition gave us the right to run; we hold a reference.
            Wake::Schedule => unsafe { self.task().schedule(Cause::Woken) },
            Wake::Nothing => {}
        }
    }
}

impl Clone for Reference {
    fn clone(&self) -> Reference {
        self.task().to_reference()
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        if self.task().state().drop_reference() {
            // SAFETY: it was the last one, and it was ours.
            unsafe { self.task().free() }
        }
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id())
            .field("state", self.state())
            .field("location", &self.location())
            .finish()
    }
}
