//! Descriptors: how they are opened, duplicated, set and closed.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_int, c_uint};

use super::{enter_for, fail, number_or_fail, real};
use crate::kernel::{Descriptor, Kernel, OpenFile, PairKind};
use crate::world::{Here, enter};

/// What `F_SETFL` may change. The others of its flags are what they were.
const SETTABLE: c_int = libc::O_NONBLOCK | libc::O_APPEND | libc::O_ASYNC;

/// Makes a call that waits for nothing.
fn call<R>(
    here: &Here,
    call: &'static str,
    number: c_int,
    f: impl FnOnce(&mut Kernel, &mut crate::world::Env<'_>) -> R,
) -> R {
    here.call(call, u64::from(number as u32), f)
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn close(number: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::CLOSE.get()(number) };
    };
    let host = here.host();
    number_or_fail(call(&here, "close", number, |kernel, env| kernel.close(host, number, env).map(|()| 0)))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn dup(number: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes a number, and changes none that is there.
        return unsafe { real::DUP.get()(number) };
    };
    duplicate(&here, number, 0, false)
}

fn duplicate(here: &Here, number: c_int, min: c_int, closes_on_exec: bool) -> c_int {
    let host = here.host();
    number_or_fail(call(here, "dup", number, |kernel, _| kernel.duplicate(host, number, min, closes_on_exec)))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn dup2(from: c_int, to: c_int) -> c_int {
    match enter_for(from.max(to)) {
        Some(here) => replace(&here, from, to, false),
        // SAFETY: as the caller promises.
        None => unsafe { real::DUP2.get()(from, to) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn dup3(from: c_int, to: c_int, flags: c_int) -> c_int {
    match enter_for(from.max(to)) {
        Some(_) if from == to || flags & !libc::O_CLOEXEC != 0 => fail(libc::EINVAL),
        Some(here) => replace(&here, from, to, flags & libc::O_CLOEXEC != 0),
        // SAFETY: as the caller promises.
        None => unsafe { real::DUP3.get()(from, to, flags) },
    }
}

/// A simulated descriptor cannot take the number of a real one, nor the other way round: `EBADF`.
fn replace(here: &Here, from: c_int, to: c_int, closes_on_exec: bool) -> c_int {
    let host = here.host();
    number_or_fail(call(here, "dup", from, |kernel, env| {
        if from == to {
            kernel.find(host, from).map(|_| to)
        } else {
            kernel.replace(host, from, to, closes_on_exec, env)
        }
    }))
}

/// In C it is variadic. On x86-64 and on arm64 Linux the ABI passes three numbers in the same
/// places whether or not a function declares the last as variadic.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fcntl(number: c_int, command: c_int, argument: usize) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::FCNTL.get()(number, command, argument) };
    };
    let (host, value) = (here.host(), argument as c_int);
    let closes = value & libc::FD_CLOEXEC != 0;
    let result = match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC if value < 0 => Err(libc::EINVAL),
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => {
            return duplicate(&here, number, value, command == libc::F_DUPFD_CLOEXEC);
        }
        libc::F_GETFD => {
            of_descriptor(
                &here,
                number,
                |descriptor| {
                    if descriptor.closes_on_exec { libc::FD_CLOEXEC } else { 0 }
                },
            )
        }
        libc::F_SETFD => of_descriptor(&here, number, |descriptor| {
            descriptor.closes_on_exec = closes;
            0
        }),
        libc::F_GETFL => of_file(&here, number, |file| file.flags),
        libc::F_SETFL => of_file(&here, number, |file| {
            file.flags = file.flags & !SETTABLE | value & SETTABLE;
            0
        }),
        libc::F_GETPIPE_SZ => call(&here, "fcntl", number, |kernel, _| {
            let id = kernel.find(host, number)?;
            Ok(kernel.pipe_mut(id)?.capacity() as c_int)
        }),
        libc::F_SETPIPE_SZ => call(&here, "fcntl", number, |kernel, _| {
            let id = kernel.find(host, number)?;
            Ok(kernel.pipe_mut(id)?.set_capacity(value as c_uint as usize)? as c_int)
        }),
        _ => of_descriptor(&here, number, |_| ()).and(Err(libc::EINVAL)),
    };
    number_or_fail(result)
}

fn of_descriptor<R>(here: &Here, number: c_int, f: impl FnOnce(&mut Descriptor) -> R) -> Result<R, c_int> {
    let host = here.host();
    call(here, "fcntl", number, |kernel, _| kernel.descriptors.get_mut(host, number).map(f))
        .ok_or(libc::EBADF)
}

fn of_file<R>(here: &Here, number: c_int, f: impl FnOnce(&mut OpenFile) -> R) -> Result<R, c_int> {
    let host = here.host();
    call(here, "fcntl", number, |kernel, _| {
        let id = kernel.find(host, number)?;
        kernel.objects.get_mut(id).map(f).ok_or(libc::EBADF)
    })
}

/// In C it is variadic: see `fcntl`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn ioctl(number: c_int, request: libc::Ioctl, argument: *mut c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::IOCTL.get()(number, request, argument) };
    };
    let host = here.host();
    let result = match request {
        libc::FIONBIO => {
            // SAFETY: as the caller promises.
            let is_set = unsafe { argument.read() } != 0;
            of_file(&here, number, |file| {
                let others = file.flags & !libc::O_NONBLOCK;
                file.flags = if is_set { others | libc::O_NONBLOCK } else { others };
            })
        }
        libc::FIOCLEX | libc::FIONCLEX => {
            let closes = request == libc::FIOCLEX;
            of_descriptor(&here, number, |descriptor| descriptor.closes_on_exec = closes)
        }
        libc::FIONREAD => {
            let count = call(&here, "ioctl", number, |kernel, _| {
                let id = kernel.find(host, number)?;
                kernel.bytes_to_read(id)
            });
            // SAFETY: as the caller promises.
            count.map(|count| unsafe { argument.write(count as c_int) })
        }
        _ => of_descriptor(&here, number, |_| ()).and(Err(libc::ENOTTY)),
    };
    number_or_fail(result.map(|()| 0))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn eventfd(count: c_uint, flags: c_int) -> c_int {
    match enter() {
        Some(here) => open_eventfd(&here, count, flags),
        // SAFETY: it takes numbers.
        None => unsafe { real::EVENTFD.get()(count, flags) },
    }
}

