//! Memory at an aligned address.
#![expect(unsafe_code, reason = "allocating with an alignment")]

use std::alloc::{self, Layout};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A buffer of a fixed length at an aligned address, as `O_DIRECT` requires. Its bytes are zero
/// when it is created.
///
/// # When to use it
/// - Files opened with `O_DIRECT` accept only aligned memory.
/// - Reads of whole pages from the page cache are faster, on some processors more than twice. These
///   processors copy slowly to an address that is less than 32 bytes behind the source's, counted
///   within a page. Large `Vec`s of glibc's allocator begin 16 bytes into a page, so they are
///   affected. The runtime's own buffers for files are aligned.
///
/// # Examples
/// ```
/// use heist::io::AlignedBuf;
///
/// let mut buffer = AlignedBuf::new(8192);
/// assert_eq!(buffer.as_ptr() as usize % AlignedBuf::ALIGN_DEFAULT, 0);
/// assert_eq!(buffer.len(), 8192);
/// buffer[..5].copy_from_slice(b"bytes");
///
/// let sector = AlignedBuf::with_align(512, 512);
/// assert_eq!((sector.len(), sector.align()), (512, 512));
/// ```
pub struct AlignedBuf {
    start: NonNull<u8>,
    layout: Layout,
}

impl AlignedBuf {
    /// The default alignment in bytes: 4096, a page, and enough for every common disk.
    pub const ALIGN_DEFAULT: usize = 4096;

    /// Creates a buffer of `len` bytes, aligned to [`ALIGN_DEFAULT`](AlignedBuf::ALIGN_DEFAULT).
    ///
    /// # Panics
    /// Panics if `len` is larger than memory can be.
    ///
    /// # Examples
    /// ```
    /// let buf = heist::io::AlignedBuf::new(4096);
    /// assert_eq!((buf.len(), buf.as_ptr() as usize % 512), (4096, 0));
    /// ```
    pub fn new(len: usize) -> AlignedBuf {
        AlignedBuf::with_align(len, AlignedBuf::ALIGN_DEFAULT)
    }

    /// Creates a buffer of `len` bytes, aligned to `align` bytes.
    ///
    /// # Panics
    /// Panics if `align` is not a power of two, or if `len` is larger than memory can be.
    ///
    /// # Examples
    /// ```
    /// let buf = heist::io::AlignedBuf::with_align(8192, 4096);
    /// assert_eq!((buf.len(), buf.as_ptr() as usize % 4096), (8192, 0));
    /// ```
    pub fn with_align(len: usize, align: usize) -> AlignedBuf {
        AlignedBuf::allocated(layout_of(len, align))
            .unwrap_or_else(|| alloc::handle_alloc_error(layout_of(len, align)))
    }

    /// Like [`with_align`](AlignedBuf::with_align), but returns `None` if there is no memory.
    pub(super) fn try_with_align(len: usize, align: usize) -> Option<AlignedBuf> {
        AlignedBuf::allocated(layout_of(len, align))
    }

    fn allocated(layout: Layout) -> Option<AlignedBuf> {
        if layout.size() == 0 {
            let start = NonNull::new(std::ptr::without_provenance_mut(layout.align()));
            return start.map(|start| AlignedBuf { start, layout });
        }
        // SAFETY: the size is not zero.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        NonNull::new(start).map(|start| AlignedBuf { start, layout })
    }

    /// Returns the alignment in bytes with which the buffer was created.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(heist::io::AlignedBuf::with_align(8192, 4096).align(), 4096);
    /// ```
    pub fn align(&self) -> usize {
        self.layout.align()
    }

    /// Returns the address of its first byte, from which all of them may be reached, and its length
    /// in bytes.
    pub(super) fn extent(&self) -> (*mut u8, usize) {
        (self.start.as_ptr(), self.layout.size())
    }
}

fn layout_of(len: usize, align: usize) -> Layout {
    assert!(align.is_power_of_two(), "an alignment is a power of two, and {align} is none");
    Layout::from_size_align(len, align).expect("memory is smaller than that")
}

impl Deref for AlignedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: allocated zeroed with this length, or empty.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.layout.size()) }
    }
}

impl DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: allocated zeroed with this length, or empty; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.layout.size()) }
    }
}

impl Drop for AlignedBuf {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: allocated in `allocated` with this layout.
            unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) };
        }
    }
}

// SAFETY: it owns its bytes as a box does.
unsafe impl Send for AlignedBuf {}
// SAFETY: shared references only read it.
unsafe impl Sync for AlignedBuf {}

impl fmt::Debug for AlignedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBuf").field("len", &self.len()).field("align", &self.align()).finish()
    }
}
