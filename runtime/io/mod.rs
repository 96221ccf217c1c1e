//! Names that I/O code needs beside sockets and files: what to wait for, buffers that can be handed over, pipes, the
//! standard streams, a copy from any reader to any writer, and adapters to other crates.
//!
//! How it works inside stands in `DESIGN.md` of this room.

#[cfg(feature = "futures-io")]
mod copy;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(unix)]
mod pipe;
mod standard;
mod stdin;
mod stdout;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "tokio-io")]
mod traits_tokio;

pub use crate::buf::{AlignedBuf, FixedBuf, FixedBufPool, IoBuf, IoBufMut, PooledBuf, Slice};
pub use crate::net::{Interest, Ready};
#[cfg(feature = "futures-io")]
pub use copy::{copy, copy_with};
#[cfg(unix)]
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use stdin::{Stdin, stdin};
pub use stdout::{Stderr, Stdout, stderr, stdout};
