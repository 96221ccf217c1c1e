//! Waiting for the other end of a FIFO, or for the end of a lease.
//!
//! The kernel reports neither unless a thread sleeps in `open(2)`, and only a signal ends such a
//! sleep. So one thread of the process (`watch.rs`) looks at all waiters, as long as there are any:
//! after a millisecond, then after an eighth of the time that has passed, and at least ten times a
//! second. A reader's end is open in the meantime, as it is in `open(2)`. So writers can open the
//! FIFO at once, and bytes or the end of a stream end the wait at once. Only a writer that writes
//! nothing, or a reader, is seen with the next look.
//!
//! Dropping the future closes the opened end at once. No runtime waits for the thread when it ends.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::waiter::{Unopened, Waiter, Wanted};
use super::watch;
use crate::driver::file::Descriptor;
use crate::driver::file::pool;
use crate::system::open::OpenHow;
use crate::system::path::SystemPath;

/// Why an open has to wait.
pub(super) enum Missing {
    /// A writer of the FIFO whose reading end this is.
    Writer(Descriptor),
    /// A reader of a FIFO, or the end of a lease, or an error that no wait could resolve.
    Other(io::Error),
}

/// Waits for it.
pub(super) async fn of(missing: Missing, path: SystemPath, how: &OpenHow) -> io::Result<Descriptor> {
    let wanted = match missing {
        Missing::Writer(reader) => Wanted::Writer(Arc::new(reader)),
        Missing::Other(error) => {
            let how = how.clone();
            pool(move || Unopened::find(path, how, error)).await.map(Wanted::Open)?
        }
    };
    let waiter = Arc::new(Waiter::new(wanted));
    watch::add(waiter.clone())?;
    Meeting(waiter).await
}

/// The wait. If it is dropped, nothing stays open.
struct Meeting(Arc<Waiter>);

impl Future for Meeting {
    type Output = io::Result<Descriptor>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Descriptor>> {
        self.0.poll(cx)
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        if self.0.close() {
            // The thread may sleep on the reader's end, which stays open until it wakes up.
            watch::wake_thread();
        }
    }
}
