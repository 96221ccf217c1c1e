//! The start of a task's life.
#![expect(unsafe_code, reason = "writes a cell into memory, and makes the first pointers to it")]

use super::harness;
use super::id::Id;
use super::layout::{Cell, Core, Header, Links, SpawnSite, Stage, Trailer};
use super::memory;
use super::raw::Reference;
use super::runnable::Runnable;
use super::schedule::Schedule;
use super::state::TaskState;
use crate::primitive::cell::UnsafeCell;
use std::ptr::NonNull;

/// Allocates a task that is due to run and in no list.
///
/// # Safety
/// `F` and its output are Send, or `F` is a [`PinnedFuture`](super::pinned::PinnedFuture).
pub(super) unsafe fn allocate<F, S>(
    future: F,
    scheduler: S,
    id: Id,
    site: impl Into<SpawnSite>,
) -> (Runnable, Reference)
where
    F: Future + 'static,
    F::Output: 'static,
    S: Schedule,
{
    let pointer = memory::allocate::<Cell<F, S>>();
    let cell = Cell {
        header: Header {
            state: TaskState::new(),
            vtable: NonNull::from(harness::vtable::<F, S>()),
            id,
            links: Links::outside(),
        },
        core: Core { scheduler, stage: UnsafeCell::new(Stage::Future(future)) },
        trailer: Trailer::new(site.into()),
    };
    // SAFETY: the memory is for a cell of this type, and ours.
    unsafe { pointer.write(cell) };
    // `Cell` is repr(C) and begins with its header.
    let pointer = pointer.cast::<Header>();
    // SAFETY: the initial state is SCHEDULED with two references: one for the task itself, which
    // its completion gives up, and the one made here. The Runnable is the only one.
    unsafe { (Runnable::from_header(pointer), Reference::from_header(pointer)) }
}
