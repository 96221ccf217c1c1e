//! A stream that is closed by half has a flag of its own.

/// The peer sends no more.
pub(crate) const READ_CLOSED: libc::c_short = libc::POLLRDHUP;

/// All flags that can be asked for.
pub(crate) const ALL: libc::c_short = libc::POLLIN | libc::POLLOUT | libc::POLLPRI | READ_CLOSED;
