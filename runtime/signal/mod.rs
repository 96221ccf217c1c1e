//! Signals as futures: `ctrl_c()` everywhere it is implemented, any catchable signal on unix.
//!
//! How it works inside stands in `DESIGN.md` of this room.

#[cfg(unix)]
mod delivery;
#[cfg(unix)]
pub mod unix;

use crate::driver::in_runtime;
use std::io;

/// Waits for Ctrl-C: the SIGINT that the terminal sends.
///
/// Listening begins when the future is first polled. **From then on, for the rest of the process**, SIGINT no longer
/// ends it, also after the future is done: a program that has finished its orderly stop should exit by itself, and one
/// that wants a second Ctrl-C to hurry it calls `ctrl_c` again.
///
/// # Errors
/// If the handler cannot be installed, no descriptor is left, or the runtime shuts down.
///
/// # Panics
/// Outside a runtime.
///
/// # Cancel safety
/// Safe, but a Ctrl-C between the drop and the next call is missed; keep one [`unix::Signal`] where that matters.
///
/// # Example
/// ```no_run
/// # async fn serve() {}
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// heist::spawn(serve());
/// heist::signal::ctrl_c().await?;
/// println!("stopping");
/// # Ok(())
/// # })
/// # }
/// ```
#[cfg(unix)]
#[track_caller]
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
        match interrupt.recv().await {
            Some(()) => Ok(()),
            None => Err(io::Error::other("no Ctrl-C can arrive any more: the runtime has shut down")),
        }
    })
}
