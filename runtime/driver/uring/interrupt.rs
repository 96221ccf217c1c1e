//! Makes threads that compute enter the kernel for a moment.
//!
//! With `COOP_TASKRUN` the kernel posts a completion when its owner enters the kernel. An owner that only computes does so
//! at the timer interrupt, which may be 4 ms or 10 ms away. A memory barrier for the whole process interrupts every core
//! that runs one of its threads, and on the way back from an interrupt the kernel posts what it holds back.
//!
//! A process must announce such barriers. If it has more than one thread, the kernel then waits until every core has gone
//! through its scheduler: 10 to 18 ms at 250 Hz, which a runtime's first clients would wait as well. So a thread of its own
//! does it, once. Who stalls in the meantime is helped at the timer interrupt.

use std::sync::Once;
use std::thread;

use rustix::thread::{MembarrierCommand, membarrier};

/// Announces to the kernel that this process will ask for barriers. Does not wait until it may.
///
/// A kernel or a sandbox that refuses is no error: completions then wait for the timer interrupt.
pub(super) fn prepare() {
    static IS_PREPARED: Once = Once::new();
    IS_PREPARED.call_once(|| {
        let announce = || {
            let _ = membarrier(MembarrierCommand::RegisterPrivateExpedited);
        };
        if thread::Builder::new().name("heist-prepare".into()).spawn(announce).is_err() {
            announce();
        }
    });
}

/// Interrupts every thread of this process that runs now.
pub(super) fn owners() {
    let _ = membarrier(MembarrierCommand::PrivateExpedited);
}
