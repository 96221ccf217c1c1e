//! Which calls are a world's.

use std::ffi::c_int;

use crate::kernel::DESCRIPTOR_MIN;
use crate::world::{Here, enter};

/// Enters the world of this thread for a call about a descriptor. `None`: it is a real one, or this
/// thread is in no world.
#[inline]
pub(super) fn enter_for(number: c_int) -> Option<Here> {
    if is_simulated(number) { enter() } else { None }
}

/// Whether a number is one of a simulated descriptor.
pub(super) fn is_simulated(number: c_int) -> bool {
    number >= DESCRIPTOR_MIN
}