pub(super) fn open_eventfd(here: &Here, count: c_uint, flags: c_int) -> c_int {
    let host = here.host();
    number_or_fail(here.call("eventfd", 0, |kernel, _| kernel.open_eventfd(host, count, flags)))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pipe(ends: *mut c_int) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { pipe2(ends, 0) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pipe2(ends: *mut c_int, flags: c_int) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::PIPE2.get()(ends, flags) };
    };
    let host = here.host();
    let pair = here.call("pipe", 0, |kernel, _| kernel.open_pipe(host, flags));
    // SAFETY: as the caller promises.
    number_or_fail(pair.map(|pair| unsafe { write_pair(ends, pair) }))
}

/// # Safety
///
/// There is place for two.
unsafe fn write_pair(ends: *mut c_int, pair: [c_int; 2]) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { ends.cast::<[c_int; 2]>().write(pair) };
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn socketpair(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    ends: *mut c_int,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::SOCKETPAIR.get()(domain, kind, protocol, ends) };
    };
    if domain != libc::AF_UNIX {
        return fail(libc::EOPNOTSUPP);
    }
    let flags = kind & (libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    let kind = match kind & !flags {
        libc::SOCK_STREAM => PairKind::Stream,
        libc::SOCK_SEQPACKET => PairKind::Packets,
        libc::SOCK_DGRAM => PairKind::Datagrams,
        _ => return fail(libc::ESOCKTNOSUPPORT),
    };
    // On Linux the flags of sockets are those of files.
    const { assert!(libc::SOCK_NONBLOCK == libc::O_NONBLOCK && libc::SOCK_CLOEXEC == libc::O_CLOEXEC) };
    let host = here.host();
    let pair = here.call("socketpair", 0, |kernel, _| kernel.open_pair(host, kind, flags));
    // SAFETY: as the caller promises.
    unsafe { write_pair(ends, pair) }
}
