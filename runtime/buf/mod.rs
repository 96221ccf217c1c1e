//! Buffers that a program hands over for the time of an operation, and gets back with its result; and buffers that the
//! runtime hands to a program.
//!
//! How it works inside stands in `DESIGN.md` of this room.

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
