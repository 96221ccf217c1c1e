//! # What
//! Names that I/O code needs beside a socket: what to wait for, and adapters to other crates.
//!
//! # Algorithm
//! None. The traits of other crates are implemented beside the sockets, in `net/traits_*.rs`; what has no socket (an
//! executor and a timer for hyper) is in `io/hyper.rs`.
//!
//! # Invariants
//! None of its own.
//!
//! # Rejected
//! Combinators, buffered streams, codecs: the futures and tokio-util crates have them, and the sockets implement the
//! traits they are written for.
//!
//! # Verified by
//! `tests/tcp.rs`.

#[cfg(feature = "hyper")]
pub mod hyper;

pub use crate::buf::{AlignedBuf, IoBuf, IoBufMut, Slice};
pub use crate::net::{Interest, Ready};
