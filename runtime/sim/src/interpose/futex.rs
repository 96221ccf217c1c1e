//! `syscall`: the futex, on which the locks of std stand, and the calls that std makes by number.
#![expect(unsafe_code, reason = "defines a function of the C library, and reads what its caller names")]

use std::ffi::{c_int, c_long, c_uint, c_void};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{descriptors, epoll, fail, from_timespec, numbered, random, real};
use crate::world::{FutexWord, Here, WaitKey, enter};

/// The arguments of a call by number.
pub(super) type Arguments = [usize; 6];

/// The function of this name takes as many arguments as the call needs. The ABI passes seven
/// numbers in the same places whether or not a function declares them as variadic: on x86-64 and
/// on arm64 Linux both are so.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    let is_simulated = match number {
        libc::SYS_futex | libc::SYS_getrandom | libc::SYS_eventfd2 | libc::SYS_epoll_create1 => true,
        libc::SYS_epoll_pwait2 => super::is_simulated(a as c_int),
        _ => is_of_a_ring(number),
    };
    // SAFETY: as the caller promises.
    if let Some(answer) = unsafe { numbered::make(number, [a, b, c, d, e]) } {
        return answer;
    }
    if let Some(here) = is_simulated.then(enter).flatten() {
        return match number {
            // SAFETY: as the caller promises.
            libc::SYS_futex => unsafe { futex(&here, [a, b, c, d, e, f]) },
            // SAFETY: as the caller promises.
            libc::SYS_getrandom => unsafe { random::fill(&here, a as *mut c_void, b) as c_long },
            libc::SYS_eventfd2 => descriptors::open_eventfd(&here, a as c_uint, b as c_int).into(),
            libc::SYS_epoll_create1 => epoll::open(&here, a as c_int).into(),
            libc::SYS_epoll_pwait2 => {
                let (events, timeout) = (b as *mut libc::epoll_event, d as *const libc::timespec);
                // SAFETY: as the caller promises.
                unsafe { epoll::wait_precisely(&here, a as c_int, events, c as c_int, timeout) }.into()
            }
            _ => c_long::from(fail(libc::ENOSYS)),
        };
    }
    // SAFETY: as the caller promises.
    unsafe { real::SYSCALL.get()(number, a, b, c, d, e, f) }
}

/// A world has no io_uring: what is sent there would happen in the real one.
fn is_of_a_ring(number: c_long) -> bool {
    matches!(number, libc::SYS_io_uring_setup | libc::SYS_io_uring_enter | libc::SYS_io_uring_register)
}

/// # Safety
///
/// The arguments are those of `futex(2)`.
unsafe fn futex(here: &Here, arguments: Arguments) -> c_long {
    let [word, operation, value, timeout, _, _] = arguments;
    let operation = operation as c_int;
    let key = WaitKey::Futex(FutexWord { address: word, value: value as u32 });
    match operation & libc::FUTEX_CMD_MASK {
        command @ (libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET) => {
            let timeout = timeout as *const libc::timespec;
            // SAFETY: a time-out is null or there.
            let timeout = if timeout.is_null() { None } else { Some(unsafe { timeout.read() }) };
            let Some(until) = until(here, command, operation, timeout) else {
                return c_long::from(fail(libc::EINVAL));
            };
            // SAFETY: the caller has a word there, which other threads change by atomic operations.
            let word = unsafe { AtomicU32::from_ptr(word as *mut u32) };
            // Ordering: SeqCst, [one-turn]: as the system's. The look and the wait are one step.
            let is_same = |_: &mut _| (word.load(Ordering::SeqCst) == value as u32).then_some(key);
            match here.wait_once("futex-wait", 0, until, is_same) {
                None => c_long::from(fail(libc::EAGAIN)),
                Some(true) => 0,
                Some(false) => c_long::from(fail(libc::ETIMEDOUT)),
            }
        }
        libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => {
            let count = (value as c_int).max(0) as usize;
            let (woken, has_outside) =
                here.step("futex-wake", 0, |world| (world.threads.wake(key, count), world.has_outside));
            if has_outside {
                let [word, operation, value, timeout, second, third] = arguments;
                // SAFETY: as the caller promises. A thread outside may wait there as well.
                unsafe {
                    real::SYSCALL.get()(libc::SYS_futex, word, operation, value, timeout, second, third)
                };
            }
            woken as c_long
        }
        _ => c_long::from(fail(libc::ENOSYS)),
    }
}

/// When a wait ends, in the time of the world. `None`: that is no time.
fn until(
    here: &Here,
    command: c_int,
    operation: c_int,
    timeout: Option<libc::timespec>,
) -> Option<Option<u64>> {
    let Some(timeout) = timeout else { return Some(None) };
    let nanos = from_timespec(timeout)?;
    let host = here.host();
    Some(Some(here.look(|world| match command {
        libc::FUTEX_WAIT => world.now.saturating_add(nanos),
        _ if operation & libc::FUTEX_CLOCK_REALTIME == 0 => world.at_monotonic(nanos),
        _ => {
            let shown = world.calendar(world.kernel.hosts.get(host).skew);
            world.now.saturating_add(nanos.saturating_sub(shown))
        }
    })))
}

/// What a word of the program is now, at which a thread of the program waits.
pub(crate) fn word_at(address: usize) -> u32 {
    // SAFETY: whoever waits at a word keeps it until it has returned, and others change it by
    // atomic operations only.
    let word = unsafe { AtomicU32::from_ptr(address as *mut u32) };
    // Ordering: SeqCst, [one-turn]: as the system's look, for the threads outside of the world.
    word.load(Ordering::SeqCst)
}
