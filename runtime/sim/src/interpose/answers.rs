//! How calls of the C library answer, and how they speak of time.
#![expect(unsafe_code, reason = "sets the error of a call")]

use std::ffi::c_int;

pub(super) const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The answer of a call that failed.
pub(super) fn fail(errno: c_int) -> c_int {
    // SAFETY: the place is this thread's.
    unsafe { libc::__errno_location().write(errno) };
    -1
}

/// The answer of a call that returns a number.
pub(super) fn number_or_fail(result: Result<c_int, c_int>) -> c_int {
    result.unwrap_or_else(fail)
}

/// The answer of a call that returns a count of bytes.
pub(super) fn answer(result: Result<usize, c_int>) -> isize {
    result.map_or_else(|errno| fail(errno) as isize, |count| count as isize)
}

pub(super) fn to_timespec(nanos: u64) -> libc::timespec {
    libc::timespec { tv_sec: (nanos / NANOS_PER_SECOND) as i64, tv_nsec: (nanos % NANOS_PER_SECOND) as i64 }
}

/// In nanoseconds, at most as many as there are numbers. `None`: it is no time.
pub(super) fn from_timespec(time: libc::timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u64::try_from(time.tv_nsec).ok().filter(|nanos| *nanos < NANOS_PER_SECOND)?;
    Some(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
}
