//! The call as Linux has it.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A descriptor of this child, which nobody has waited for yet. None: the kernel is older than 5.3,
/// a filter refuses the call, or no descriptor is left.
pub(crate) fn open(id: u32) -> Option<OwnedFd> {
    let id = Pid::from_raw(i32::try_from(id).ok()?)?;
    // The kernel makes it close-on-exec.
    pidfd_open(id, PidfdFlags::empty()).ok()
}
