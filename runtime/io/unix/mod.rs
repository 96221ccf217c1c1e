//! Descriptors of the program's own, such as those of `eventfd(2)`, `timerfd_create(2)` or
//! `inotify(7)`. Unix only.
//!
//! [`AsyncFd`] waits until a descriptor is ready; the program makes the calls.
//!
//! ```
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! use heist::io::unix::AsyncFd;
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//!
//! let (ours, mut theirs) = UnixStream::pair()?;
//! ours.set_nonblocking(true)?;
//! let ours = AsyncFd::new(ours)?;
//! theirs.write_all(b"ping")?;
//! let mut buf = [0; 16];
//! let count = loop {
//!     let mut guard = ours.readable().await?;
//!     match guard.try_io(|ours| ours.get_ref().read(&mut buf)) {
//!         Ok(result) => break result?,
//!         Err(_would_block) => continue,
//!     }
//! };
//! assert_eq!(&buf[..count], b"ping");
//! # Ok(())
//! # }
//! ```

mod async_fd;
mod guard;
mod register;
mod register_error;
mod wait;

pub use async_fd::AsyncFd;
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
pub use register_error::AsyncFdRegisterError;
