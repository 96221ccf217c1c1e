//! The attempts that do not wait: by a system call, on a ring or on the blocking pool.

use std::fs::Metadata;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::task::{Context, Poll, ready};

use super::meeting::{self, Missing};
use super::result::{ReadCached, opened};
use crate::driver::file::start::start;
use crate::driver::file::{Descriptor, Request};
use crate::system::open::{Attempt, OpenHow, check_path, locate_cached};
use crate::system::path::SystemPath;
use crate::system::remote;
use crate::task::coop;

/// The outcome of an attempt.
enum OpenOutcome {
    Opened(Descriptor),
    Missing(Missing),
}

pub(super) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    if how.is_nonblocking() {
        return attempt(path, how, Attempt::Plain).await;
    }
    let tried = open_cached(path, how).await;
    settle(tried, path, how).await
}

/// Ends an open whose attempt from the cache had this outcome.
pub(super) async fn settle(
    tried: Option<io::Result<Descriptor>>,
    path: &Path,
    how: &OpenHow,
) -> io::Result<Descriptor> {
    let opened = match tried {
        Some(opened) => opened,
        None => attempt(path, how, Attempt::NonBlocking).await,
    };
    let opened = opened.and_then(|opened| how.make_blocking(opened.file()).map(|()| opened));
    match judged(opened, how)? {
        OpenOutcome::Opened(opened) => Ok(opened),
        OpenOutcome::Missing(missing) => meeting::of(missing, SystemPath::new(path)?, how).await,
    }
}

/// Opens a file whose path needs no access to a disk. None: it does need one, or may need a server,
/// or the kernel has no such attempt.
async fn open_cached(path: &Path, how: &OpenHow) -> Option<io::Result<Descriptor>> {
    if !how.may_be_cached() {
        return None;
    }
    cached(path, |path| how.open_cached(path).map(|file| Descriptor::opened(file, how))).await
}

/// Reads a short file, if the kernel has its path and its bytes in its caches: four system calls,
/// in one poll.
pub(super) fn poll_read_cached(cx: &mut Context<'_>, path: &Path) -> Poll<ReadCached> {
    let read = |path: &Path| {
        let how = OpenHow::reading();
        let opened = Descriptor::opened(how.open_cached(path)?, &how);
        Ok(match opened.read_whole_now() {
            Some(bytes) => ReadCached::Whole(bytes),
            // Kept open: a writer of a FIFO may have been let in.
            None => ReadCached::Tried(Some(Ok(opened))),
        })
    };
    poll_cached(cx, path, read).map(|outcome| match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => ReadCached::Tried(Some(Err(error))),
        None => ReadCached::Tried(None),
    })
}

/// The metadata of a path that needs no access to a disk. None: as for `open_cached`.
pub(super) async fn metadata_cached(path: &Path, is_followed: bool) -> Option<io::Result<Metadata>> {
    let metadata = |path: &Path| {
        let location = locate_cached(path, is_followed).map_err(|error| match error.raw_os_error() {
            // The ways that may wait need no descriptor.
            Some(libc::EMFILE | libc::ENFILE) => io::Error::from_raw_os_error(libc::EAGAIN),
            _ => error,
        })?;
        // A link may lead to a server.
        if remote::holds(&location) {
            Err(io::Error::from_raw_os_error(libc::EAGAIN))
        } else {
            location.metadata()
        }
    };
    cached(path, metadata).await
}

async fn cached<R>(path: &Path, call: impl Fn(&Path) -> io::Result<R>) -> Option<io::Result<R>> {
    poll_fn(|cx| poll_cached(cx, path, &call)).await
}

/// A call that the kernel answers from its cache of paths. It is charged to the budget, so that
/// calls one after the other do not block the worker.
fn poll_cached<R>(
    cx: &mut Context<'_>,
    path: &Path,
    call: impl Fn(&Path) -> io::Result<R>,
) -> Poll<Option<io::Result<R>>> {
    if remote::holds_path(path) {
        return Poll::Ready(None);
    }
    let charge = ready!(coop::poll_proceed(cx));
    let result = check_path(path).and_then(|()| call(path));
    if result.as_ref().is_err_and(is_no_answer) {
        return Poll::Ready(None);
    }
    charge.made_progress();
    Poll::Ready(Some(result))
}

/// Before Linux 5.12 there is no such attempt. It also accepts no flags that the kernel does not
/// know. A sandbox that does not know the call reports `EPERM`.
fn is_no_answer(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINVAL | libc::ENOSYS | libc::EPERM))
}

async fn attempt(path: &Path, how: &OpenHow, attempt: Attempt) -> io::Result<Descriptor> {
    opened(start(Request::Open { path: SystemPath::new(path)?, how: how.clone(), attempt }).await)
}

/// An open that does not wait opens the reading end of a FIFO whether or not there is a writer.
fn judged(opened: io::Result<Descriptor>, how: &OpenHow) -> io::Result<OpenOutcome> {
    match opened {
        Ok(opened) if how.is_reader() && is_fifo(&opened) => {
            Ok(OpenOutcome::Missing(Missing::Writer(opened)))
        }
        Ok(opened) => Ok(OpenOutcome::Opened(opened)),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENXIO | libc::EAGAIN) => Ok(OpenOutcome::Missing(Missing::Other(error))),
            _ => Err(error),
        },
    }
}

/// A file that can seek is no FIFO. That is the cheapest check.
fn is_fifo(opened: &Descriptor) -> bool {
    use std::io::Seek;
    use std::os::unix::fs::FileTypeExt;
    let mut file = opened.file();
    file.stream_position().is_err() && file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}
