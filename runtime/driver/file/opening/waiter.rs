//! One open that waits: what the future and the thread that looks for the event share.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::driver::file::Descriptor;
use crate::primitive::sync::Mutex;
use crate::system::open::{Attempt, OpenHow};
use crate::system::path::SystemPath;

/// The event that is waited for.
pub(super) enum Wanted {
    Writer(Arc<Descriptor>),
    Open(Unopened),
}

/// A file that cannot be opened yet. Every try opens the same file, whatever happens to its name.
pub(super) struct Unopened {
    place: OwnedFd,
    path: SystemPath,
    how: OpenHow,
}

impl Unopened {
    /// `error` is that of an attempt. It is returned if no wait can resolve it.
    pub(super) fn find(path: SystemPath, how: OpenHow, error: io::Error) -> io::Result<Unopened> {
        let place = how.locate(&path)?;
        let kind = place.metadata()?.file_type();
        if kind.is_fifo() || (kind.is_file() && error.raw_os_error() == Some(libc::EAGAIN)) {
            return Ok(Unopened { place: place.into(), path, how: how.of_existing() });
        }
        Err(error)
    }

    /// None: not yet.
    fn try_open(&self) -> Option<io::Result<Descriptor>> {
        let link = format!("/proc/self/fd/{}", self.place.as_raw_fd());
        let link = SystemPath::new(Path::new(&link)).expect("no NUL is in it");
        let mut opened = self.how.open(&link, Attempt::NonBlocking);
        if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // Without procfs, the name is used.
            opened = self.how.open(&self.path, Attempt::NonBlocking);
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
    pub(super) fn new(wanted: Wanted) -> Waiter {
        Waiter(Mutex::new(WaiterState::Waiting { wanted, waker: None }))
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<Descriptor>> {
        // Cloned before the lock is taken, because a clone runs user code.
        let fresh = cx.waker().clone();
        let mut state = self.0.lock();
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

    /// The future waits no more. Returns whether it was still waited for.
    pub(super) fn close(&self) -> bool {
        let before = mem::replace(&mut *self.0.lock(), WaiterState::Closed);
        matches!(before, WaiterState::Waiting { .. })
    }
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
