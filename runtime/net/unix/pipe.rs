//! Pipes by path, and under the names that sockets' users know. The types are those of
//! [`io`](crate::io).
//!
//! ```
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! use heist::net::unix::pipe;
//!
//! let (mut sender, mut receiver) = pipe::pipe()?;
//! sender.write_all(b"hello").await?;
//! let mut buf = [0; 16];
//! assert_eq!(receiver.read(&mut buf).await?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! A pipe with a name that has had no writer so far is not at its end: a read waits for one.

use std::io;

pub use crate::io::pipe::OpenOptions;
pub use crate::io::{PipeReader as Receiver, PipeWriter as Sender};

/// [`io::pipe`](crate::io::pipe()), with the writing end first.
///
/// # Errors
/// Those of the system, if the process does not have two free descriptors.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let (sender, receiver) = heist::net::unix::pipe::pipe()?;
/// assert_eq!(sender.try_write(b"hello")?, 5);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (reader, writer) = crate::io::pipe::pipe()?;
    Ok((writer, reader))
}
