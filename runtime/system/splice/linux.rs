#![expect(unsafe_code, reason = "std has no names for the signals of a thread")]
//! The calls as Linux has them.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

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
    /// For so many bytes, some of which fit into it at a time. None: the system has no such pipes.
    pub(crate) fn of_bytes(bytes_count: u64) -> io::Result<Option<Arc<Pipe>>> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        if bytes_count > DEFAULT_BYTES {
            // A refusal means that the user has many pipes: the small one does as well.
            let _ = fcntl_setpipe_size(&writer, LARGE_BYTES);
        }
        Ok(Some(Arc::new(Pipe { reader: reader.into(), writer: writer.into() })))
    }

    pub(crate) fn writer(&self) -> &File {
        &self.writer
    }

    /// Moves bytes of a file into the pipe, which is empty. Blocks until the disk has them. Returns
    /// 0 at the end of the file.
    pub(crate) fn fill(&self, file: &File, mut offset: u64, len: usize) -> io::Result<usize> {
        Ok(splice(file, Some(&mut offset), &self.writer, None, len, SpliceFlags::NONBLOCK)?)
    }

    /// Moves up to `len` bytes, which the pipe has, into a socket. Blocks no more than the socket.
    pub(crate) fn empty_into(&self, socket: &Socket, len: usize) -> io::Result<usize> {
        without_sigpipe(|| splice(&self.reader, None, socket, None, len, SpliceFlags::NONBLOCK))
            .map_err(io::Error::from)
    }
}

/// Keeps the call from raising SIGPIPE, for which `splice(2)` has no flag.
fn without_sigpipe<R>(call: impl FnOnce() -> Result<R, Errno>) -> Result<R, Errno> {
    let (mut sigpipe, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the first two calls initialise the set, and the third initialises the mask of this
    // thread before.
    let (sigpipe, before) = unsafe {
        libc::sigemptyset(sigpipe.as_mut_ptr());
        libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, sigpipe.as_ptr(), before.as_mut_ptr());
        (sigpipe.assume_init(), before.assume_init())
    };
    let result = call();
    // SAFETY: both sets are initialised.
    unsafe {
        let was_blocked = libc::sigismember(&raw const before, libc::SIGPIPE) == 1;
        if !was_blocked {
            if matches!(result, Err(Errno::PIPE)) {
                let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                libc::sigtimedwait(&raw const sigpipe, ptr::null_mut(), &raw const at_once);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        }
    }
    result
}
