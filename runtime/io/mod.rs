//! Pipes, the standard streams, copies from any reader to any writer, and buffers that can be
//! handed to the kernel.
//!
//! Sockets are in [`net`](crate::net), files in [`fs`](crate::fs).
//!
//! ```
//! # #[cfg(unix)]
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! use heist::io;
//!
//! let (mut reader, mut writer) = io::pipe()?;
//! let task = heist::spawn(async move { writer.write_all(b"hello").await });
//!
//! let mut text = Vec::new();
//! let count = io::copy(&mut reader, &mut text).await?;
//! assert_eq!((count, text.as_slice()), (5, &b"hello"[..]));
//! task.await.unwrap()
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # Which call when
//!
//! | to | use |
//! |---|---|
//! | pass bytes between tasks, threads or processes through the kernel | [`pipe()`] |
//! | read what the user types, or what another program sends | [`stdin()`] |
//! | write output without blocking a worker | [`stdout()`], [`stderr`] |
//! | move everything from a reader to a writer | [`copy()`]; [`copy_with`] reports the progress |
//! | pass a connection on to another one, both ways | [`copy_bidirectional()`]; [`splice_bidirectional`] without a copy |
//! | move everything from a socket or pipe to another one without a copy | [`splice()`]; from a file [`send_file`](crate::net::ByteStream::send_file) |
//! | hand a buffer to an operation of a file or a socket | a `Vec`, or another [`IoBuf`]: [which buffer when](crate::fs#which-buffer-when) |
//! | receive without a buffer per idle connection | [`PooledBuf`] |
//! | wait for a socket and make the call yourself | [`Interest`], [`Ready`] |
//! | wait for a descriptor of your own | [`AsyncFd`](crate::io::unix::AsyncFd) (Unix) |
//! | serve with hyper | the module `hyper`, with the feature of that name |
//!
//! There are no combinators, buffered streams or codecs here: use the crates `futures` and
//! `tokio-util`.
//!
//! # Errors
//! Those of the system. A pipe without a reader returns `BrokenPipe`.
//!
//! # Panics
//! [`pipe()`], and `write_all` of [`Stdout`] and [`Stderr`], panic if called outside of a runtime.
//!
//! # Cancel safety
//! A dropped read takes no bytes along, and a dropped write of a pipe has written nothing. A
//! dropped write of a standard stream may have written a part. [`copy()`] is not cancel safe.
//!
//! # Platforms and features
//! Pipes need Unix. [`copy()`], [`copy_with`], [`copy_bidirectional()`] and the traits of
//! `futures-io` need the feature `futures-io` (on by default), the traits of tokio the feature
//! `tokio-io`, and the module `hyper` the feature `hyper`.
// How it works inside: `DESIGN.md` of this room.

#[cfg(any(unix, feature = "futures-io"))]
mod both_ways;
#[cfg(feature = "futures-io")]
mod copy;
#[cfg(feature = "futures-io")]
mod copy_bidirectional;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(unix)]
pub(crate) mod pipe;
#[cfg(unix)]
pub(crate) mod splice;
mod standard;
#[cfg(unix)]
mod standard_fd;
mod stdin;
mod stdout;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(unix)]
mod traits_splice;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
#[cfg(unix)]
pub mod unix;

pub use crate::buf::{AlignedBuf, FixedBuf, FixedBufPool, IoBuf, IoBufMut, PooledBuf, Slice};
pub use crate::net::{Interest, Ready};
#[cfg(feature = "futures-io")]
pub use copy::{copy, copy_with};
#[cfg(feature = "futures-io")]
pub use copy_bidirectional::{CopyBidirectional, copy_bidirectional, copy_bidirectional_with_sizes};
#[cfg(unix)]
pub use pipe::{PipeReader, PipeWriter, pipe};
#[cfg(unix)]
pub use splice::{SpliceBidirectional, SpliceSource, SpliceTarget, splice, splice_bidirectional};
pub use stdin::{Stdin, stdin};
pub use stdout::{Stderr, Stdout, stderr, stdout};
