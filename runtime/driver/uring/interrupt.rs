//! Makes threads that compute enter the kernel for a moment.
//!
//! With `COOP_TASKRUN` the kernel posts a completion when its owner enters the kernel. An owner that only computes does so
//! at the timer interrupt, which may be 4 ms or 10 ms away. A memory barrier for the whole process interrupts every core
//! that runs one of its threads, and on the way back from an interrupt the kernel posts what it holds back.

use rustix::thread::{MembarrierCommand, membarrier};

/// Announces to the kernel that this process will ask for barriers.
///
/// A kernel or a sandbox that refuses is no error: completions then wait for the timer interrupt.
pub(super) fn prepare() {
    let _ = membarrier(MembarrierCommand::RegisterPrivateExpedited);
}

/// Interrupts every thread of this process that runs now.
pub(super) fn owners() {
    let _ = membarrier(MembarrierCommand::PrivateExpedited);
}
