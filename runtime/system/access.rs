//! How a descriptor was opened, and what it is of.
#![expect(unsafe_code, reason = "the crate that has this call has it in a feature of its own")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;

/// What a descriptor may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

impl Access {
    pub(crate) fn of(fd: &OwnedFd) -> io::Result<Access> {
        // SAFETY: the call takes numbers only, and the descriptor is open.
        let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
        if flags < 0 {
            return Err(io::Error::last_os_error());
        }
        let mode = flags & libc::O_ACCMODE;
        Ok(Access {
            reads: [libc::O_RDONLY, libc::O_RDWR].contains(&mode),
            writes: [libc::O_WRONLY, libc::O_RDWR].contains(&mode),
        })
    }
}

/// Returns the descriptor, and whether it is of a pipe, with a name or without one.
pub(crate) fn is_pipe(fd: OwnedFd) -> io::Result<(OwnedFd, bool)> {
    let file = File::from(fd);
    let is_pipe = file.metadata()?.file_type().is_fifo();
    Ok((file.into(), is_pipe))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::{Access, is_pipe};

    #[test]
    fn the_ends_of_a_pipe_and_a_file_are_told_apart() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        assert_eq!(Access::of(&reader).unwrap(), Access { reads: true, writes: false });
        assert_eq!(Access::of(&writer).unwrap(), Access { reads: false, writes: true });
        let file = OwnedFd::from(tempfile::tempfile().unwrap());
        assert_eq!(Access::of(&file).unwrap(), Access { reads: true, writes: true });
        assert!(is_pipe(reader).unwrap().1);
        assert!(!is_pipe(file).unwrap().1);
    }
}
