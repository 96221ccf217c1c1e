//! Calls of files that programs make by number, which are those of functions.
#![expect(unsafe_code, reason = "passes the arguments of a call on")]

use std::ffi::{c_char, c_int, c_long, c_uint};

use super::{file_data, file_names, files, resolved, status};
use crate::world::is_inside;

/// Makes a call that programs make by number as the function of its name. `None`: it is none of
/// these, or this thread is in no world.
///
/// # Safety
///
/// The arguments are those of the call.
pub(super) unsafe fn make(number: c_long, [a, b, c, d, e]: [usize; 5]) -> Option<c_long> {
    let names_a_file = matches!(
        number,
        libc::SYS_openat
            | libc::SYS_openat2
            | libc::SYS_statx
            | libc::SYS_copy_file_range
            | libc::SYS_renameat2
    );
    if !names_a_file || !is_inside() {
        return None;
    }
    // SAFETY: as the caller promises.
    Some(unsafe {
        match number {
            libc::SYS_openat => {
                files::openat64(a as c_int, b as *const c_char, c as c_int, d as libc::mode_t).into()
            }
            libc::SYS_openat2 => resolved::openat2([a, b, c, d]),
            libc::SYS_statx => {
                let place = e as *mut libc::statx;
                status::statx(a as c_int, b as *const c_char, c as c_int, d as c_uint, place).into()
            }
            libc::SYS_copy_file_range => {
                let (from_at, to_at) = (b as *mut i64, d as *mut i64);
                file_data::copy_file_range(a as c_int, from_at, c as c_int, to_at, e, 0) as c_long
            }
            _ => {
                let (from, to) = (b as *const c_char, d as *const c_char);
                file_names::renameat2(a as c_int, from, c as c_int, to, e as c_uint).into()
            }
        }
    })
}
