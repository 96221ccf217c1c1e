//! Opening a file. An open may wait for a peer for arbitrarily long: that of a FIFO for the other
//! end, and that of a file on which another process holds a lease.
//!
//! Such an open must not keep a thread: neither one of the kernel's, of which a ring has eight for
//! disks, nor one of the blocking pool's, for which the end of a runtime waits. So each open is
//! first tried in a way that does not wait:
//!
//! 1. From the kernel's cache of paths (`RESOLVE_CACHED`), by a system call of the worker. The
//!    usual open succeeds with that. A ring would do the same in the worker's thread, for the price
//!    of an entry, a copy of the path and a second poll of the task.
//! 2. Otherwise on a thread of the kernel or of the pool.
//!
//! Both add `O_NONBLOCK`, which is then removed again.
//!
//! If one of them reports a missing peer, `meeting.rs` waits for it.
//!
//! So the open of a serial line does not wait for the carrier, as if `O_NONBLOCK` had been asked
//! for. The kernel gives no sign of this.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod meeting;
#[cfg(not(target_os = "linux"))]
mod other;
mod result;
#[cfg(target_os = "linux")]
mod waiter;
#[cfg(target_os = "linux")]
mod watch;

pub(crate) use result::ReadCached;

use crate::driver::file::Descriptor;
use crate::system::open::OpenHow;

pub(crate) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    #[cfg(target_os = "linux")]
    let opened = linux::open(path, how).await;
    #[cfg(not(target_os = "linux"))]
    let opened = other::open(path, how).await;
    opened
}

/// Reads a whole file, if it is short, and the kernel has its path and its bytes in its caches.
pub(crate) fn poll_read_cached(cx: &mut Context<'_>, path: &Path) -> Poll<ReadCached> {
    #[cfg(target_os = "linux")]
    let outcome = linux::poll_read_cached(cx, path);
    #[cfg(not(target_os = "linux"))]
    let outcome = {
        let (_, _) = (cx, path);
        Poll::Ready(ReadCached::Tried(None))
    };
    outcome
}

/// Opens a file that [`poll_read_cached`] has tried to open.
pub(crate) async fn open_tried(
    tried: Option<io::Result<Descriptor>>,
    path: &Path,
    how: &OpenHow,
) -> io::Result<Descriptor> {
    #[cfg(target_os = "linux")]
    let opened = linux::settle(tried, path, how).await;
    #[cfg(not(target_os = "linux"))]
    let opened = match tried {
        Some(opened) => opened,
        None => other::open(path, how).await,
    };
    opened
}

/// The metadata of a path, if the kernel has all of the path in its cache. None: ask in a way that
/// may wait.
pub(crate) async fn metadata_cached(path: &Path, is_followed: bool) -> Option<io::Result<Metadata>> {
    #[cfg(target_os = "linux")]
    let metadata = linux::metadata_cached(path, is_followed).await;
    #[cfg(not(target_os = "linux"))]
    let metadata = {
        let (_, _) = (path, is_followed);
        None
    };
    metadata
}
