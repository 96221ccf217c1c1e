//! An open file, what is known about it, and reads that do not wait.
#![expect(unsafe_code, reason = "descriptors from the kernel, and reads that std has no name for")]

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::mem::MaybeUninit;
use std::slice;
use std::sync::OnceLock;

use super::cached_range::CachedRange;
use crate::buf::{AlignedBuf, IoBufMut};
use crate::driver::closers::drop_on_closer;
use crate::primitive::atomic::{AtomicBool, AtomicU32, Ordering};
#[cfg(windows)]
use crate::primitive::sync::{Mutex, MutexGuard};
use crate::system::file::{self, Flags, Unsupported};
use crate::system::open::OpenHow;
use crate::system::remote;

/// The most bytes that the kernel moves in one operation. Longer requests are cut off there,
/// because their length would not fit an entry.
pub(crate) const TRANSFER_BYTES_MAX: usize = 0x7fff_f000;

/// The offset that stands for the kernel's own cursor.
pub(crate) const AT_CURSOR: u64 = u64::MAX;

/// An open file. Operations in flight share it [fd-outlives-ops].
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// None only while it is dropped.
    file: Option<File>,
    is_append: bool,
    is_direct: bool,
    /// True until the file system reports that it cannot read without blocking.
    may_read_now: AtomicBool,
    cached_range: CachedRange,
    /// Another program or machine serves the file. Determined when first needed.
    is_remote: OnceLock<bool>,
    /// One of the constants below. Determined when first needed.
    offsets: AtomicU32,
    /// On Windows a call at an offset moves the cursor, and moves it back under this lock.
    #[cfg(windows)]
    cursor: Mutex<()>,
}

/// A file of this length or more, in bytes, is not read by [`Descriptor::read_whole_now`]: its
/// bytes would be copied twice, and the stack of a thread has other uses.
const WHOLE_BYTES_MAX: usize = 16 * 1024;

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
            cached_range: CachedRange::new(),
            is_remote: OnceLock::new(),
            offsets: AtomicU32::new(OFFSETS_UNKNOWN),
            #[cfg(windows)]
            cursor: Mutex::new(()),
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
        let has_offsets =
            { self.file() }.stream_position().is_ok() && (self.is_remote() || file::has_offsets(self.file()));
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

    /// Held while a call uses the cursor or moves it. Streams have none, and a call on them may
    /// wait for ever.
    #[cfg(windows)]
    pub(super) fn hold_cursor(&self) -> Option<MutexGuard<'_, ()>> {
        self.has_offsets().then(|| self.cursor.lock())
    }

    /// The position of the kernel's cursor.
    pub(crate) fn position(&self) -> io::Result<u64> {
        #[cfg(windows)]
        let _held = self.hold_cursor();
        { self.file() }.stream_position()
    }

    /// Moves the kernel's cursor.
    pub(crate) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        #[cfg(windows)]
        let _held = self.hold_cursor();
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

    /// How many of the `len` bytes from `offset` on can be moved without waiting: all of them, or
    /// those before the end of the file. None: not all are in the page cache, or nobody can tell.
    pub(crate) fn len_in_cache(&self, offset: u64, len: u64) -> Option<u64> {
        if !self.may_read_now() || !self.has_offsets() || self.is_remote() {
            return None;
        }
        self.cached_range.len(self.file(), offset, len).unwrap_or_else(|Unsupported| {
            // Ordering: Relaxed: a hint.
            self.may_read_now.store(false, Ordering::Relaxed);
            None
        })
    }

    /// [`read_now`](Descriptor::read_now) at the cursor, which moves with it, into memory that need
    /// not be initialised. Initialises as many bytes as it returns.
    pub(crate) fn read_now_uninit(&self, room: &mut [MaybeUninit<u8>]) -> Option<io::Result<usize>> {
        // SAFETY: a slice is memory that may be written.
        unsafe { self.copy_now(room.as_mut_ptr().cast(), room.len(), AT_CURSOR) }
    }

    /// Somebody has asked for the metadata, which tell more than [`has_offsets`] asks for.
    ///
    /// [`has_offsets`]: Descriptor::has_offsets
    pub(crate) fn learn(&self, metadata: &Metadata) {
        // Ordering: Relaxed, as in `has_offsets`.
        if self.offsets.load(Ordering::Relaxed) == OFFSETS_UNKNOWN
            && metadata.is_file()
            && self.position().is_ok()
        {
            // Ordering: Relaxed, like the load.
            self.offsets.store(HAS_OFFSETS, Ordering::Relaxed);
        }
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

    /// Copies the whole file from the page cache. None: it is too long for that, not all of it is
    /// there, or it is not a file that such a copy is possible from.
    #[allow(dead_code, reason = "only Linux opens files from its caches")]
    pub(super) fn read_whole_now(&self) -> Option<Vec<u8>> {
        // On the stack, so that the vector is made when its length is known. One system call more
        // shows the end of the file, and costs less than asking for its length.
        let mut room = [MaybeUninit::<u8>::uninit(); WHOLE_BYTES_MAX];
        let mut count = 0;
        while count < room.len() {
            let rest = &mut room[count..];
            // SAFETY: a slice is memory that may be written.
            match unsafe { self.copy_now(rest.as_mut_ptr().cast(), rest.len(), count as u64) }?.ok()? {
                0 => {
                    // SAFETY: the reads have written this many bytes.
                    let bytes = unsafe { slice::from_raw_parts(room.as_ptr().cast::<u8>(), count) };
                    return Some(bytes.to_vec());
                }
                read_count => count += read_count,
            }
        }
        None
    }

    /// # Safety
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
pub(super) fn known_offset(offset: u64) -> Option<u64> {
    (offset != AT_CURSOR).then_some(offset)
}
