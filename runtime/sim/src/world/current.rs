//! The thread of a world that this thread is.
#![expect(
    unsafe_code,
    reason = "a thread-local pointer, which must be there while thread-locals are destroyed"
)]

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use super::Shared;
use super::baton::Baton;
use super::threads::ThreadId;
use crate::kernel::HostId;

/// A thread of a world, as that thread knows it.
pub(crate) struct Member {
    pub(super) shared: Arc<Shared>,
    pub(super) id: ThreadId,
    pub(super) host: HostId,
    pub(super) baton: Arc<Baton>,
}

thread_local! {
    static MEMBER: Cell<*const Member> = const { Cell::new(ptr::null()) };
    /// Whether this thread is in the simulation's own code, whose calls are real.
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// The right to change the world of this thread, for the length of one call. While it exists, the
/// calls that this thread makes go to the real system.
pub(crate) struct Here {
    member: &'static Member,
}

impl Here {
    pub(super) fn member(&self) -> &'static Member {
        self.member
    }

    pub(crate) fn host(&self) -> HostId {
        self.member.host
    }

    pub(crate) fn thread(&self) -> ThreadId {
        self.member.id
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        IS_WITHIN.with(|is_within| is_within.set(false));
    }
}

/// Enters the world of this thread. `None`: it is in no world, or in the simulation's own code, so
/// that the call is a real one.
#[inline]
pub(crate) fn enter() -> Option<Here> {
    let member = MEMBER.with(Cell::get);
    if member.is_null() || IS_WITHIN.with(|is_within| is_within.replace(true)) {
        return None;
    }
    // SAFETY: `join_world` leaks the member, and this thread alone has the pointer.
    Some(Here { member: unsafe { &*member } })
}

/// Whether this thread is one of a world.
pub(crate) fn is_inside() -> bool {
    !MEMBER.with(Cell::get).is_null()
}

/// Makes this thread the member of a world, to the end of its life. A member is some words, and
/// stays in memory: destructors of thread-locals may run after all that could free it.
pub(super) fn join_world(member: Member) {
    MEMBER.with(|current| current.set(Box::leak(Box::new(member))));
}

/// Ends that: what this thread does from now on is real.
pub(super) fn leave_world() {
    MEMBER.with(|current| current.set(ptr::null()));
}

/// Runs the simulation's own code on a thread that is one of a world, with real calls.
pub(crate) fn within<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_WITHIN.with(|is_within| is_within.set(self.0));
        }
    }
    let _restore = Restore(IS_WITHIN.with(|is_within| is_within.replace(true)));
    f()
}
