#![expect(unsafe_code, reason = "std has no names for the signals of a thread")]
//! The calls as Linux has them.

use std::fs::File;
use std::io::{self, Read as _};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use rustix::fs::sendfile;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use socket2::Socket;

/// The room of a pipe if nobody asks for more: 16 pages.
const DEFAULT_BYTES: u64 = 64 * 1024;
/// Fewer visits of the disk, and still enough pipes for each user: by default the kernel grants one
/// user 64 MiB of them.
const LARGE_BYTES: usize = 256 * 1024;

/// A pipe between a file and a socket. Both ends live as long as either is used: a pipe that has
/// lost its reader would raise SIGPIPE.
#[derive(Debug)]
pub(crate) struct Pipe {
    reader: File,
    writer: File,
}

impl Pipe {
    /// For so many bytes, some of which fit into it at a time. None: the system has no such pipes,
    /// or no descriptors for one.
    pub(crate) fn of_bytes(bytes_count: u64) -> Option<Arc<Pipe>> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        if bytes_count > DEFAULT_BYTES {
            // A refusal means that the user has many pipes: the small one does as well.
            let _ = fcntl_setpipe_size(&writer, LARGE_BYTES);
        }
        Some(Arc::new(Pipe { reader: reader.into(), writer: writer.into() }))
    }

    pub(crate) fn writer(&self) -> &File {
        &self.writer
    }

    /// Moves bytes of a file into the pipe, which is empty. Blocks until the disk has them. Returns
    /// 0 at the end of the file.
    pub(crate) fn fill(&self, file: &File, mut offset: u64, len: usize) -> io::Result<usize> {
        Ok(splice(file, Some(&mut offset), &self.writer, None, len, SpliceFlags::NONBLOCK)?)
    }

    /// Moves up to `len` bytes of a socket or another pipe into this one, which is empty. Blocks no
    /// more than the descriptor. Returns 0 at its end.
    pub(crate) fn fill_from(&self, descriptor: &Socket, len: usize) -> io::Result<usize> {
        Ok(splice(descriptor, None, &self.writer, None, len, SpliceFlags::NONBLOCK)?)
    }

    /// Takes out bytes that the pipe has.
    pub(crate) fn read_exact(&self, buf: &mut [u8]) -> io::Result<()> {
        (&self.reader).read_exact(buf)
    }

    /// Moves up to `len` bytes, which the pipe has, into a socket. Blocks no more than the socket.
    pub(crate) fn empty_into(&self, socket: &Socket, len: usize) -> io::Result<usize> {
        without_sigpipe(|| splice(&self.reader, None, socket, None, len, SpliceFlags::NONBLOCK))
            .map_err(io::Error::from)
    }
}

/// Sends up to `len` bytes of a file. Waits for the disk if they are not in the page cache, and no
/// more than the socket for its room. Returns 0 at the end of the file.
pub(crate) fn send_file(file: &File, mut offset: u64, len: usize, socket: &Socket) -> io::Result<usize> {
    without_sigpipe(|| sendfile(socket, file, Some(&mut offset), len)).map_err(io::Error::from)
}

/// Keeps the call from raising SIGPIPE, for which `splice(2)` and `sendfile(2)` have no flag.
fn without_sigpipe<R>(call: impl FnOnce() -> Result<R, Errno>) -> Result<R, Errno> {
    let (mut sigpipe, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let mut pending = MaybeUninit::uninit();
    // SAFETY: the first two calls initialise the set, the third initialises the mask of this thread
    // before, and `sigpending` the set that is looked at behind it.
    let (sigpipe, before, was_blocked, was_pending) = unsafe {
        libc::sigemptyset(sigpipe.as_mut_ptr());
        libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, sigpipe.as_ptr(), before.as_mut_ptr());
        let was_blocked = libc::sigismember(before.as_ptr(), libc::SIGPIPE) == 1;
        let was_pending = was_blocked
            && libc::sigpending(pending.as_mut_ptr()) == 0
            && libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1;
        (sigpipe.assume_init(), before.assume_init(), was_blocked, was_pending)
    };
    let result = call();
    // SAFETY: both sets are initialised.
    unsafe {
        // One that was pending is the program's, and takes up the one of this call.
        if !was_pending && matches!(result, Err(Errno::PIPE)) {
            let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            libc::sigtimedwait(&raw const sigpipe, ptr::null_mut(), &raw const at_once);
        }
        if !was_blocked {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_pending() -> bool {
        let mut pending = MaybeUninit::uninit();
        // SAFETY: the first call initialises the set.
        unsafe {
            libc::sigpending(pending.as_mut_ptr());
            libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1
        }
    }

    /// A thread of its own, which sends to nobody, with the signal blocked or not, pending or not.
    fn send_to_nobody(is_blocked: bool, is_raised: bool) -> bool {
        let send = move || {
            if is_blocked {
                let mut sigpipe = MaybeUninit::uninit();
                // SAFETY: the first call initialises the set.
                unsafe {
                    libc::sigemptyset(sigpipe.as_mut_ptr());
                    libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
                    libc::pthread_sigmask(libc::SIG_BLOCK, sigpipe.as_ptr(), ptr::null_mut());
                }
            }
            if is_raised {
                // SAFETY: a system call without pointers; the signal is blocked.
                unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGPIPE) };
            }
            let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
            drop(reader);
            let result = without_sigpipe(|| rustix::io::write(&writer, b"x"));
            assert_eq!(result, Err(Errno::PIPE));
            is_pending()
        };
        std::thread::spawn(send).join().unwrap()
    }

    #[test]
    fn no_signal_is_left_and_none_of_others_is_taken() {
        assert!(!send_to_nobody(false, false));
        assert!(!send_to_nobody(true, false), "a signal is left for the program");
        assert!(send_to_nobody(true, true), "the signal of another is taken");
    }
}
