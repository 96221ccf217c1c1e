//! An open file, and calls on it with owned buffers: made at once if they cannot block, else on the
//! blocking pool.
#![expect(unsafe_code, reason = "descriptors from the kernel, and reads that std has no name for")]

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::OnceLock;

use super::request::{AT_CURSOR, TRANSFER_BYTES_MAX};
use crate::buf::{AlignedBuf, IoBuf, IoBufMut, bytes_of, room_of};
use crate::driver::leftover::drop_on_closer;
use crate::primitive::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::system::file::{self, Advice, Flags, Unsupported};
use crate::system::open::OpenHow;
use crate::system::remote;

/// An open file. Operations in flight share it [fd-outlives-ops].
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// None only while it is dropped.
    file: Option<File>,
    is_append: bool,
    is_direct: bool,
    /// True until the file system reports that it cannot read without blocking.
    may_read_now: AtomicBool,
    /// Another program or machine serves the file. Determined when first needed.
    is_remote: OnceLock<bool>,
    /// One of the constants below. Determined when first needed.
    offsets: AtomicU32,
}

const OFFSETS_UNKNOWN: u32 = 0;
const HAS_OFFSETS: u32 = 1;
const STREAMS: u32 = 2;

/// Takes ownership of a descriptor that the kernel opened.
#[cfg(unix)]
pub(super) fn adopt(fd: i32) -> File {
    use std::os::fd::FromRawFd;
    // SAFETY: new, and nobody else's: the result of an `Open` that no other completion has.
    unsafe { File::from_raw_fd(fd) }
}

#[cfg(not(unix))]
pub(super) fn adopt(_fd: i32) -> File {
    unreachable!("no back end opens files here")
}

impl Descriptor {
    pub(crate) fn new(file: File, is_append: bool, is_direct: bool) -> Descriptor {
        Descriptor {
            file: Some(file),
            is_append,
            is_direct,
            may_read_now: AtomicBool::new(!is_direct),
            is_remote: OnceLock::new(),
            offsets: AtomicU32::new(OFFSETS_UNKNOWN),
        }
    }

    /// For a file that was opened elsewhere.
    pub(crate) fn inspect(file: File) -> Descriptor {
        let flags = Flags::of(&file);
        Descriptor::new(file, flags.is_append(), flags.is_direct())
    }

    /// For a file that was opened with these options.
    pub(super) fn opened(file: File, how: &OpenHow) -> Descriptor {
        Descriptor::new(file, how.is_append, how.is_direct())
    }

    pub(crate) fn file(&self) -> &File {
        self.file.as_ref().expect("taken by the drop only")
    }

    pub(crate) fn into_file(mut self) -> File {
        self.file.take().expect("taken by the drop only")
    }

    /// Any call on it may wait for a server, for arbitrarily long.
    pub(crate) fn is_remote(&self) -> bool {
        *self.is_remote.get_or_init(|| remote::holds(self.file()))
    }

