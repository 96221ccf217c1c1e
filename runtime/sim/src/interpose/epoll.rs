//! Waits for many descriptors: epoll and poll.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::c_int;
use std::slice;
use std::sync::Once;

use super::time::after_millis;
use super::transfer::{Patience, perform};
use super::{enter_for, fail, from_timespec, is_simulated, number_or_fail, real};
use crate::kernel::Kernel;
use crate::world::{Attempt, Here, WaitKey, enter};

/// The most events of one wait.
const EVENTS_COUNT_MAX: c_int = c_int::MAX / size_of::<libc::epoll_event>() as c_int;

#[unsafe(no_mangle)]
pub(super) extern "C" fn epoll_create(size: c_int) -> c_int {
    match enter() {
        Some(_) if size <= 0 => fail(libc::EINVAL),
        Some(here) => open(&here, 0),
        // SAFETY: it takes a number.
        None => unsafe { real::EPOLL_CREATE.get()(size) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn epoll_create1(flags: c_int) -> c_int {
    match enter() {
        Some(here) => open(&here, flags),
        // SAFETY: it takes a number.
        None => unsafe { real::EPOLL_CREATE1.get()(flags) },
    }
}

pub(super) fn open(here: &Here, flags: c_int) -> c_int {
    let host = here.host();
    number_or_fail(here.call("epoll", 0, |kernel, _| kernel.open_epoll(host, flags)))
}

/// A simulated epoll instance has no real descriptor, and a real one no simulated: `EPERM`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn epoll_ctl(
    epoll: c_int,
    operation: c_int,
    number: c_int,
    event: *mut libc::epoll_event,
) -> c_int {
    let Some(here) = enter_for(epoll.max(number)) else {
        // SAFETY: as the caller promises.
        return unsafe { real::EPOLL_CTL.get()(epoll, operation, number, event) };
    };
    if !is_simulated(epoll) || (!is_simulated(number) && number >= 0) {
        warn_of_mix(epoll.min(number));
        return fail(libc::EPERM);
    }
    if operation != libc::EPOLL_CTL_DEL && event.is_null() {
        return fail(libc::EFAULT);
    }
    let host = here.host();
    let which = u64::from(number as u32);
    let result = here.call("epoll_ctl", which, |kernel, env| {
        if operation == libc::EPOLL_CTL_DEL {
            return kernel.unwatch(host, epoll, number);
        }
        // SAFETY: as the caller promises.
        let libc::epoll_event { events, u64: data } = unsafe { event.read_unaligned() };
        match operation {
            libc::EPOLL_CTL_ADD => kernel.watch((host, epoll, number), true, (events, data), env),
            libc::EPOLL_CTL_MOD => kernel.watch((host, epoll, number), false, (events, data), env),
            _ => Err(libc::EINVAL),
        }
    });
    number_or_fail(result.map(|()| 0))
}

/// Says once what a program cannot do. Not through std: a thread that has no turn may have the lock
/// of the standard error.
fn warn_of_mix(number: c_int) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let text = format!(
            "heist-sim: descriptor {number} is a real one, and no thread of a world can wait for it together \
             with simulated ones: it was opened outside of the world, or it is no socket, pipe, eventfd or epoll\n"
        );
        // SAFETY: the bytes are there.
        unsafe { real::WRITE.get()(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    });
}

/// # Safety
///
/// There is place for `count_max` events.
unsafe fn wait(
    here: &Here,
    epoll: c_int,
    events: *mut libc::epoll_event,
    count_max: c_int,
    until: Option<u64>,
) -> c_int {
    if count_max <= 0 || count_max > EVENTS_COUNT_MAX {
        return fail(libc::EINVAL);
    }
    let reported = perform(here, "epoll_wait", epoll, (Patience::Always, until), |kernel, id, _| {
        kernel.report(id, count_max as usize)
    });
    let reported = match reported {
        Err(libc::EAGAIN) => return 0,
        Err(error) => return fail(error),
        Ok(reported) => reported,
    };
    for (place, (mask, data)) in reported.iter().enumerate() {
        let event = libc::epoll_event { events: *mask, u64: *data };
        // SAFETY: as the caller promises.
        unsafe { events.add(place).write_unaligned(event) };
    }
    reported.len() as c_int
}

fn after(here: &Here, millis: c_int) -> Option<u64> {
    here.look(|world| after_millis(world, millis))
}

/// When a wait of this length ends. `Err`: that is no time.
///
/// # Safety
///
/// The time-out is null, for no end, or there.
unsafe fn after_timespec(here: &Here, timeout: *const libc::timespec) -> Result<Option<u64>, c_int> {
    if timeout.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    let length = from_timespec(unsafe { timeout.read() }).ok_or(libc::EINVAL)?;
    Ok(Some(here.look(|world| world.now.saturating_add(length))))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn epoll_wait(
    epoll: c_int,
    events: *mut libc::epoll_event,
    count_max: c_int,
    millis: c_int,
) -> c_int {
    match enter_for(epoll) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { wait(&here, epoll, events, count_max, after(&here, millis)) },
        // SAFETY: as the caller promises.
        None => unsafe { real::EPOLL_WAIT.get()(epoll, events, count_max, millis) },
    }
}

/// A world has no signals: the mask means nothing.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn epoll_pwait(
    epoll: c_int,
    events: *mut libc::epoll_event,
    count_max: c_int,
    millis: c_int,
    mask: *const libc::sigset_t,
) -> c_int {
    match enter_for(epoll) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { wait(&here, epoll, events, count_max, after(&here, millis)) },
        // SAFETY: as the caller promises.
        None => unsafe { real::EPOLL_PWAIT.get()(epoll, events, count_max, millis, mask) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn epoll_pwait2(
    epoll: c_int,
    events: *mut libc::epoll_event,
    count_max: c_int,
    timeout: *const libc::timespec,
    mask: *const libc::sigset_t,
) -> c_int {
    match enter_for(epoll) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { wait_precisely(&here, epoll, events, count_max, timeout) },
        // SAFETY: as the caller promises.
        None => unsafe { real::EPOLL_PWAIT2.get()(epoll, events, count_max, timeout, mask) },
    }
}

/// # Safety
///
/// As `epoll_pwait2`.
pub(super) unsafe fn wait_precisely(
    here: &Here,
    epoll: c_int,
    events: *mut libc::epoll_event,
    count_max: c_int,
    timeout: *const libc::timespec,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { after_timespec(here, timeout) } {
        // SAFETY: as the caller promises.
        Ok(until) => unsafe { wait(here, epoll, events, count_max, until) },
        Err(error) => fail(error),
    }
}

/// Enters the world for a poll that has a simulated descriptor, or is only a sleep.
///
/// # Safety
///
/// There are `count` of them.
unsafe fn enter_to_poll<'a>(
    all: *mut libc::pollfd,
    count: libc::nfds_t,
) -> Option<(Here, &'a mut [libc::pollfd])> {
    let here = enter()?;
    let all = match usize::try_from(count) {
        Ok(0) | Err(_) => &mut [],
        // SAFETY: as the caller promises.
        Ok(count) => unsafe { slice::from_raw_parts_mut(all, count) },
    };
    let is_only_real = all.iter().any(|one| one.fd >= 0) && !all.iter().any(|one| is_simulated(one.fd));
    if is_only_real { None } else { Some((here, all)) }
}

