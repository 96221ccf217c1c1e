#![expect(unsafe_code, reason = "installs a signal action, which must keep to async-signal-safe calls")]
//! The action that runs inside the signal handler.

use std::ffi::c_int;
use std::io;

use signal_hook_registry::{FORBIDDEN, SigId, register, unregister};
use socket2::Socket;

use crate::system::socket::SEND_FLAGS;

/// A registered action: for every signal that arrives in the process that registered it, it sends
/// one byte into a socket. Dropping it withdraws the action.
#[derive(Debug)]
pub(super) struct Delivery(SigId);

impl Delivery {
    /// `writer` must be non-blocking. It is closed when the action is withdrawn.
    pub(super) fn register(signal: c_int, writer: Socket) -> io::Result<Delivery> {
        if FORBIDDEN.contains(&signal) {
            let text =
                format!("signal {signal} cannot be listened for: it cannot be caught, or not be survived");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
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

impl Drop for Delivery {
    fn drop(&mut self) {
        // Waits for handlers that are running. `false` would mean that the action was withdrawn
        // before, which nothing else can do.
        let was_registered = unregister(self.0);
        debug_assert!(was_registered, "an action was withdrawn twice");
    }
}
