//! The one place that chooses between a ring and the blocking pool.

use super::descriptor::AT_CURSOR;
use super::request::{Request, StatTarget};
use crate::driver::Driver;
use crate::system::path::SystemPath;
use crate::system::remote;

/// Where a request is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// On a ring of the driver, which has the op-code.
    Ring,
    /// On the runtime's blocking pool.
    Pool,
    /// On a pool that belongs to no runtime, so that no runtime waits for it at its end: the call
    /// may wait for a peer for ever.
    Patient,
}

pub(super) fn route(driver: &Driver, request: &Request) -> Route {
    if driver.is_driven_here() && driver.supports(request.code()) && suits_a_ring(request) {
        return Route::Ring;
    }
    match request.moves() {
        Some((file, AT_CURSOR)) if file.may_wait_for_ever() => Route::Patient,
        Some(_) | None => Route::Pool,
    }
}

/// Whether a ring answers as the system call does, and a server cannot delay it (`system/remote/`).
fn suits_a_ring(request: &Request) -> bool {
    match request {
        // A ring would ignore the offset of a stream, which the system call refuses.
        Request::Read { file, offset, .. }
        | Request::Write { file, offset, .. }
        | Request::ReadVectored { file, offset, .. }
        | Request::WriteVectored { file, offset, .. }
        | Request::Splice { file, offset, .. } => {
            !file.is_remote() && (*offset == AT_CURSOR || file.has_offsets())
        }
        Request::Sync { file, .. } | Request::Allocate { file, .. } => !file.is_remote(),
        // Older kernels read 32 bits of the length.
        Request::Advise { file, offset, len, .. } => {
            !file.is_remote() && i64::try_from(*offset).is_ok() && i32::try_from(*len).is_ok()
        }
        Request::SetLen { file, len } => !file.is_remote() && i64::try_from(*len).is_ok(),
        Request::Stat { target: StatTarget::File(file), .. } => !file.is_remote(),
        Request::Stat { target: StatTarget::Path { path, .. }, .. }
        | Request::Open { path, .. }
        | Request::Rename { from: path, .. }
        | Request::Remove { path, .. }
        | Request::MakeDir { path }
        | Request::Symlink { link: path, .. }
        | Request::HardLink { link: path, .. } => is_local(path),
    }
}

fn is_local(path: &SystemPath) -> bool {
    !remote::holds_path(path.as_path())
}
