//! The readiness of a stream whose descriptor does not block.

#[cfg(not(unix))]
use std::io;
#[cfg(not(unix))]
use std::task::{Context, Poll};

#[cfg(not(unix))]
use crate::driver::file::Descriptor;

#[cfg(unix)]
pub(super) use unix::StreamReadiness;

/// Only Unix has descriptors that do not block.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) enum StreamReadiness {}

#[cfg(not(unix))]
impl StreamReadiness {
    pub(super) fn of(_file: &Descriptor) -> io::Result<Box<StreamReadiness>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn poll_read(
        &self,
        _file: &Descriptor,
        _cx: &mut Context<'_>,
        _buf: &mut [u8],
    ) -> Poll<io::Result<Option<usize>>> {
        match *self {}
    }

    pub(super) fn poll_write(
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
        pub(in crate::fs) fn of(file: &Descriptor) -> io::Result<Box<StreamReadiness>> {
            let fd = file.file().as_fd().try_clone_to_owned()?;
            Ok(Box::new(StreamReadiness(Registration::new_nonblocking(Socket::from(fd)))))
        }

        /// Returns None if the descriptor blocks by now.
        pub(in crate::fs) fn poll_read(
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
        pub(in crate::fs) fn poll_write(
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
