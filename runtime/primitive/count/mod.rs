//! The counting build: counts which cache lines move between cores. `DESIGN.md` beside the shim
//! explains the method.

mod atomic;
mod lines;
mod machine;
mod sync;
mod thread;

pub(crate) use atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence};
pub(crate) use lines::Transfers;
pub(crate) use machine::{
    begin_count, compute, leave_out, mark, marked_transfers, now, on_machine, own_transfers, places,
    transfers, unmarked_transfers,
};
pub(crate) use sync::{CountedCondvar, Lock, LockGuard};
pub(crate) use thread::{ThreadBuilder, ThreadHandle, spawn, yield_now};

use std::panic::Location;

/// Counts a read of memory that is not a word of the shim.
#[track_caller]
pub(crate) fn note_read(address: usize, length: usize) {
    machine::access(address, length, lines::LineAccess::Read, Location::caller());
}

/// Counts a write of memory that is not a word of the shim.
#[track_caller]
pub(crate) fn note_write(address: usize, length: usize) {
    machine::access(address, length, lines::LineAccess::Write, Location::caller());
}

/// Counts a write of the two counts in front of an `Arc`'s value.
#[track_caller]
pub(crate) fn note_counts<T>(value: *const T) {
    let counts_length = 2 * size_of::<usize>();
    let start = value.addr() - counts_length.next_multiple_of(align_of::<T>());
    note_write(start, counts_length);
}