    /// A call on it may wait for a peer: a pipe, a socket, a terminal.
    pub(crate) fn may_wait_for_ever(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            self.file().metadata().is_ok_and(|metadata| {
                let kind = metadata.file_type();
                kind.is_fifo() || kind.is_socket() || kind.is_char_device()
            })
        }
        #[cfg(not(unix))]
        false
    }

    /// Whether its bytes have offsets, like those of files and disks: bytes that were read or
    /// written at one can be so again. All others are streams: pipes, terminals, and descriptors
    /// such as an eventfd, whose `lseek` returns 0 and moves nothing.
    #[inline]
    pub(crate) fn has_offsets(&self) -> bool {
        // Ordering: Relaxed: threads that determine it at the same time get the same answer.
        match self.offsets.load(Ordering::Relaxed) {
            OFFSETS_UNKNOWN => self.find_offsets(),
            offsets => offsets == HAS_OFFSETS,
        }
    }

    fn find_offsets(&self) -> bool {
        // A server is not asked for the kind of a file, because the answer may take
        // arbitrarily long.
        let has_offsets = self.position().is_ok() && (self.is_remote() || file::has_offsets(self.file()));
        // Ordering: Relaxed, like the load.
        self.offsets.store(if has_offsets { HAS_OFFSETS } else { STREAMS }, Ordering::Relaxed);
        has_offsets
    }

    /// The kernel refused offsets that the file seemed to have.
    pub(crate) fn has_no_offsets(&self) {
        // Ordering: Relaxed: a thread that does not see it asks the kernel, and is refused.
        self.offsets.store(STREAMS, Ordering::Relaxed);
    }

    /// Whether a call that has to wait blocks.
    #[cfg(unix)]
    pub(crate) fn blocks(&self) -> bool {
        !Flags::of(self.file()).is_nonblocking()
    }

    /// The position of the kernel's cursor.
    pub(crate) fn position(&self) -> io::Result<u64> {
        { self.file() }.stream_position()
    }

    /// Moves the kernel's cursor.
    pub(crate) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        { self.file() }.seek(to)
    }

    pub(crate) fn is_append(&self) -> bool {
        self.is_append
    }

    /// The required alignment of a buffer's address, in bytes.
    pub(crate) fn align(&self) -> usize {
        if self.is_direct { AlignedBuf::ALIGN_DEFAULT } else { 1 }
    }

    pub(crate) fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// Whether [`read_now`](Descriptor::read_now) is worth a try.
    pub(crate) fn may_read_now(&self) -> bool {
        // Ordering: Relaxed: a hint; an unneeded try costs a system call.
        self.may_read_now.load(Ordering::Relaxed)
    }

    /// Copies bytes from the page cache. None: they are not there, or the file system cannot report
    /// whether they are; submit an operation.
    ///
    /// May fill less than a read that waits would: only 0 means the end.
    pub(crate) fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        // SAFETY: a slice is memory that may be written.
        unsafe { self.copy_now(buf.as_mut_ptr(), buf.len(), offset) }
    }

    /// [`read_now`](Descriptor::read_now) into an owned buffer.
    pub(crate) fn read_now_into(&self, buf: &mut impl IoBufMut, offset: u64) -> Option<io::Result<usize>> {
        // SAFETY: [stable-address] the room of a buffer is memory that may be written.
        let result = unsafe { self.copy_now(buf.as_mut_ptr(), buf.bytes_total(), offset) };
        if let Some(Ok(count)) = result {
            // SAFETY: this many bytes were read.
            unsafe { buf.set_read(count) };
        }
        result
    }

    /// # Safety
    ///
    /// `len` bytes from `start` on may be written.
    unsafe fn copy_now(&self, start: *mut u8, len: usize, offset: u64) -> Option<io::Result<usize>> {
        // SAFETY: as the caller promises.
        match unsafe { file::read_now(self.file(), start, len.min(TRANSFER_BYTES_MAX), known_offset(offset)) }
        {
            Ok(outcome) => outcome,
            Err(Unsupported) => {
                // Ordering: Relaxed: a hint.
                self.may_read_now.store(false, Ordering::Relaxed);
                None
            }
        }
    }

    /// Reads, blocking.
    pub(crate) fn read(&self, buf: &mut impl IoBufMut, offset: u64) -> io::Result<usize> {
        let room = room_of(buf);
        let len = room.len().min(TRANSFER_BYTES_MAX);
        let count = file::read_at(self.file(), &mut room[..len], known_offset(offset))?;
        // SAFETY: this many bytes were read.
        unsafe { buf.set_read(count) };
        Ok(count)
    }

    /// Reads into one buffer after the other, blocking.
    pub(crate) fn read_vectored<B: IoBufMut>(&self, bufs: &mut [B], offset: u64) -> io::Result<usize> {
        let mut total_count = 0;
        let mut is_over = false;
        for buf in bufs {
            let mut count = 0;
            if !is_over {
                match self.read(buf, offset + total_count as u64) {
                    Ok(read_count) => count = read_count,
                    Err(error) if total_count == 0 => return Err(error),
                    Err(_) => {}
                }
            }
            is_over |= count < buf.bytes_total();
            // SAFETY: this many bytes were read.
            unsafe { buf.set_read(count) };
            total_count += count;
        }
        Ok(total_count)
    }

    /// Writes, blocking.
    pub(crate) fn write(&self, buf: &impl IoBuf, offset: u64) -> io::Result<usize> {
        let bytes = bytes_of(buf);
        file::write_at(self.file(), &bytes[..bytes.len().min(TRANSFER_BYTES_MAX)], known_offset(offset))
    }

    /// Writes one buffer after the other, blocking.
    pub(crate) fn write_vectored<B: IoBuf>(&self, bufs: &[B], offset: u64) -> io::Result<usize> {
        let mut total_count = 0;
        for buf in bufs {
            match self.write(buf, offset + total_count as u64) {
                Ok(count) => total_count += count,
                Err(error) if total_count == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(total_count)
    }

    /// Reserves room, blocking.
    pub(crate) fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        file::allocate(self.file(), offset, len)
    }

    /// Passes advice to the kernel, blocking.
    pub(crate) fn advise(&self, offset: u64, len: u64, advice: Advice) -> io::Result<()> {
        file::advise(self.file(), offset, len, advice)
    }
}

/// Closes the file, on another thread if a server may delay the close.
impl Drop for Descriptor {
    fn drop(&mut self) {
        if self.file.is_some() {
            let is_remote = self.is_remote();
            match self.file.take() {
                Some(file) if is_remote => drop_on_closer(file),
                file => drop(file),
            }
        }
    }
}

/// None: at the kernel's own cursor.
fn known_offset(offset: u64) -> Option<u64> {
    (offset != AT_CURSOR).then_some(offset)
}
