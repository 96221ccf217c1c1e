//! A stream that is closed by half is readable, and no more is known.

/// No flag.
pub(crate) const READ_CLOSED: libc::c_short = 0;

/// All flags that can be asked for.
pub(crate) const ALL: libc::c_short = libc::POLLIN | libc::POLLOUT | libc::POLLPRI;
