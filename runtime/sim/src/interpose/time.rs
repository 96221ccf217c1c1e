//! Clocks and sleeps.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_int, c_void};

use super::{NANOS_PER_SECOND, fail, from_timespec, real, to_timespec};
use crate::world::{Here, World, enter};

/// What a clock shows to a thread of the world. Clocks of processor time show the time of the
/// world: a thread that computes takes none.
fn read_clock(here: &Here, clock: libc::clockid_t) -> u64 {
    let host = here.host();
    here.look(|world| match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => {
            let skew = world.kernel.hosts.get(host).skew;
            world.calendar(skew)
        }
        _ => world.monotonic(),
    })
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::CLOCK_GETTIME.get()(clock, time) };
    };
    // SAFETY: as the caller promises.
    unsafe { time.write(to_timespec(read_clock(&here, clock))) };
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn gettimeofday(time: *mut libc::timeval, zone: *mut c_void) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETTIMEOFDAY.get()(time, zone) };
    };
    let now = to_timespec(read_clock(&here, libc::CLOCK_REALTIME));
    // SAFETY: as the caller promises.
    unsafe { time.write(libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1_000 }) };
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn time(place: *mut libc::time_t) -> libc::time_t {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::TIME.get()(place) };
    };
    let now = to_timespec(read_clock(&here, libc::CLOCK_REALTIME)).tv_sec;
    if !place.is_null() {
        // SAFETY: as the caller promises.
        unsafe { place.write(now) };
    }
    now
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn nanosleep(length: *const libc::timespec, left: *mut libc::timespec) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::NANOSLEEP.get()(length, left) };
    };
    // SAFETY: as the caller promises.
    let Some(length) = from_timespec(unsafe { length.read() }) else { return fail(libc::EINVAL) };
    let until = here.look(|world| world.now.saturating_add(length));
    here.sleep_until(until);
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: c_int,
    request: *const libc::timespec,
    left: *mut libc::timespec,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::CLOCK_NANOSLEEP.get()(clock, flags, request, left) };
    };
    // SAFETY: as the caller promises.
    let Some(request) = from_timespec(unsafe { request.read() }) else { return libc::EINVAL };
    let until = if flags & libc::TIMER_ABSTIME == 0 {
        here.look(|world| world.now.saturating_add(request))
    } else {
        let shown = read_clock(&here, clock);
        here.look(|world| world.now.saturating_add(request.saturating_sub(shown)))
    };
    here.sleep_until(until);
    0
}

/// When a wait ends that lasts so many milliseconds; negative: never.
pub(super) fn after_millis(world: &World, millis: c_int) -> Option<u64> {
    let millis = u64::try_from(millis).ok()?;
    Some(world.now + millis * (NANOS_PER_SECOND / 1_000))
}
