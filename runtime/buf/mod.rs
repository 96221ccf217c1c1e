//! Buffers that a program lends to an operation and gets back with its result, and buffers that the
//! runtime lends to a program.
//!
//! The public types are exported by [`io`](crate::io). `DESIGN.md` in this directory explains the
//! algorithm and the invariants. Read the files in this order:
//!
//! - `io_buf.rs`: the traits that define which buffers an operation takes; `slice.rs`: a part of
//!   one
//! - `aligned.rs`: page-aligned memory; `staging.rs`: the runtime's copy of a borrowed slice
//! - `parts.rs`: one buffer cut for several operations at once
//! - `shelf.rs`, `pool.rs`, `pooled.rs`: the runtime's buffers to receive into, and their guard
//! - `fixed_memory.rs`, `fixed.rs`: memory that rings may register, and a program's pool in it
//! - `models.rs`: loom models; `tests/`: tests

mod aligned;
mod fixed;
mod fixed_memory;
mod io_buf;
#[cfg(test)]
mod models;
mod parts;
mod pool;
mod pooled;
mod shelf;
mod slice;
mod staging;
#[cfg(test)]
mod tests;

pub use aligned::AlignedBuf;
pub use fixed::{FixedBuf, FixedBufPool};
pub(crate) use fixed_memory::{FixedMemory, Registry};
pub(crate) use io_buf::bytes_of;
pub use io_buf::{IoBuf, IoBufMut};
pub(crate) use parts::{join, split};
pub(crate) use pool::RecvPool;
pub use pooled::PooledBuf;
pub use slice::Slice;
pub(crate) use staging::Staging;
