//! # What
//! Buffers that a program hands over for the time of an operation, and gets back with its result.
//!
//! # Algorithm
//! The kernel reads and writes memory while nobody polls, so an operation on a ring must own its buffer. [`IoBuf`] and
//! [`IoBufMut`] say what may be handed over; [`Slice`] is a part of a buffer, [`AlignedBuf`] one that `O_DIRECT` takes,
//! and `parts.rs` cuts one buffer for several operations at once.
//!
//! # Invariants
//! - `[stable-address]` The bytes of a buffer stay where they are when the buffer is moved, and nobody touches them while
//!   the operation has it.
//! - `[disjoint-parts]` Two parts of one buffer share no byte, and the buffer comes back when the last part has.
//!
//! # Rejected
//! - Arrays by value: they move with their owner.
//! - Lending `&mut [u8]` to the kernel: a future that is leaked never runs its destructor, and the kernel would write into
//!   memory that its owner has back.
//!
//! # Verified by
//! `tests.rs`: the sizes, `[disjoint-parts]`. `tests/files/`: `[stable-address]`, as bytes that arrive where they should.

mod aligned;
mod io_buf;
mod parts;
mod slice;
mod staging;
#[cfg(test)]
mod tests;

pub use aligned::AlignedBuf;
pub use io_buf::{IoBuf, IoBufMut};
pub(crate) use io_buf::{bytes_of, room_of};
pub(crate) use parts::{join, split};
pub use slice::Slice;
pub(crate) use staging::Staging;