/// Sets the events that came. Returns for how many there are some, and for what to wait.
fn look_at_all(here: &Here, kernel: &Kernel, all: &mut [libc::pollfd]) -> (usize, Vec<WaitKey>) {
    let mut keys = Vec::new();
    for one in &mut *all {
        // Events are 16 bits here, and the same bits as those of epoll.
        let asked = u32::from(one.events as u16) | (libc::POLLERR | libc::POLLHUP) as u32;
        one.revents = match kernel.find(here.host(), one.fd) {
            _ if one.fd < 0 => 0,
            Ok(id) => {
                keys.push(WaitKey::Object(id));
                (kernel.readiness(id) & asked) as i16
            }
            Err(_) => {
                if !is_simulated(one.fd) {
                    warn_of_mix(one.fd);
                }
                libc::POLLNVAL
            }
        };
    }
    (all.iter().filter(|one| one.revents != 0).count(), keys)
}

fn poll_all(here: &Here, all: &mut [libc::pollfd], until: Option<u64>) -> c_int {
    let which = all.first().map_or(0, |one| u64::from(one.fd as u32));
    let count = here.wait("poll", which, until, |kernel, _| match look_at_all(here, kernel, all) {
        (0, keys) => Attempt::Wait(keys),
        (count, _) => Attempt::Done(count),
    });
    count.map_or(0, |count| count as c_int)
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn poll(all: *mut libc::pollfd, count: libc::nfds_t, millis: c_int) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_to_poll(all, count) } {
        Some((here, all)) => {
            let until = after(&here, millis);
            poll_all(&here, all, until)
        }
        // SAFETY: as the caller promises.
        None => unsafe { real::POLL.get()(all, count, millis) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn ppoll(
    all: *mut libc::pollfd,
    count: libc::nfds_t,
    timeout: *const libc::timespec,
    mask: *const libc::sigset_t,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_to_poll(all, count) } {
        // SAFETY: as the caller promises.
        Some((here, all)) => match unsafe { after_timespec(&here, timeout) } {
            Ok(until) => poll_all(&here, all, until),
            Err(error) => fail(error),
        },
        // SAFETY: as the caller promises.
        None => unsafe { real::PPOLL.get()(all, count, timeout, mask) },
    }
}
