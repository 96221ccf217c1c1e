//! Descriptors as ends of pipes, and back.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use socket2::Socket;

use crate::driver::Registration;
use crate::system::access::{Access, is_pipe};
use crate::system::poll_state::PollState;

/// Which end of a pipe a descriptor is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PipeEnd {
    Reader,
    Writer,
}

/// Registers an end of a pipe, after making it non-blocking. An error if it is something else, or
/// the other end.
#[track_caller]
pub(super) fn checked(fd: OwnedFd, end: PipeEnd) -> io::Result<Registration> {
    let (fd, is_pipe) = is_pipe(fd)?;
    if !is_pipe {
        return Err(no_pipe());
    }
    let access = Access::of(&fd)?;
    let (is_allowed, text) = match end {
        PipeEnd::Reader => (access.reads, "the descriptor is not open for reading"),
        PipeEnd::Writer => (access.writes, "the descriptor is not open for writing"),
    };
    if !is_allowed {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Registration::new(Socket::from(fd))
}

pub(super) fn no_pipe() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not that of a pipe")
}

/// Registers a descriptor that the caller knows to be a non-blocking one.
///
/// The driver waits for descriptors that are typed as sockets. No call is made that only sockets
/// support.
#[track_caller]
pub(super) fn unchecked(fd: OwnedFd) -> Registration {
    Registration::new_nonblocking(Socket::from(fd))
}

/// Ends the registration.
pub(super) fn into_nonblocking(registration: Registration) -> io::Result<OwnedFd> {
    Ok(registration.into_socket()?.into())
}

/// Ends the registration and makes the descriptor block.
pub(super) fn into_blocking(registration: Registration) -> io::Result<OwnedFd> {
    let pipe = registration.into_socket()?;
    pipe.set_nonblocking(false)?;
    Ok(pipe.into())
}

/// Reads a pipe that has a name. It is not at its end before it has had a writer: one may come. A
/// writer may also have come, written and gone between a read of nothing and the look whether one
/// has been there, so a read after the look tells the end.
#[inline]
pub(in crate::io) fn read_named(
    pipe: &Socket,
    mut read: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    match read()? {
        0 if !PollState::now(pipe.as_raw_fd())?.is_read_closed => Err(io::ErrorKind::WouldBlock.into()),
        0 => read(),
        count => Ok(count),
    }
}
