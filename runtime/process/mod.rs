//! Child processes: started, fed, read and waited for without blocking a thread.
//!
//! ```
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! use heist::process::Command;
//!
//! let output = Command::new("uname").output().await?;
//! println!("this is {}", String::from_utf8_lossy(&output.stdout));
//! # Ok(())
//! # }
//! ```
//!
//! # Which call when
//!
//! | to | use |
//! |---|---|
//! | run a program and learn how it ended | [`Command::status`] |
//! | run a program and get all that it wrote | [`Command::output`] |
//! | talk with a program while it runs | [`Command::spawn`], then [`Child::stdin`] and [`Child::stdout`] |
//! | give up after a time | [`timeout`](crate::time::timeout) around [`Child::wait`], then [`Child::kill`] |
//! | tie a program to its future | [`Command::kill_on_drop`] |
//! | connect two programs | `Stdio::try_from` of a [`ChildStdout`], as [`Command::stdin`] of the other |
//! | set what is not here | [`Command::as_std_mut`], or [`Command::from`] std's |
//!
//! # How the end of a child is learnt
//! On Linux each running child has a descriptor (`pidfd`), which the driver of the runtime waits
//! for: no thread and no signal is needed, for any number of children. On other Unix systems, on
//! kernels before 5.3, and when no descriptor is left, the children wait for SIGCHLD. On Windows a
//! thread of the system's pool waits for them.
//!
//! # No zombies
//! A child whose [`Child`] or future is dropped is reaped when it ends. If its runtime has shut
//! down before, the next [`Command::spawn`] in the process reaps it.
//!
//! A program that waits for any child itself (`waitpid(-1)`), or ignores SIGCHLD, takes the ends of
//! children away: [`Child::wait`] returns an error then.
//!
//! # Errors
//! Those of the system.
//!
//! # Panics
//! [`Command::spawn`], [`Command::status`], [`Command::output`] and `from_std` of the pipes panic
//! if called outside of a runtime.
//!
//! # Cancel safety
//! A dropped [`Child::wait`] loses nothing. A dropped read of a pipe has taken nothing, a dropped
//! write has written nothing.
//!
//! # Platforms and features
//! All. What needs Unix or needs Windows says so. The traits of `futures-io` need the feature
//! `futures-io` (on by default), the traits of tokio the feature `tokio-io`.
// How it works inside: `DESIGN.md` of this room.

mod child;
mod command;
#[cfg(unix)]
mod command_unix;
#[cfg(windows)]
mod command_windows;
#[cfg(unix)]
mod descriptors_unix;
#[cfg(windows)]
mod handles_windows;
#[cfg(all(test, unix))]
mod models;
mod pipes;
mod running;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(unix)]
mod traits_splice;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as sys;
#[cfg(windows)]
use windows as sys;

pub use child::Child;
pub use command::Command;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
