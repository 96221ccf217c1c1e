//! Calls that move bytes between two descriptors.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_int, c_uint};

use super::messages::send_bytes;
use super::{enter_for, fail, is_simulated, real_sockets as real};

/// The most bytes of one call: the caller goes on with the rest.
const BYTES_MAX: usize = 64 * 1024;

/// From a real file to a simulated socket. What cannot be sent now stays unread.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sendfile(to: c_int, from: c_int, offset: *mut i64, count: usize) -> isize {
    let Some(here) = enter_for(to.max(from)) else {
        // SAFETY: as the caller promises.
        return unsafe { real::SENDFILE.get()(to, from, offset, count) };
    };
    if !is_simulated(to) || is_simulated(from) {
        return fail(libc::EINVAL) as isize;
    }
    let mut buffer = vec![0_u8; count.min(BYTES_MAX)];
    // SAFETY: this thread is within the simulation, so that these calls are real; the buffer is
    // there, and the offset if it is not null.
    let (start, read) = unsafe {
        let start = if offset.is_null() { libc::lseek(from, 0, libc::SEEK_CUR) } else { offset.read() };
        (start, libc::pread(from, buffer.as_mut_ptr().cast(), buffer.len(), start))
    };
    // A file without an offset, such as a pipe, and one that cannot be read: the error is set.
    let Ok(read) = usize::try_from(read) else { return -1 };
    let sent = match send_bytes(&here, to, &buffer[..read], 0, None) {
        Ok(sent) => sent,
        Err(error) => return fail(error) as isize,
    };
    let end = start + sent as i64;
    // SAFETY: as above.
    unsafe {
        if offset.is_null() {
            libc::lseek(from, end, libc::SEEK_SET);
        } else {
            offset.write(end);
        }
    }
    sent as isize
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sendfile64(to: c_int, from: c_int, offset: *mut i64, count: usize) -> isize {
    // SAFETY: as the caller promises.
    unsafe { sendfile(to, from, offset, count) }
}

/// With a simulated descriptor `EINVAL`, as for one that cannot be spliced: callers copy then.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn splice(
    from: c_int,
    from_offset: *mut i64,
    to: c_int,
    to_offset: *mut i64,
    len: usize,
    flags: c_uint,
) -> isize {
    if enter_for(from.max(to)).is_some() {
        return fail(libc::EINVAL) as isize;
    }
    // SAFETY: as the caller promises.
    unsafe { real::SPLICE.get()(from, from_offset, to, to_offset, len, flags) }
}
