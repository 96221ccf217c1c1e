//! Calls that read and write simulated descriptors, and how they wait.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::slice;

use super::files::take_time_of;
use super::{answer, enter_for, fail, real};
use crate::kernel::{Kernel, ObjectId, Room};
use crate::world::{Attempt, Env, Here, WaitKey};

/// The most slices of one call, `IOV_MAX`.
pub(super) const SLICES_COUNT_MAX: c_int = 1024;

/// Whether a call waits while it fails with `EAGAIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Unless its descriptor is nonblocking.
    OfDescriptor,
    Never,
    Always,
}

/// Makes a call that may wait, and then fails with `EAGAIN` when the time has come: `until`, in
/// nanoseconds of the world.
pub(super) fn perform<R>(
    here: &Here,
    call: &'static str,
    number: c_int,
    (patience, until): (Patience, Option<u64>),
    mut attempt: impl FnMut(&mut Kernel, ObjectId, &mut Env<'_>) -> Result<R, c_int>,
) -> Result<R, c_int> {
    let (host, mut found) = (here.host(), None);
    let outcome = here.wait(call, u64::from(number as u32), until, |kernel, env| {
        // A descriptor of this number that comes while the call waits is none of its.
        let id = match found.map_or_else(|| kernel.find(host, number), Ok) {
            Ok(id) => *found.insert(id),
            Err(error) => return Attempt::Done(Err(error)),
        };
        let Some(file) = kernel.objects.get(id) else { return Attempt::Done(Err(libc::EBADF)) };
        let may_wait = match patience {
            Patience::OfDescriptor => !file.is_nonblocking(),
            Patience::Never => false,
            Patience::Always => true,
        };
        match attempt(kernel, id, env) {
            Err(libc::EAGAIN) if may_wait => Attempt::Wait(vec![WaitKey::Object(id)]),
            outcome => Attempt::Done(outcome),
        }
    });
    // What a call answers may be old when its caller sees it: others may go in between. Who forgets
    // what came meanwhile is found here only.
    here.step("return", u64::from(number as u32), |_| ());
    outcome.unwrap_or(Err(libc::EAGAIN))
}

/// Until when calls on a descriptor wait that begin now: for receiving, and for sending.
pub(super) fn deadlines(here: &Here, number: c_int) -> (Option<u64>, Option<u64>) {
    let host = here.host();
    here.look(|world| world.kernel.deadlines(host, number, world.now))
}

fn read_into(here: &Here, number: c_int, mut room: Room<'_>) -> isize {
    take_time_of(here, number);
    let (until, _) = deadlines(here, number);
    answer(perform(here, "read", number, (Patience::OfDescriptor, until), |kernel, id, env| {
        kernel.read(id, &mut room, env)
    }))
}

/// Writes all of the bytes if the descriptor is a blocking one.
fn write_from(here: &Here, number: c_int, bytes: &[u8]) -> isize {
    take_time_of(here, number);
    let mut written = 0;
    let (_, until) = deadlines(here, number);
    let outcome = perform(here, "write", number, (Patience::OfDescriptor, until), |kernel, id, env| {
        let waits = kernel.objects.get(id).is_some_and(|file| !file.is_nonblocking());
        loop {
            match kernel.write(id, &bytes[written..], env) {
                Ok(count) => written += count,
                Err(libc::EAGAIN) if waits => return Err(libc::EAGAIN),
                Err(_) if written > 0 => return Ok(()),
                Err(error) => return Err(error),
            }
            if written == bytes.len() || !waits {
                return Ok(());
            }
        }
    });
    answer(match outcome {
        Err(_) if written > 0 => Ok(written),
        outcome => outcome.map(|()| written),
    })
}

/// # Safety
///
/// There are `len` bytes, or none at all.
pub(super) unsafe fn room<'a>(start: *mut c_void, len: usize) -> &'a mut [MaybeUninit<u8>] {
    if len == 0 {
        return &mut [];
    }
    // SAFETY: as the caller promises, and they may be without a value.
    unsafe { slice::from_raw_parts_mut(start.cast(), len) }
}

/// # Safety
///
/// There are `len` bytes, or none at all.
pub(super) unsafe fn bytes<'a>(start: *const c_void, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { slice::from_raw_parts(start.cast(), len) }
}

/// The slices of a `readv`.
///
/// # Safety
///
/// There are `count` of them, each with the bytes that it names.
pub(super) unsafe fn rooms<'a>(slices: *const libc::iovec, count: usize) -> Vec<&'a mut [MaybeUninit<u8>]> {
    // SAFETY: as the caller promises.
    (0..count)
        .map(|place| unsafe { slices.add(place).read() })
        .map(|slice| unsafe {
            // SAFETY: as the caller promises.
            room(slice.iov_base, slice.iov_len)
        })
        .collect()
}

/// The bytes of a `writev`, one after the other.
///
/// # Safety
///
/// There are `count` slices, each with the bytes that it names.
pub(super) unsafe fn gathered<'a>(slices: *const libc::iovec, count: usize) -> Cow<'a, [u8]> {
    if count == 1 {
        // SAFETY: as the caller promises.
        let slice = unsafe { slices.read() };
        // SAFETY: as the caller promises.
        return Cow::Borrowed(unsafe { bytes(slice.iov_base, slice.iov_len) });
    }
    // SAFETY: as the caller promises.
    let all = (0..count).map(|place| unsafe { slices.add(place).read() });
    // SAFETY: as the caller promises.
    Cow::Owned(all.flat_map(|slice| unsafe { bytes(slice.iov_base, slice.iov_len) }).copied().collect())
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn read(number: c_int, start: *mut c_void, len: usize) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => read_into(&here, number, Room::of(unsafe { room(start, len) })),
        // SAFETY: as the caller promises.
        None => unsafe { real::READ.get()(number, start, len) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn write(number: c_int, start: *const c_void, len: usize) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => write_from(&here, number, unsafe { bytes(start, len) }),
        // SAFETY: as the caller promises.
        None => unsafe { real::WRITE.get()(number, start, len) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readv(number: c_int, slices: *const libc::iovec, count: c_int) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::READV.get()(number, slices, count) };
    };
    match usize::try_from(count) {
        // SAFETY: as the caller promises.
        Ok(slices_count) if count <= SLICES_COUNT_MAX => unsafe {
            read_into(&here, number, Room::new(rooms(slices, slices_count)))
        },
        _ => fail(libc::EINVAL) as isize,
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn writev(number: c_int, slices: *const libc::iovec, count: c_int) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::WRITEV.get()(number, slices, count) };
    };
    match usize::try_from(count) {
        // SAFETY: as the caller promises.
        Ok(slices_count) if count <= SLICES_COUNT_MAX => unsafe {
            write_from(&here, number, &gathered(slices, slices_count))
        },
        _ => fail(libc::EINVAL) as isize,
    }
}
