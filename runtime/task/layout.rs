//! The one allocation of a task, hot parts first. Who may touch which field: see the door of this room.

use super::error::JoinError;
use super::id::Id;
use super::raw::Vtable;
use super::state::State;
use crate::primitive::cell::UnsafeCell;
use std::panic::Location;
use std::task::Waker;

/// What is known of every task, whatever its future: the part that pointers point to.
#[repr(C)]
pub(crate) struct Header {
    pub(super) state: State,
    pub(super) vtable: &'static Vtable,
    pub(super) id: Id,
    /// Guarded by the lock of the list's shard ([list-under-lock]).
    pub(super) links: UnsafeCell<Links>,
}

/// The place of a task in the list of live tasks. It names its neighbours nowhere: they may be in use by other threads, and
/// their memory far away.
pub(super) struct Links {
    /// Where in the shard it stands, while it is listed.
    pub(super) index: u32,
    pub(super) membership: Membership,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    /// Never was in a list.
    Outside,
    /// In the list, and counted.
    Listed,
    /// Taken out by a shutdown, but counted until it is complete.
    Taken,
}

/// The future, later its output, and the scheduler that runs it.
#[repr(C)]
pub(super) struct Core<F: Future, S> {
    pub(super) scheduler: S,
    /// Owned by the runner until COMPLETE, then as [output-owner] says.
    pub(super) stage: UnsafeCell<Stage<F>>,
}

pub(super) enum Stage<F: Future> {
    Future(F),
    Output(Result<F::Output, JoinError>),
    Consumed,
}

/// What is touched at the ends of a task's life only.
pub(super) struct Trailer {
    /// Owned as [waker-lent] says.
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    /// Where the task was spawned.
    pub(super) location: &'static Location<'static>,
}

#[repr(C)]
pub(super) struct Cell<F: Future, S> {
    pub(super) header: Header,
    pub(super) core: Core<F, S>,
    pub(super) trailer: Trailer,
}

#[cfg(all(not(any(rt_loom, rt_shuttle)), target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<Header>() == 32, "the header fits the first cache line, with room for the scheduler");
    // malloc serves alignments up to 16 by itself; more goes through posix_memalign, which is slower.
    assert!(align_of::<Header>() <= 16);
};

impl Links {
    pub(super) fn outside() -> UnsafeCell<Links> {
        UnsafeCell::new(Links { index: 0, membership: Membership::Outside })
    }
}
