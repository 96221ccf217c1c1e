//! Traits, helpers and type definitions for asynchronous I/O.
//!
//! The traits are always there. What is written with them needs the feature `io-util`, the standard
//! streams the feature `io-std`, and what speaks of readiness the feature `net`.

mod async_buf_read;
mod async_read;
mod async_seek;
mod async_write;
mod read_buf;

#[cfg(feature = "io-util")]
mod adapter;
#[cfg(feature = "io-util")]
mod budget;
#[cfg(feature = "io-util")]
mod buf_read;
#[cfg(feature = "io-util")]
mod buffered;
#[cfg(feature = "io-util")]
mod copy;
#[cfg(feature = "io-util")]
mod memory;
#[cfg(feature = "io-util")]
mod read;
#[cfg(feature = "io-util")]
mod seek;
#[cfg(feature = "io-util")]
mod split;
#[cfg(feature = "io-std")]
mod standard;
#[cfg(feature = "io-util")]
mod text;
#[cfg(feature = "io-util")]
mod write;

pub use async_buf_read::AsyncBufRead;
pub use async_read::AsyncRead;
pub use async_seek::AsyncSeek;
pub use async_write::AsyncWrite;
pub use read_buf::ReadBuf;
#[cfg(feature = "fs")]
pub(crate) use read_buf::poll_filled;
#[doc(no_inline)]
pub use std::io::{Error, ErrorKind, Result, SeekFrom};

#[cfg(feature = "io-util")]
pub use adapter::{Chain, Empty, Join, Repeat, Sink, Take, empty, join, repeat, sink};
#[cfg(feature = "io-util")]
pub use buf_read::{AsyncBufReadExt, Lines, Split};
#[cfg(feature = "io-util")]
pub use buffered::{BufReader, BufStream, BufWriter};
#[cfg(feature = "io-util")]
pub use copy::{copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf};
#[cfg(feature = "net")]
pub use heist::io::{Interest, Ready};
#[cfg(feature = "io-util")]
pub use memory::{DuplexStream, SimplexStream, duplex, simplex};
#[cfg(feature = "io-util")]
pub use read::AsyncReadExt;
#[cfg(feature = "io-util")]
pub use seek::AsyncSeekExt;
#[cfg(feature = "io-util")]
pub use split::{ReadHalf, WriteHalf, split};
#[cfg(feature = "io-std")]
pub use standard::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
#[cfg(feature = "io-util")]
pub use write::AsyncWriteExt;

/// Descriptors of the program.
#[cfg(all(unix, feature = "net"))]
pub mod unix {
    pub use heist::io::unix::{
        AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdRegisterError, TryIoError,
    };
}
