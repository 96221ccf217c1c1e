//! Opening, which may wait as long as a peer likes: a FIFO's for the other end, and that of a file whose lease somebody holds.
//!
//! Such an open takes nobody's thread, neither one of the kernel's, of which a ring has eight for disks, nor one of the
//! blocking pool's, for which the end of a runtime waits. So each open is tried in a way that does not wait:
//! 1. On a ring, what the kernel has of the path in its cache (`RESOLVE_CACHED`): the usual open is over with that, without
//!    another system call.
//! 2. Else with `O_NONBLOCK`, on a thread of the kernel's or of the pool's; the flag is taken away again.
//! 3. If that tells of a peer that is missing, `meeting.rs` waits for it.
//!
//! A serial line's open does not wait for its carrier on a ring, as if `O_NONBLOCK` had been asked for; nothing tells.

use std::io;
use std::path::Path;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod meeting;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod watch;

use crate::driver::file::{Descriptor, OpenHow};

pub(crate) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    #[cfg(target_os = "linux")]
    let opened = linux::open(path, how).await;
    #[cfg(not(target_os = "linux"))]
    let opened = other::open(path, how).await;
    opened
}
