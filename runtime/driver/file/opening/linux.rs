//! The attempts that do not wait, on a ring or on the blocking pool.

use std::ffi::CString;
use std::io;
use std::path::Path;

use super::meeting::{self, Missing};
use crate::driver::file::{Descriptor, OpKind, RingFor, ring_for_path};
use crate::driver::file::{c_path, pool};
use crate::system::open::{Attempt, OpenHow};

/// The outcome of an attempt.
enum OpenOutcome {
    Opened(Descriptor),
    Missing(Missing),
}

pub(super) async fn open(path: &Path, how: &OpenHow) -> io::Result<Descriptor> {
    if how.is_nonblocking() {
        return attempt(path, how, Attempt::Plain).await;
    }
    let outcome = match open_cached(path, how).await {
        Some(opened) => judged(opened, how)?,
        None => {
            let opened = attempt(path, how, Attempt::NonBlocking).await;
            judged(opened.and_then(|opened| how.make_blocking(opened.file()).map(|()| opened)), how)?
        }
    };
    match outcome {
        OpenOutcome::Opened(opened) => Ok(opened),
        OpenOutcome::Missing(missing) => meeting::of(missing, c_path(path)?, how).await,
    }
}

/// Opens a file whose path needs no access to a disk. None: it does need one, or the kernel has no
/// such attempt.
async fn open_cached(path: &Path, how: &OpenHow) -> Option<io::Result<Descriptor>> {
    let ring = ring_for_path(OpKind::OpenCached, path).filter(|_| how.may_be_cached())?;
    let name = match c_path(path) {
        Ok(name) => name,
        Err(error) => return Some(Err(error)),
    };
    let opened = on_ring(ring, name, how, Attempt::Cached).await;
    // Before Linux 5.12 there is no such attempt. It also accepts no flags that the kernel does not
    // know.
    let is_unknown =
        |error: &io::Error| matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINVAL | libc::ENOSYS));
    if opened.as_ref().is_err_and(is_unknown) { None } else { Some(opened) }
}

async fn attempt(path: &Path, how: &OpenHow, attempt: Attempt) -> io::Result<Descriptor> {
    let name = c_path(path)?;
    match ring_for_path(OpKind::Open, path) {
        Some(ring) => on_ring(ring, name, how, attempt).await,
        None => {
            let how = how.clone();
            pool(move || Ok(Descriptor::opened(how.open(&name, attempt)?, &how))).await
        }
    }
}

async fn on_ring(ring: RingFor, name: CString, how: &OpenHow, attempt: Attempt) -> io::Result<Descriptor> {
    let landed = ring.open(name, how.clone(), attempt).await;
    landed.result?;
    landed.opened.ok_or_else(|| io::Error::other("an open that succeeded opened nothing"))
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
