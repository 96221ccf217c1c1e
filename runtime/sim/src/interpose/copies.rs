//! Calls that move bytes between two descriptors.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_int, c_uint};
use std::io;

use super::files::on_disk;
use super::messages::send_bytes;
use super::{enter_for, fail, is_simulated, real_sockets as real};
use crate::world::Here;

/// The most bytes of one call: the caller goes on with the rest.
const BYTES_MAX: usize = 64 * 1024;

/// From a file, a real or a simulated one, to a simulated socket. What cannot be sent now stays
/// unread.
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
    if !is_simulated(to) {
        return fail(libc::EINVAL) as isize;
    }
    // SAFETY: as the caller promises.
    let at = unsafe { offset.as_ref() }.copied();
    let outcome = bytes_of(&here, from, at, count.min(BYTES_MAX)).and_then(|(start, bytes)| {
        let sent = send_bytes(&here, to, &bytes, 0, None)?;
        Ok((start, sent))
    });
    let (start, sent) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return fail(error) as isize,
    };
    let end = start + sent as i64;
    // SAFETY: as the caller promises.
    match unsafe { offset.as_mut() } {
        Some(offset) => *offset = end,
        None if is_simulated(from) => {
            let host = here.host();
            here.look(|world| world.kernel.move_to(host, from, end as u64));
        }
        None => {
            // SAFETY: this thread is within the simulation, so that the call is real. It takes
            // numbers.
            unsafe { libc::lseek(from, end, libc::SEEK_SET) };
        }
    }
    sent as isize
}

/// What a file has from a position, or from its own.
fn bytes_of(here: &Here, from: c_int, at: Option<i64>, len: usize) -> Result<(i64, Vec<u8>), c_int> {
    if is_simulated(from) {
        let (host, at) = (here.host(), at.map(u64::try_from).transpose().map_err(|_| libc::EINVAL)?);
        let bytes =
            on_disk(here, "sendfile", from, |kernel, env| kernel.bytes_to_send(host, from, (at, len), env));
        return bytes.map(|(start, bytes)| (start as i64, bytes));
    }
    let mut buffer = vec![0_u8; len];
    // SAFETY: this thread is within the simulation, so that these calls are real. The buffer is
    // there.
    let (start, read) = unsafe {
        let start = at.unwrap_or_else(|| libc::lseek(from, 0, libc::SEEK_CUR));
        (start, libc::pread(from, buffer.as_mut_ptr().cast(), len, start))
    };
    // A file without an offset, such as a pipe, and one that cannot be read.
    let read = usize::try_from(read);
    let read = read.map_err(|_| io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))?;
    buffer.truncate(read);
    Ok((start, buffer))
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
