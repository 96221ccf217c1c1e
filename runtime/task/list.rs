//! A part of the list of live tasks, as whoever has its lock sees it.
#![expect(unsafe_code, reason = "tasks that know their slots in a list of plain pointers")]

use super::layout::{Header, Links, Membership};
use super::observed::observe;
use super::raw::Reference;
use std::ptr::NonNull;

/// One slot per listed task. An intrusive chain of tasks would need no memory of its own, but
/// entering and leaving it would write to neighbours that other threads run.
pub(super) struct List {
    pub(super) slots: Vec<Option<NonNull<Header>>>,
    /// Indices of empty slots.
    free: Vec<u32>,
    admission: Admission,
    /// Whether tasks get a record: see `observed.rs`.
    is_observed: bool,
}

/// What happens to a new task. One word, so that the usual way has one question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Admission {
    Listed,
    /// It gets a record first.
    Observed,
    /// It is cancelled.
    Refused,
}

/// An empty list that has more slots than this frees their memory.
const KEPT_SLOTS_COUNT: usize = 128;

// SAFETY: the pointers lead to tasks that are alive while they are listed, and are followed only
// under the lock.
unsafe impl Send for List {}

impl List {
    pub(super) fn new() -> List {
        List { slots: Vec::new(), free: Vec::new(), admission: Admission::Listed, is_observed: false }
    }

    /// Returns whether a new task may be pushed, which gets a record if it has to.
    pub(super) fn admits(&self, task: &Reference) -> bool {
        self.admission == Admission::Listed || self.observes(task)
    }

    /// Refuses new tasks from now on.
    pub(super) fn close(&mut self) {
        self.admission = Admission::Refused;
    }

    /// Gives new tasks records from now on.
    pub(super) fn observe(&mut self) {
        self.is_observed = true;
        if !self.is_closed() {
            self.open();
        }
    }

    fn is_closed(&self) -> bool {
        self.admission == Admission::Refused
    }

    /// Gives a new task a record, unless the list is closed. Apart from the usual way.
    #[cold]
    #[inline(never)]
    fn observes(&self, task: &Reference) -> bool {
        if self.is_closed() {
            return false;
        }
        // SAFETY: nobody else knows the new task.
        unsafe { observe(task.task().as_ptr()) };
        true
    }

    /// Takes new tasks from now on.
    pub(super) fn open(&mut self) {
        self.admission = if self.is_observed { Admission::Observed } else { Admission::Listed };
    }

    /// # Safety
    /// `task` is alive, in no list, and stays alive until it is removed.
    pub(super) unsafe fn push(&mut self, task: NonNull<Header>) {
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(task);
                index
            }
            None => {
                self.slots.push(Some(task));
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 tasks in a shard")
            }
        };
        // SAFETY: [list-under-lock]; the task is alive, as our caller promised.
        unsafe { with_links(task, |links| *links = Links { index, membership: Membership::Listed }) };
    }

    /// Removes `task` if it is listed, and returns what its membership was.
    ///
    /// # Safety
    /// `task` is alive and in no other list.
    pub(super) unsafe fn take(&mut self, task: NonNull<Header>) -> Membership {
        // SAFETY: [list-under-lock]; the task is alive, as our caller promised.
        let (index, membership) = unsafe {
            with_links(task, |links| {
                (links.index, std::mem::replace(&mut links.membership, Membership::Outside))
            })
        };
        if membership == Membership::Listed {
            debug_assert_eq!(self.slots[index as usize], Some(task), "a task stands where it says");
            self.slots[index as usize] = None;
            self.free.push(index);
            self.shrink();
        }
        membership
    }

    /// Frees the memory that a burst of tasks has left.
    fn shrink(&mut self) {
        // A closed list has removed slots that are still counted as free.
        if !self.is_closed() && self.free.len() == self.slots.len() && self.slots.len() > KEPT_SLOTS_COUNT {
            self.slots = Vec::new();
            self.free = Vec::new();
        }
    }
}

/// # Safety
/// `task` is alive, the caller holds the lock of its shard, and `f` does not reach the links in
/// another way.
pub(super) unsafe fn with_links<R>(task: NonNull<Header>, f: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: as our caller promises.
    unsafe { task.as_ref().links.with_mut(|links| f(&mut *links)) }
}
