//! What the kernel reports of a descriptor: the flags of `poll(2)`, which epoll shares.
#![expect(unsafe_code, reason = "asks about descriptors by number, which may be anybody's")]

use std::io;
use std::os::fd::RawFd;

cfg_if! {
    if #[linux_kernel] {
        mod half_closed;
        use half_closed as flags;
    } else {
        mod closed;
        use closed as flags;
    }
}

pub(crate) use flags::{ALL, READ_CLOSED};

/// The flags of a descriptor, each with its meaning for a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PollState {
    pub(crate) is_readable: bool,
    pub(crate) is_writable: bool,
    pub(crate) is_read_closed: bool,
    pub(crate) is_write_closed: bool,
    pub(crate) is_priority: bool,
    pub(crate) is_error: bool,
}

impl PollState {
    /// Bits of `poll(2)` or of epoll.
    pub(crate) fn of(bits: libc::c_short) -> PollState {
        let has = |flag: libc::c_short| bits & flag != 0;
        let (has_bytes, has_room) = (has(libc::POLLIN), has(libc::POLLOUT));
        let (has_failed, has_hung_up) = (has(libc::POLLERR), has(libc::POLLHUP));
        PollState {
            is_readable: has_bytes || has(libc::POLLPRI),
            is_writable: has_room,
            is_read_closed: has_hung_up || (has_bytes && has(READ_CLOSED)),
            // The writing end of a pipe without a reader has nothing but an error.
            is_write_closed: has_hung_up || (has_room && has_failed) || bits == libc::POLLERR,
            is_priority: has(libc::POLLPRI),
            is_error: has_failed,
        }
    }

    /// Asks the kernel, without waiting.
    pub(crate) fn now(fd: RawFd) -> io::Result<PollState> {
        let mut asked = libc::pollfd { fd, events: ALL, revents: 0 };
        loop {
            // SAFETY: the pointer is to one entry, which lives through the call.
            let result = unsafe { libc::poll(&raw mut asked, 1, 0) };
            if result >= 0 {
                return Ok(PollState::of(asked.revents));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsRawFd;

    use super::PollState;

    #[test]
    fn the_state_of_a_pipe_is_seen_at_both_ends() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let mut writer = File::from(writer);
        let now = |end: &dyn AsRawFd| PollState::now(end.as_raw_fd()).unwrap();
        assert_eq!(now(&reader), PollState::default());
        writer.write_all(b"x").unwrap();
        assert!(now(&reader).is_readable && !now(&reader).is_read_closed);
        assert!(now(&writer).is_writable && !now(&writer).is_write_closed);
        drop(reader);
        assert!(now(&writer).is_write_closed);
    }
}
