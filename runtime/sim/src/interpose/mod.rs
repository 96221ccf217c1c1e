//! The functions of the C library that a world takes over. Each is the real one for threads that
//! are in no world.
#![expect(unsafe_code, reason = "sets the error of a call")]

mod descriptors;
mod epoll;
mod futex;
mod messages;
mod names;
mod random;
pub(crate) mod real;
mod real_sockets;
mod socket_addresses;
mod sockets;
mod threads;
mod time;
mod transfer;

use std::ffi::c_int;
use std::hint::black_box;

use crate::world::{Here, enter};
use descriptors::is_simulated;
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
        transfer::read as *const (),
        transfer::write as *const (),
        transfer::readv as *const (),
        transfer::writev as *const (),
        descriptors::close as *const (),
        descriptors::dup as *const (),
        descriptors::dup2 as *const (),
        descriptors::dup3 as *const (),
        descriptors::fcntl as *const (),
        descriptors::ioctl as *const (),
        descriptors::eventfd as *const (),
        descriptors::pipe as *const (),
        descriptors::pipe2 as *const (),
        descriptors::socketpair as *const (),
        epoll::epoll_create as *const (),
        epoll::epoll_create1 as *const (),
        epoll::epoll_ctl as *const (),
        epoll::epoll_wait as *const (),
        epoll::epoll_pwait as *const (),
        epoll::epoll_pwait2 as *const (),
        epoll::poll as *const (),
        epoll::ppoll as *const (),
        sockets::socket as *const (),
        sockets::bind as *const (),
        sockets::listen as *const (),
        sockets::accept as *const (),
        sockets::accept4 as *const (),
        sockets::connect as *const (),
        sockets::shutdown as *const (),
        sockets::getsockname as *const (),
        sockets::getpeername as *const (),
        sockets::setsockopt as *const (),
        sockets::getsockopt as *const (),
        messages::send as *const (),
        messages::sendto as *const (),
        messages::sendmsg as *const (),
        messages::sendmmsg as *const (),
        messages::recv as *const (),
        messages::recvfrom as *const (),
        messages::recvmsg as *const (),
        messages::recvmmsg as *const (),
        names::getaddrinfo as *const (),
        names::freeaddrinfo as *const (),
        names::getnameinfo as *const (),
        names::gethostname as *const (),
    ];
    black_box(functions);
}

/// The answer of a call that failed.
fn fail(errno: c_int) -> c_int {
    // SAFETY: the place is this thread's.
    unsafe { libc::__errno_location().write(errno) };
    -1
}

/// The answer of a call that returns a number.
fn number_or_fail(result: Result<c_int, c_int>) -> c_int {
    result.unwrap_or_else(fail)
}

/// The answer of a call that returns a count of bytes.
fn answer(result: Result<usize, c_int>) -> isize {
    result.map_or_else(|errno| fail(errno) as isize, |count| count as isize)
}

/// Enters the world of this thread for a call about a descriptor. `None`: it is a real one, or this
/// thread is in no world.
#[inline]
fn enter_for(number: c_int) -> Option<Here> {
    if is_simulated(number) { enter() } else { None }
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
