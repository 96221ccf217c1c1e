//! # What
//! Where runnable tasks wait: a bounded ring per worker with an overflow, a LIFO slot per worker, and one injector for
//! everybody.
//! The room knows no task: it is generic over what waits.
//!
//! # Algorithm
//! - [`deque`]: 256 slots. The owner pushes at the tail and pops at the head, first in first out; a thief takes half
//!   from the head. The head packs two indices, `claimed` and `front`. They differ while a thief copies slots out; the
//!   owner may go on popping, and no second thief may begin, until the thief has moved `claimed` up to `front`.
//! - [`slot`]: one pointer that the owner swaps in and out and that a patient thief may swap out.
//! - [`injector`]: a locked double-ended queue with its length beside the lock, so that looking is one load. The overflow
//!   of a ring is one as well.
//!
//! Lineage: Go's run queue (steal half, the `runnext` slot), then tokio's packed head, which lets the owner pop during
//! a theft.
//!
//! # Invariants
//! - `[ring-owner]` only the owner writes `tail` and the slots from `tail` up to `claimed + 256`.
//! - `[ring-claim]` a slot from `claimed` to `front` is read by the one thief that claimed it; a slot from `front` to
//!   `tail` is read by whoever moves `front` past it, by compare-and-swap, once.
//! - `[slot-one]` a pointer leaves the LIFO slot by the one swap that saw it.
//! - `[len-hint]` the injector's length is exact under its lock and a hint outside of it; who must not miss an item
//!   fences first, as the scheduler's idle protocol does.
//!
//! # Orderings
//! | release | acquire | publishes |
//! |---|---|---|
//! | `push` stores `tail` | `steal` loads `tail` | the slots' contents |
//! | a thief's final CAS on the head | `push` loads the head | that the slots have been read and may be overwritten |
//! | the slot's swap in | the slot's swap out | what the pointer points to |
//!
//! Every other change of the head is a relaxed read-modify-write: it hands on what a theft's end published.
//!
//! # Rejected
//! - `crossbeam-deque`: its `pop` has a `SeqCst` fence and its thieves pin an epoch, and loom cannot see inside. The
//!   differential test below keeps it as the yardstick of behaviour. 2026-11-21: see `benches/record` for time.
//! - A lock-free injector: peers measured it slower than a lock under contention; batches make the lock rare.
//!
//! # Verified by
//! `models::*` here: several thieves, overflow, a theft during pops, the slot's theft; `tests` here: against
//! `crossbeam-deque` as an oracle.

pub(crate) mod deque;
pub(crate) mod injector;
pub(crate) mod slot;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;
