//! # What
//! Signals as futures: `ctrl_c()` everywhere it is implemented, any catchable signal on unix.
//!
//! # Algorithm
//! 1. Every [`unix::Signal`] owns a socket pair, and registers an action with the process-wide signal handler.
//! 2. The action, in the signal handler, sends one byte into the pair and does nothing else; in a child that was forked since
//!    it does nothing at all.
//! 3. The other end is a socket of the driver: a byte makes it readable, `recv` takes out all there are.
//! 4. Dropping the `Signal` withdraws the action, which waits for handlers that run, and closes the pair.
//!
//! # Invariants
//! - `[only-a-send]` what runs inside the handler is a look at the process id and one `send(2)`: no lock, no allocation, errno
//!   kept.
//! - `[own-signals]` a child that is forked, and does not call `exec`, inherits the handler and the pairs. Its signals are not
//!   told to its parent. A listener that it makes itself is told of its own. (Not told apart: a child in a process namespace
//!   of its own, of a parent that is number one of its own as well.)
//! - `[coalesced]` a pair that is full drops the byte: bytes are there already, and `recv` returns for them. So a signal
//!   that came while a `Signal` existed is never lost, and any number of them may arrive as one.
//! - `[action-before-pair]` the action is withdrawn before its pair closes: no handler writes to a descriptor number that
//!   the process uses for something else by now.
//!
//! # Rejected
//! One pair for the process and a table of listeners, which the first runtime would own and later ones inherit; a
//! descriptor per listener costs little, signals being few. `signalfd`: it needs the signal blocked in every thread,
//! also those of other libraries, and it is Linux only. 2026-11-29: `pthread_atfork` to silence the pairs in a child: it does not
//! see children that are made by the system call itself.
//!
//! # Verified by
//! `tests/signal.rs`: `[coalesced]` by storms of signals. `[only-a-send]`: the handler is two calls, seen at a glance.
//! `tests/fork.rs`: `[own-signals]`.
//! `[action-before-pair]`: the order of the fields of `unix::Signal`; a storm beside traffic would write into it.

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
