//! Signals of the operating system as futures: Ctrl-C, and every other signal that can be caught.
//!
//! A program that wants to stop in order, reload its configuration or notice the end of a child
//! waits for a signal in a task, beside its other work.
//!
//! ```
//! use heist::signal::unix::{SignalKind, signal};
//! use std::process::Command;
//!
//! #[heist::main]
//! async fn main() -> std::io::Result<()> {
//!     let mut reload = signal(SignalKind::hangup())?;
//!
//!     // An administrator would do this:
//!     let kill = format!("kill -HUP {}", std::process::id());
//!     Command::new("sh").args(["-c", &kill]).status()?;
//!
//!     reload.recv().await;
//!     println!("reloading the configuration");
//!     Ok(())
//! }
//! ```
//!
//! | to | call |
//! |---|---|
//! | stop at Ctrl-C | [`ctrl_c`] |
//! | stop when a service manager asks (SIGTERM) | [`unix::signal`] of [`unix::SignalKind::terminate`] |
//! | react to any other signal, or to one more than once | [`unix::signal`], then [`unix::Signal::recv`] |
//!
//! # What changes for the process
//! From the first listener of a signal on, and for the rest of the process, the default action of
//! that signal is off, also after the listener is dropped: Ctrl-C no longer ends the program by
//! itself. Handlers that other libraries have installed are still called.
//!
//! # What a listener receives
//! Every listener of a signal receives it. A listener receives the signals that arrive after its
//! creation. If one has arrived since the last listener was dropped, the next [`unix::Signal`]
//! receives it as well; [`ctrl_c`] does not. Signals that wait to be received are reported as one,
//! however many they are, and none is lost. A forked child that does not call `exec` does not
//! notify the listeners of its parent; it can create its own.
//!
//! # Errors
//! Signals that cannot be caught (SIGKILL, SIGSTOP) or survived (SIGSEGV, SIGILL, SIGFPE) are
//! `InvalidInput`. Each listener takes two file descriptors, so creating one may fail for lack of
//! descriptors.
//!
//! # Panics
//! [`unix::signal`] and [`ctrl_c`] panic if called outside of a runtime.
//!
//! # Cancel safety
//! A dropped [`unix::Signal::recv`] loses no signal. A dropped [`ctrl_c`] stops listening.
//!
//! # Platforms
//! [`ctrl_c`] works on all platforms, on Unix with both drivers. The module `unix` needs Unix, the
//! module `windows` needs Windows. No Cargo feature is needed.
//!
//! How it works inside is described in `DESIGN.md` of this room.

#[cfg(windows)]
mod console;
#[cfg(unix)]
mod delivery;
#[cfg(unix)]
mod kept;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

use crate::driver::in_runtime;
use std::io;

/// Waits for Ctrl-C: the SIGINT that the terminal sends, or the event of a console of Windows.
///
/// Listening begins when the future is first polled; a Ctrl-C before that does not count. **From
/// then on, for the rest of the process**, SIGINT no longer ends the process, also after the future
/// has completed. A program that has stopped in order should exit by itself; to react to a second
/// Ctrl-C, call `ctrl_c` again. On Windows the default action is off while there is a listener.
///
/// # Errors
/// Fails if the handler cannot be installed, if no descriptor is left, or if the runtime shuts
/// down.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Safe, but a Ctrl-C between the drop and the next call is missed. If that matters, keep one
/// [`unix::Signal`].
///
/// # Examples
/// ```
/// # use heist::{signal::unix::{SignalKind, signal}, time::{Duration, sleep}};
/// # async fn serve() {}
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// # let _ours = signal(SignalKind::interrupt())?;
/// # let press = format!("kill -INT {}", std::process::id());
/// # heist::spawn(async move {
/// #     loop {
/// #         sleep(Duration::from_millis(5)).await;
/// #         std::process::Command::new("sh").args(["-c", &press]).status().unwrap();
/// #     }
/// # });
/// heist::spawn(serve());
/// heist::signal::ctrl_c().await?;
/// println!("stopping");
/// # Ok(())
/// # })
/// # }
/// ```
#[track_caller]
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        #[cfg(unix)]
        let mut interrupt = unix::listen(unix::SignalKind::interrupt(), unix::Earlier::IsForgotten)?;
        #[cfg(windows)]
        let mut interrupt = windows::ctrl_c()?;
        match interrupt.recv().await {
            Some(()) => Ok(()),
            None => Err(io::Error::other("no Ctrl-C can arrive any more: the runtime has shut down")),
        }
    })
}
