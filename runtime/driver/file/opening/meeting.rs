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

use std::ffi::CString;
use std::future::Future;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::watch;
use crate::driver::file::Descriptor;
use crate::driver::file::pool;
use crate::primitive::sync::Mutex;
use crate::system::open::{Attempt, OpenHow};

/// Why an open has to wait.
pub(super) enum Missing {
    /// A writer of the FIFO whose reading end this is.
    Writer(Descriptor),
    /// A reader of a FIFO, or the end of a lease, or an error that no wait could resolve.
    Other(io::Error),
}

/// Waits for it.
pub(super) async fn of(missing: Missing, name: CString, how: &OpenHow) -> io::Result<Descriptor> {
    let wanted = match missing {
        Missing::Writer(reader) => Wanted::Writer(Arc::new(reader)),
        Missing::Other(error) => {
            let how = how.clone();
            pool(move || Unopened::find(name, how, error)).await.map(Wanted::Open)?
        }
    };
    let waiter = Arc::new(Waiter(Mutex::new(WaiterState::Waiting { wanted, waker: None })));
    watch::add(waiter.clone())?;
    Meeting(waiter).await
}

/// The event that is waited for.
enum Wanted {
    Writer(Arc<Descriptor>),
    Open(Unopened),
}

/// A file that cannot be opened yet. Every try opens the same file, whatever happens to its name.
struct Unopened {
    place: OwnedFd,
    name: CString,
    how: OpenHow,
}

impl Unopened {
    /// `error` is that of an attempt. It is returned if no wait can resolve it.
    fn find(name: CString, how: OpenHow, error: io::Error) -> io::Result<Unopened> {
        let place = how.locate(&name)?;
        let kind = place.metadata()?.file_type();
        if kind.is_fifo() || (kind.is_file() && error.raw_os_error() == Some(libc::EAGAIN)) {
            return Ok(Unopened { place: place.into(), name, how: how.of_existing() });
        }
        Err(error)
    }

    /// None: not yet.
    fn try_open(&self) -> Option<io::Result<Descriptor>> {
        let link =
            CString::new(format!("/proc/self/fd/{}", self.place.as_raw_fd())).expect("no NUL is in it");
        let mut opened = self.how.open(&link, Attempt::NonBlocking);
        if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // Without procfs, the name is used.
            opened = self.how.open(&self.name, Attempt::NonBlocking);
        }
        match opened {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EAGAIN)) => None,
            opened => Some(opened.and_then(|opened| {
                let opened = Descriptor::opened(opened, &self.how);
                self.how.make_blocking(opened.file()).map(|()| opened)
            })),
        }
    }
}

/// The state that the future and the thread share.
pub(super) struct Waiter(Mutex<WaiterState>);

enum WaiterState {
    Waiting {
        wanted: Wanted,
        waker: Option<Waker>,
    },
    Over(io::Result<Descriptor>),
    /// The result was fetched, or no future wants it.
    Closed,
}

impl Waiter {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(*self.0.lock(), WaiterState::Waiting { .. })
    }

    /// The reading end whose writer is waited for, to sleep on. It must be given back before the
    /// next look.
    pub(super) fn reader(&self) -> Option<Arc<Descriptor>> {
        match &*self.0.lock() {
            WaiterState::Waiting { wanted: Wanted::Writer(reader), .. } => Some(reader.clone()),
            _ => None,
        }
    }

    /// Looks once. `has_come` reports whether the other end of a reader is there. The result is
    /// stored for the future.
    pub(super) fn look(&self, has_come: impl FnOnce(&Descriptor) -> bool, wakers: &mut Vec<Waker>) {
        let mut state = self.0.lock();
        let WaiterState::Waiting { wanted, waker } = &mut *state else { return };
        let unopened = match wanted {
            Wanted::Writer(reader) if has_come(reader) => None,
            Wanted::Writer(_) => return,
            Wanted::Open(unopened) => match unopened.try_open() {
                None => return,
                opened => opened,
            },
        };
        wakers.extend(waker.take());
        let before = mem::replace(&mut *state, WaiterState::Closed);
        *state = WaiterState::Over(match (unopened, before) {
            (Some(opened), _) => opened,
            (None, WaiterState::Waiting { wanted: Wanted::Writer(reader), .. }) => {
                Ok(Arc::into_inner(reader).expect("the thread has dropped its references"))
            }
            (None, _) => unreachable!("only a writer is found without an open"),
        });
    }
}

/// The wait. If it is dropped, nothing stays open.
struct Meeting(Arc<Waiter>);

impl Future for Meeting {
    type Output = io::Result<Descriptor>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Descriptor>> {
        // Cloned before the lock is taken, because a clone runs user code.
        let fresh = cx.waker().clone();
        let mut state = self.0.0.lock();
        if let WaiterState::Waiting { waker, .. } = &mut *state {
            let old = waker.replace(fresh);
            drop(state);
            // Dropping a waker runs user code, so the lock is released first.
            drop(old);
            return Poll::Pending;
        }
        match mem::replace(&mut *state, WaiterState::Closed) {
            WaiterState::Over(opened) => Poll::Ready(opened),
            WaiterState::Waiting { .. } | WaiterState::Closed => {
                panic!("a wait that is over was polled again")
            }
        }
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        let before = mem::replace(&mut *self.0.0.lock(), WaiterState::Closed);
        if matches!(before, WaiterState::Waiting { .. }) {
            drop(before);
            // The thread may sleep on the reader's end, which stays open until it wakes up.
            watch::wake_thread();
        }
    }
}
