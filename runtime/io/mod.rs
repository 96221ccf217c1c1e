//! # What
//! Names that I/O code needs beside sockets and files: what to wait for, buffers that can be handed over, pipes, the
//! standard streams, a copy from any reader to any writer, and adapters to other crates.
//!
//! # Algorithm
//! A pipe waits by readiness, as a socket does. The standard input has a thread of its own, for a read of it may never end;
//! the standard output is written on the blocking pool. The traits of other crates are implemented beside each type, in
//! `traits_*.rs` here, in `net` and in `fs`; what has no descriptor (an executor and a timer for hyper) is in `hyper.rs`.
//!
//! # Invariants
//! None of its own.
//!
//! # Rejected
//! Combinators, buffered streams, codecs: the futures and tokio-util crates have them, and sockets and files implement the
//! traits they are written for. The ring for the standard input: a terminal would keep one of the kernel's threads, and the
//! bytes that a cancelled read took would be lost.
//!
//! # Verified by
//! `tests/pipes.rs`, `tests/tcp/`, `tests/files/`.

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
