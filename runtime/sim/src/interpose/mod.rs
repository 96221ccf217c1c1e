//! The functions of the C library that a world takes over. Each is the real one for threads that
//! are in no world.
#![expect(unsafe_code, reason = "sets the error of a call")]

mod futex;
mod random;
pub(crate) mod real;
mod threads;
mod time;

use std::ffi::c_int;
use std::hint::black_box;

pub(crate) use futex::word_at;
pub(crate) use threads::{ThreadHandles, end_with_thread};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Names the functions, so that a linker takes them from here and not from the C library.
pub(crate) fn keep() {
    let functions = [
        time::clock_gettime as *const (),
        time::gettimeofday as *const (),
        time::time as *const (),
        time::nanosleep as *const (),
        time::clock_nanosleep as *const (),
        threads::pthread_create as *const (),
        threads::pthread_join as *const (),
        threads::pthread_setname_np as *const (),
        threads::sched_yield as *const (),
        threads::sched_getaffinity as *const (),
        futex::syscall as *const (),
        random::getrandom as *const (),
        random::getentropy as *const (),
    ];
    black_box(functions);
}

/// The answer of a call that failed.
fn fail(errno: c_int) -> c_int {
    // SAFETY: the place is this thread's.
    unsafe { libc::__errno_location().write(errno) };
    -1
}

fn to_timespec(nanos: u64) -> libc::timespec {
    libc::timespec {
        tv_sec: (nanos / NANOS_PER_SECOND).cast_signed(),
        tv_nsec: (nanos % NANOS_PER_SECOND).cast_signed(),
    }
}

/// In nanoseconds, at most as many as there are numbers. `None`: it is no time.
fn from_timespec(time: libc::timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u64::try_from(time.tv_nsec).ok().filter(|nanos| *nanos < NANOS_PER_SECOND)?;
    Some(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
}
