//! Sleeping on other workers' pollers as well as on one's own.
//!
//! A poller is a descriptor that is readable while it has events that no thread has fetched. So a
//! sleep on several pollers needs no registration that would have to be undone, only a `poll(2)`
//! for as long as a worker is stuck.

use std::io;
use std::time::Duration;

use super::Poller;

/// Whether a poller can be waited for like a socket.
pub(super) const IS_OFFERED: bool = cfg!(unix);

/// How long a worker may sleep on its own poller only, if the kernel refuses to wait for several.
pub(super) const ALONE_MAX: Duration = Duration::from_millis(5);

/// Sleeps until one of them has events, or until the time-out ends. May return early. Returns
/// whether the kernel could do so: it has no memory, or refuses more pollers than `RLIMIT_NOFILE`.
#[cfg(unix)]
pub(super) fn sleep<'a>(
    pollers: impl Iterator<Item = &'a Poller>,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut fds: Vec<PollFd<'_>> = pollers.map(|poller| PollFd::new(poller, PollFlags::IN)).collect();
    // A time-out that is too long for the kernel counts as none.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(true),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOMEM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
pub(super) fn sleep<'a>(
    _pollers: impl Iterator<Item = &'a Poller>,
    _timeout: Option<Duration>,
) -> io::Result<bool> {
    unreachable!("not supported here")
}
