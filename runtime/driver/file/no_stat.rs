//! The metadata that a ring writes, on systems where none can be.

use super::request::Region;

/// Nothing is written to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stat;

impl Stat {
    pub(super) fn room(&mut self) -> Region {
        Region { start: std::ptr::from_mut(self).cast(), len: 0, is_fixed: false }
    }
}
