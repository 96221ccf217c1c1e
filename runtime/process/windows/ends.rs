//! One end of a pipe to or from a child. The blocking pool makes the calls, because the pipes of
//! std cannot be waited for.

use std::fs::File;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::blocking::{self, NO_RUNTIME, spawn_blocking};
use crate::driver::of_pool;
use crate::task::JoinHandle;

/// The most bytes of one call.
const CALL_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(in crate::process) struct PipeEnd {
    file: Arc<File>,
    /// The read in progress, whoever waits for it.
    reading: Option<JoinHandle<io::Result<Vec<u8>>>>,
    /// Bytes that were read and not yet taken, and how many are taken.
    bytes: (Vec<u8>, usize),
    /// The write in progress. The next one starts when it is over.
    writing: Option<JoinHandle<io::Result<()>>>,
}

impl PipeEnd {
    #[track_caller]
    pub(in crate::process) fn new(handle: impl Into<OwnedHandle>) -> io::Result<PipeEnd> {
        assert!(blocking::host().is_some(), "{NO_RUNTIME}");
        let file = Arc::new(File::from(handle.into()));
        Ok(PipeEnd { file, reading: None, bytes: (Vec::new(), 0), writing: None })
    }

    pub(in crate::process) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_fill(cx))?;
        let (bytes, taken) = &mut self.bytes;
        let count = buf.len().min(bytes.len() - *taken);
        buf[..count].copy_from_slice(&bytes[*taken..*taken + count]);
        *taken += count;
        Poll::Ready(Ok(count))
    }

    /// Appends some bytes.
    pub(in crate::process) fn poll_append(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_fill(cx))?;
        let (bytes, taken) = std::mem::take(&mut self.bytes);
        buf.extend_from_slice(&bytes[taken..]);
        Poll::Ready(Ok(bytes.len() - taken))
    }

    /// Ready if there are bytes, or at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.bytes.1 < self.bytes.0.len() {
            return Poll::Ready(Ok(()));
        }
        let file = &self.file;
        let reading = self.reading.get_or_insert_with(|| {
            let file = file.clone();
            spawn_blocking(move || {
                let mut bytes = vec![0; CALL_BYTES_MAX];
                let count = (&*file).read(&mut bytes)?;
                bytes.truncate(count);
                Ok(bytes)
            })
        });
        let joined = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        self.bytes = (joined.unwrap_or_else(|error| Err(of_pool(error)))?, 0);
        Poll::Ready(Ok(()))
    }

    /// Takes bytes over when the earlier write is over, and reports its error.
    pub(in crate::process) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let part = buf[..buf.len().min(CALL_BYTES_MAX)].to_vec();
        if part.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_flush(cx))?;
        let (file, count) = (self.file.clone(), part.len());
        self.writing = Some(spawn_blocking(move || (&*file).write_all(&part)));
        Poll::Ready(Ok(count))
    }

    pub(in crate::process) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs.iter().find(|buf| !buf.is_empty()) {
            Some(buf) => self.poll_write(cx, buf),
            None => Poll::Ready(Ok(0)),
        }
    }

    /// Waits for the write in progress.
    pub(in crate::process) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let joined = ready!(Pin::new(writing).poll(cx));
        self.writing = None;
        Poll::Ready(joined.unwrap_or_else(|error| Err(of_pool(error))))
    }

    /// The handle; a duplicate if a call is in progress.
    pub(in crate::process) fn into_blocking(self) -> io::Result<OwnedHandle> {
        match Arc::try_unwrap(self.file) {
            Ok(file) => Ok(file.into()),
            Err(file) => file.try_clone().map(OwnedHandle::from),
        }
    }
}

impl AsHandle for PipeEnd {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.file.as_handle()
    }
}

impl AsRawHandle for PipeEnd {
    fn as_raw_handle(&self) -> RawHandle {
        self.file.as_raw_handle()
    }
}
