//! # What
//! Buffers that a program hands over for the time of an operation, and gets back with its result; and buffers that the
//! runtime hands to a program.
//!
//! # Algorithm
//! The kernel reads and writes memory while nobody polls, so an operation on a ring must own its buffer. [`IoBuf`] and
//! [`IoBufMut`] say what may be handed over; [`Slice`] is a part of a buffer, [`AlignedBuf`] one that `O_DIRECT` takes,
//! and `parts.rs` cuts one buffer for several operations at once.
//!
//! The runtime's own buffers lie on shelves, one shelf per worker and one for threads from outside (`pool.rs`). A receive takes
//! one in the poll that finds bytes, and the guard ([`PooledBuf`]) gives it back to the same shelf. An empty shelf means a
//! new buffer, a full one that the buffer is freed: so nobody waits for a buffer, holding many slows nobody down, and what
//! is idle is bounded. A shelf is a stack, because the buffer that was used last is still in the cache.
//!
//! A [`FixedBufPool`] is a program's own pool, for files (`fixed.rs`): one stretch of memory, which the rings of its runtime
//! register as a whole, cut into buffers. It has the manners of the shelves: a stack, and who finds it empty gets memory
//! that is not the pool's. When the last buffer and the last handle are gone the rings are told to let go; each has a share
//! of the memory until it has.
//!
//! # Invariants
//! - `[stable-address]` The bytes of a buffer stay where they are when the buffer is moved, and nobody touches them while
//!   the operation has it.
//! - `[disjoint-parts]` Two parts of one buffer share no byte, and the buffer comes back when the last part has.
//! - `[home-or-freed]` A buffer of the runtime's lies on its shelf or is in one guard. One that comes back goes to the shelf
//!   it was taken from; it is freed if that shelf is full, or its runtime has ended.
//! - `[one-holder]` A buffer of a fixed pool is on the pool's stack or in one hand: a program's, or an operation's.
//!
//! # Rejected
//! - Arrays by value: they move with their owner.
//! - Lending `&mut [u8]` to the kernel: a future that is leaked never runs its destructor, and the kernel would write into
//!   memory that its owner has back.
//! - A bound on the buffers that are out, with readers that wait for one to come back: readers that hold what they have
//!   and wait for more, as every reader of a long message does, would wait for each other for ever.
//! - A queue instead of a stack: every receive would write to the memory that is longest out of the cache. See the figures of
//!   provided buffers, which the kernel takes in turn, in `driver/mod.rs`.
//! - A list without a lock for buffers that come back from other threads: each shelf's lock is held for a push or a pop, and
//!   is contended only by guards that are dropped elsewhere.
//! - The registered memory of `recv_pooled`'s buffers: a plain `recv` gains nothing by it, and idle buffers would be locked.
//! - Fixed buffers of any length, registered one by one: a system call and a place in the table of every ring for each, where
//!   an operation needs no more than that its bytes lie within what is registered.
//! - Freeing the memory with the last buffer, because the kernel keeps the pages anyway: the address would be somebody
//!   else's while the rings still take it for those pages.
//!
//! # Verified by
//! `tests.rs`: the sizes, `[disjoint-parts]`. `tests/files/`: `[stable-address]`, as bytes that arrive where they should.
//! `models.rs` (loom) and `tests/pooled/`: `[home-or-freed]`. `models.rs`, `tests/fixed.rs` and `tests/files/fixed.rs`: `[one-holder]`.

mod aligned;
mod fixed;
mod io_buf;
#[cfg(test)]
mod models;
mod parts;
mod pool;
mod pooled;
mod slice;
mod staging;
#[cfg(test)]
mod tests;

pub use aligned::AlignedBuf;
pub use fixed::{FixedBuf, FixedBufPool};
pub(crate) use fixed::{FixedMemory, Registry};
pub use io_buf::{IoBuf, IoBufMut};
pub(crate) use io_buf::{bytes_of, room_of};
pub(crate) use parts::{join, split};
pub(crate) use pool::Pool;
pub use pooled::PooledBuf;
pub use slice::Slice;
pub(crate) use staging::Staging;
