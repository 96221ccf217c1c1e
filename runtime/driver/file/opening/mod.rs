//! Opening a file. An open may wait for a peer for arbitrarily long: that of a FIFO for the other
//! end, and that of a file on which another process holds a lease.
//!
//! Such an open must not keep a thread: neither one of the kernel's, of which a ring has eight for
//! disks, nor one of the blocking pool's, for which the end of a runtime waits. So each open is
//! first tried in a way that does not wait:
//!
//! 1. On a ring, from the kernel's cache of paths (`RESOLVE_CACHED`). The usual open succeeds with
//!    that, without another system call.
//! 2. Otherwise with `O_NONBLOCK`, on a thread of the kernel or of the pool. The flag is then
//!    removed again.
//! 3. If that reports a missing peer, `meeting.rs` waits for it.
//!
//! On a ring, the open of a serial line does not wait for the carrier, as if `O_NONBLOCK` had been
//! asked for. The kernel gives no sign of this.

use std::io;
use std::path::Path;

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

use crate::driver::file::Descriptor;
use crate::system::open::OpenHow;

pub(crate) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    #[cfg(target_os = "linux")]
    let opened = linux::open(path, how).await;
    #[cfg(not(target_os = "linux"))]
    let opened = other::open(path, how).await;
    opened
}
