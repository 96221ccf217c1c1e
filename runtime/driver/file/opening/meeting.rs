//! Waiting for the other end of a FIFO, or for a lease to end.
//!
//! The kernel tells of none of these unless a thread sleeps in `open(2)`, and such a thread is called back by nothing but a
//! signal. So one thread of the process (`watch.rs`), as long as anybody waits, looks at all of them: after a millisecond,
//! then after an eighth of the time that has passed, and ten times a second at least. A reader's end is open meanwhile, as it
//! is in `open(2)`: writers meet it at once, and bytes or the end of a stream end the wait at once. Only a writer that is
//! silent, or a reader that is waited for, is seen with the next look.
//!
//! Giving up closes what was opened, at once. No runtime waits for the thread at its end.

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
use crate::driver::file::pool;
use crate::driver::file::{Attempt, Descriptor, OpenHow};
use crate::primitive::sync::Mutex;

/// Why an open has to wait.
pub(super) enum Missing {
    /// Of the FIFO whose reading end this is.
    Writer(Descriptor),
    /// A reader of a FIFO, or the end of a lease, or nothing that a wait could mend.
    Other(io::Error),
}

/// Waits for it.
pub(super) async fn of(missing: Missing, name: CString, how: &OpenHow) -> io::Result<Descriptor> {
    let wanted = match missing {
        Missing::Writer(reader) => Wanted::Writer(Arc::new(reader)),
        Missing::Other(error) => {
            let how = how.clone();
            pool(move || Door::find(name, how, error)).await.map(Wanted::Open)?
        }
    };
    let waiter = Arc::new(Waiter(Mutex::new(Stage::Waiting { wanted, waker: None })));
    watch::add(waiter.clone())?;
    Meeting(waiter).await
}

/// What is looked for.
enum Wanted {
    Writer(Arc<Descriptor>),
    Open(Door),
}

/// A file that cannot be opened yet. It is the same file at every try, whatever becomes of its name.
struct Door {
    place: OwnedFd,
    name: CString,
    how: OpenHow,
}

impl Door {
    /// `error`: what an attempt said. Where no wait can mend that it is the answer.
    fn find(name: CString, how: OpenHow, error: io::Error) -> io::Result<Door> {
        let place = how.locate(&name)?;
        let kind = place.metadata()?.file_type();
        if kind.is_fifo() || (kind.is_file() && error.raw_os_error() == Some(libc::EAGAIN)) {
            return Ok(Door { place: place.into(), name, how: how.of_existing() });
        }
        Err(error)
    }

    /// None: not yet.
    fn try_open(&self) -> Option<io::Result<Descriptor>> {
        let link =
            CString::new(format!("/proc/self/fd/{}", self.place.as_raw_fd())).expect("no NUL is in it");
        let mut opened = self.how.open(&link, Attempt::NonBlocking);
        if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // Without procfs the name must do.
            opened = self.how.open(&self.name, Attempt::NonBlocking);
        }
        match opened {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EAGAIN)) => None,
            opened => Some(opened.and_then(|opened| self.how.make_blocking(&opened).map(|()| opened))),
        }
    }
}

/// What the future and the thread share.
pub(super) struct Waiter(Mutex<Stage>);

enum Stage {
    Waiting {
        wanted: Wanted,
        waker: Option<Waker>,
    },
    Over(io::Result<Descriptor>),
    /// The result was fetched, or nobody wants it.
    Closed,
}

impl Waiter {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(*self.0.lock(), Stage::Waiting { .. })
    }

    /// The reading end whose writer is waited for, to sleep on. It must be given back before the next look.
    pub(super) fn reader(&self) -> Option<Arc<Descriptor>> {
        match &*self.0.lock() {
            Stage::Waiting { wanted: Wanted::Writer(reader), .. } => Some(reader.clone()),
            _ => None,
        }
    }

    /// One look; `has_come` tells of the other end of a reader. What it finds is for the future.
    pub(super) fn look(&self, has_come: impl FnOnce(&Descriptor) -> bool, wakers: &mut Vec<Waker>) {
        let mut stage = self.0.lock();
        let Stage::Waiting { wanted, waker } = &mut *stage else { return };
        let door = match wanted {
            Wanted::Writer(reader) if has_come(reader) => None,
            Wanted::Writer(_) => return,
            Wanted::Open(door) => match door.try_open() {
                None => return,
                opened => opened,
            },
        };
        wakers.extend(waker.take());
        let before = mem::replace(&mut *stage, Stage::Closed);
        *stage = Stage::Over(match (door, before) {
            (Some(opened), _) => opened,
            (None, Stage::Waiting { wanted: Wanted::Writer(reader), .. }) => {
                Ok(Arc::into_inner(reader).expect("the thread has given its shares back"))
            }
            (None, _) => unreachable!("a door has said what came of it"),
        });
    }
}

/// The wait. Dropped, it leaves nothing open.
struct Meeting(Arc<Waiter>);

impl Future for Meeting {
    type Output = io::Result<Descriptor>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Descriptor>> {
        // Cloned before the lock is taken: a clone is user code.
        let fresh = cx.waker().clone();
        let mut stage = self.0.0.lock();
        if let Stage::Waiting { waker, .. } = &mut *stage {
            let old = waker.replace(fresh);
            drop(stage);
            // A waker's drop is user code: it runs with the lock released.
            drop(old);
            return Poll::Pending;
        }
        match mem::replace(&mut *stage, Stage::Closed) {
            Stage::Over(opened) => Poll::Ready(opened),
            Stage::Waiting { .. } | Stage::Closed => panic!("a wait that is over was polled again"),
        }
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        let before = mem::replace(&mut *self.0.0.lock(), Stage::Closed);
        if matches!(before, Stage::Waiting { .. }) {
            drop(before);
            // The thread may sleep on the reader's end, which is open as long.
            watch::tell();
        }
    }
}
