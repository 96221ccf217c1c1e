//! The list of the interposed functions.

use std::hint::black_box;

use super::{descriptors, epoll, futex, random, threads, time, transfer};

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
    ];
    black_box(functions);
}
