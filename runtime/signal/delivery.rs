#![expect(unsafe_code, reason = "installs a signal action, which must keep to async-signal-safe calls")]
//! The action that runs inside the signal handler.

use std::ffi::c_int;
use std::io;
use std::sync::Arc;

use signal_hook_registry::{FORBIDDEN, SigId, register, unregister};
use socket2::Socket;

use crate::system::socket::SEND_FLAGS;

/// A registered action: for every signal that arrives in the process that registered it, it sends
/// one byte into a socket. Dropping it withdraws the action.
#[derive(Debug)]
pub(super) struct Delivery(SigId);

impl Delivery {
    /// `writer` must be non-blocking. The action drops it when it is withdrawn.
    pub(super) fn register(signal: c_int, writer: Arc<Socket>) -> io::Result<Delivery> {
        check(signal)?;
        let owner = std::process::id();
        let action = move || {
            // [own-signals]: this is a forked child, and the socket leads to its parent's listener.
            if std::process::id() != owner {
                return;
            }
            // [only-a-send] [coalesced]: an error means that the pair is full of unread bytes.
            let _ = writer.send_with_flags(&[1], SEND_FLAGS);
        };
        // SAFETY: [only-a-send]: the action is one `getpid(2)` and one `send(2)`, which are
        // async-signal-safe. The calls around them convert a number, a slice to a pointer and an
        // errno to an `io::Error` without allocating, and cannot panic; the registry restores
        // errno. The action owns `writer`, so `writer` lives as long as the action.
        let id = unsafe { register(signal, action) }?;
        Ok(Delivery(id))
    }
}

/// Calls `note` for every signal that arrives in this process, until the process ends. `note` must
/// be async-signal-safe.
pub(super) fn note_for_good<T: Send + Sync + 'static>(
    signal: c_int,
    of: Arc<T>,
    note: fn(&T),
) -> io::Result<()> {
    check(signal)?;
    let owner = std::process::id();
    let action = move || {
        // [own-signals].
        if std::process::id() == owner {
            note(&of);
        }
    };
    // SAFETY: [only-a-send]: the action is one `getpid(2)` and a few atomic instructions. It is
    // never withdrawn, so `of` is never dropped.
    unsafe { register(signal, action) }?;
    Ok(())
}

fn check(signal: c_int) -> io::Result<()> {
    if FORBIDDEN.contains(&signal) {
        let text = format!("signal {signal} cannot be listened for: it cannot be caught, or not be survived");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

impl Drop for Delivery {
    fn drop(&mut self) {
        // Waits for handlers that are running. `false` would mean that the action was withdrawn
        // before, which nothing else can do.
        let was_registered = unregister(self.0);
        debug_assert!(was_registered, "an action was withdrawn twice");
    }
}
