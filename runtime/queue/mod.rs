//! The queues of runnable tasks: a bounded ring per worker with an overflow, a LIFO slot per
//! worker, and one injector for tasks that come from outside. The room is generic over the waiting
//! values.
//!
//! The files, in the order to read them:
//! - `deque.rs`: the bounded ring, with one owner and any number of thieves.
//! - `slot.rs`: the LIFO slot, which holds the task that was woken last.
//! - `injector.rs`: a locked queue with a length that is read without the lock; also the overflow.
//! - `models.rs`, `tests.rs`: the loom models, and the comparison with `crossbeam-deque`.
//!
//! How it works inside stands in `DESIGN.md` of this room.

pub(crate) mod deque;
pub(crate) mod injector;
pub(crate) mod slot;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;
