//! Random bytes, also those that seed the hashes of std's maps.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_int, c_uint, c_void};
use std::slice;

use super::real;
use crate::world::{Here, enter};

/// Fills the bytes from the seed of the world.
///
/// # Safety
///
/// There are `len` bytes to be written.
pub(super) unsafe fn fill(here: &Here, start: *mut c_void, len: usize) -> isize {
    if len > 0 {
        // SAFETY: as the caller promises; the bytes are written before they are read.
        let room = unsafe {
            std::ptr::write_bytes(start.cast::<u8>(), 0, len);
            slice::from_raw_parts_mut(start.cast::<u8>(), len)
        };
        here.look(|world| world.random.fill(room));
    }
    len as isize
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getrandom(start: *mut c_void, len: usize, flags: c_uint) -> isize {
    match enter() {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { fill(&here, start, len) },
        // SAFETY: as the caller promises.
        None => unsafe { real::GETRANDOM.get()(start, len, flags) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getentropy(start: *mut c_void, len: usize) -> c_int {
    match enter() {
        Some(here) => {
            // SAFETY: as the caller promises.
            unsafe { fill(&here, start, len) };
            0
        }
        // SAFETY: as the caller promises.
        None => unsafe { real::GETENTROPY.get()(start, len) },
    }
}
