//! The one allocation of a task, hot parts first. `DESIGN.md` of this room has the table of who may
//! touch which field.

use super::cause::Cause;
use super::error::JoinError;
use super::id::Id;
use super::state::TaskState;
use crate::primitive::cell::UnsafeCell;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::Waker;

/// The part that every task has, whatever its future. Pointers to a task point here.
#[repr(C)]
pub(crate) struct Header {
    pub(super) state: TaskState,
    /// Lasts as long as the task. A pointer and not a reference, because a record may follow.
    pub(super) vtable: NonNull<Vtable>,
    pub(super) id: Id,
    /// Guarded by the lock of the list's shard ([list-under-lock]).
    pub(super) links: UnsafeCell<Links>,
}

/// The functions that depend on the types of the future and of the scheduler. The contract of each
/// entry is that of the function in `harness.rs` that it points to.
pub(super) struct Vtable {
    pub(super) run: unsafe fn(NonNull<Header>) -> bool,
    pub(super) schedule: unsafe fn(NonNull<Header>, Cause),
    pub(super) take_output: unsafe fn(NonNull<Header>, Option<NonNull<()>>),
    pub(super) free: unsafe fn(NonNull<Header>),
    /// Bytes from the header to the trailer.
    pub(super) trailer_offset: u32,
    /// Whether this is the beginning of a record: see `observed.rs`.
    pub(super) is_observed: bool,
}

/// The place of a task in the list of live tasks. It does not link to its neighbours, because other
/// threads may be using them, and their memory may be far away.
pub(super) struct Links {
    /// The index in the shard's list, while the task is listed.
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
    /// Owned by the runner until COMPLETE, then as in [output-owner].
    pub(super) stage: UnsafeCell<Stage<F>>,
}

pub(super) enum Stage<F: Future> {
    Future(F),
    Output(Result<F::Output, JoinError>),
    Consumed,
}

/// Fields that are touched only at the start and at the end of a task's life.
pub(super) struct Trailer {
    /// Owned as in [waker-lent].
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    pub(super) site: SpawnSite,
}

/// Where a task was spawned, and with the feature `tracing` its span.
pub(super) struct SpawnSite {
    pub(super) location: &'static Location<'static>,
    /// Wakers, which outlive the future, name the span by it. `None` if no subscriber wanted it.
    #[cfg(feature = "tracing")]
    pub(super) span: Option<tracing::span::Id>,
}

impl From<&'static Location<'static>> for SpawnSite {
    #[inline]
    fn from(location: &'static Location<'static>) -> SpawnSite {
        SpawnSite {
            location,
            #[cfg(feature = "tracing")]
            span: None,
        }
    }
}

impl Trailer {
    pub(super) fn new(site: SpawnSite) -> Trailer {
        Trailer { join_waker: UnsafeCell::new(None), site }
    }
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
    // malloc serves alignments up to 16 itself; larger ones go through posix_memalign, which is
    // slower.
    assert!(align_of::<Header>() <= 16);
};

impl Links {
    pub(super) fn outside() -> UnsafeCell<Links> {
        UnsafeCell::new(Links { index: 0, membership: Membership::Outside })
    }
}
