//! Streams whose descriptor does not block. A call that would block waits until the stream is
//! ready, in the same way on every back end.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::cursor::{CursorTurns, Turn};
use crate::driver::file::Descriptor;

#[cfg(unix)]
pub(super) use unix::StreamReadiness;

/// Only Unix has descriptors that do not block.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) enum StreamReadiness {}

impl CursorTurns {
    /// Reads some bytes, or waits until there are some.
    pub(super) fn poll_read(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(readiness) = &turn.readiness {
                let read = ready!(readiness.poll_read(file, cx, buf));
                turn.readiness = None;
                if let Some(result) = read.transpose() {
                    return Poll::Ready(result);
                }
            }
            let result = ready!(self.poll_read_once(file, turn, cx, buf));
            if !would_block(&result) {
                return Poll::Ready(result);
            }
            turn.readiness = Some(StreamReadiness::of(file)?);
        }
    }

    /// Writes some bytes, or waits until there is room.
    pub(super) fn poll_write(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(readiness) = &turn.readiness {
                let written = ready!(readiness.poll_write(file, cx, buf));
                turn.readiness = None;
                if let Some(result) = written.transpose() {
                    return Poll::Ready(result);
                }
            }
            let result = ready!(self.poll_write_once(file, turn, cx, buf));
            if !would_block(&result) {
                return Poll::Ready(result);
            }
            turn.readiness = Some(StreamReadiness::of(file)?);
        }
    }
}

fn would_block(result: &io::Result<usize>) -> bool {
    cfg!(unix) && result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(not(unix))]
impl StreamReadiness {
    fn of(_file: &Descriptor) -> io::Result<Box<StreamReadiness>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_read(
        &self,
        _file: &Descriptor,
        _cx: &mut Context<'_>,
        _buf: &mut [u8],
    ) -> Poll<io::Result<Option<usize>>> {
        match *self {}
    }

    fn poll_write(
        &self,
        _file: &Descriptor,
        _cx: &mut Context<'_>,
        _buf: &[u8],
    ) -> Poll<io::Result<Option<usize>>> {
        match *self {}
    }
}

#[cfg(unix)]
mod unix {
    use std::fmt;
    use std::io::{self, Read, Write};
    use std::os::fd::AsFd;
    use std::task::{Context, Poll};

    use socket2::Socket;

    use crate::driver::file::Descriptor;
    use crate::driver::{Direction, Registration};

    /// A second descriptor of the stream, registered with the driver.
    pub(in crate::fs) struct StreamReadiness(Registration);

    impl StreamReadiness {
        /// The driver watches descriptors that are typed as sockets. No call is made that only
        /// sockets support.
        pub(super) fn of(file: &Descriptor) -> io::Result<Box<StreamReadiness>> {
            let fd = file.file().as_fd().try_clone_to_owned()?;
            Ok(Box::new(StreamReadiness(Registration::new_nonblocking(Socket::from(fd)))))
        }

        /// Returns None if the descriptor blocks by now.
        pub(super) fn poll_read(
            &self,
            file: &Descriptor,
            cx: &mut Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<Option<usize>>> {
            self.0.poll_io(Direction::Read, cx, |_| {
                if file.blocks() { Ok(None) } else { { file.file() }.read(buf).map(Some) }
            })
        }

        /// The same for a write.
        pub(super) fn poll_write(
            &self,
            file: &Descriptor,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<Option<usize>>> {
            self.0.poll_io(Direction::Write, cx, |_| {
                if file.blocks() { Ok(None) } else { { file.file() }.write(buf).map(Some) }
            })
        }
    }

    impl fmt::Debug for StreamReadiness {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("StreamReadiness").finish_non_exhaustive()
        }
    }
}
