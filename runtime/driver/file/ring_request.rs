//! What a ring has to know of a request.

use super::request::{Region, Request};

impl Request {
    /// Whether it moves bytes and bypasses the page cache.
    pub(in crate::driver) fn is_direct(&self) -> bool {
        self.moves().is_some_and(|(file, _)| file.is_direct())
    }

    /// Its memory, if that may be registered.
    pub(in crate::driver) fn fixed_region(&self) -> Option<Region> {
        match self {
            Request::Read { room: region, .. } | Request::Write { bytes: region, .. } => {
                region.is_fixed.then_some(*region)
            }
            Request::Open { .. }
            | Request::ReadVectored { .. }
            | Request::WriteVectored { .. }
            | Request::Sync { .. }
            | Request::Allocate { .. }
            | Request::Advise { .. }
            | Request::SetLen { .. }
            | Request::Stat { .. }
            | Request::Rename { .. }
            | Request::Remove { .. }
            | Request::MakeDir { .. }
            | Request::Symlink { .. }
            | Request::HardLink { .. }
            | Request::Splice { .. } => None,
        }
    }
}
