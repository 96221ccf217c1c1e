//! [`ReadBuf`]: where a read puts its bytes.
//!
//! The fields keep `filled <= initialized <= bytes.len()`, and the first `initialized` bytes are
//! initialized. Safe methods uphold both, and the unsafe ones ask their callers to.
#![expect(unsafe_code, reason = "memory that is not initialized, with marks that say which of it is")]

use std::fmt;
#[cfg(feature = "fs")]
use std::io;
use std::mem::MaybeUninit;
#[cfg(feature = "fs")]
use std::task::{Poll, ready};

/// A buffer that knows which of its bytes are filled, and which are at least initialized.
pub struct ReadBuf<'a> {
    bytes: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

/// Fills up to `most` bytes by one of heist's reads, which initialize as many bytes as they count.
/// `None` is passed on.
#[cfg(feature = "fs")]
pub(crate) fn poll_filled(
    buf: &mut ReadBuf<'_>,
    most: usize,
    poll: impl FnOnce(&mut [MaybeUninit<u8>]) -> Poll<Option<io::Result<usize>>>,
) -> Poll<Option<io::Result<()>>> {
    let end = buf.filled + buf.remaining().min(most);
    let Some(read) = ready!(poll(&mut buf.bytes[buf.filled..end])) else { return Poll::Ready(None) };
    Poll::Ready(Some(read.map(|count| {
        assert!(count <= end - buf.filled);
        buf.filled += count;
        buf.initialized = buf.initialized.max(buf.filled);
    })))
}

/// Reads bytes that are initialized as such.
///
/// # Safety
/// All of them are initialized.
unsafe fn assume_initialized(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    // SAFETY: `MaybeUninit<u8>` has the layout of `u8`; the caller promises that they are
    // initialized.
    unsafe { &*(std::ptr::from_ref(bytes) as *const [u8]) }
}

/// Like [`assume_initialized`], to write as well.
///
/// # Safety
/// All of them are initialized.
unsafe fn assume_initialized_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: as above; a `u8` that is written leaves them initialized.
    unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [u8]) }
}

impl<'a> ReadBuf<'a> {
    /// A buffer all of which is initialized, and none of which is filled.
    #[inline]
    pub fn new(buf: &'a mut [u8]) -> ReadBuf<'a> {
        let initialized = buf.len();
        // SAFETY: the layout is the same, and no method of `ReadBuf` takes the initialization of a
        // byte below the mark away; only callers of `inner_mut` and `unfilled_mut` could, who
        // promise not to.
        let bytes = unsafe { &mut *(std::ptr::from_mut(buf) as *mut [MaybeUninit<u8>]) };
        ReadBuf { bytes, filled: 0, initialized }
    }

    /// A buffer none of which counts as initialized; [`assume_init`](ReadBuf::assume_init) says
    /// otherwise.
    #[inline]
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> ReadBuf<'a> {
        ReadBuf { bytes: buf, filled: 0, initialized: 0 }
    }

    /// The length of the whole buffer.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// What was read.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: filled bytes are initialized.
        unsafe { assume_initialized(&self.bytes[..self.filled]) }
    }

    /// What was read, to change in place.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: filled bytes are initialized.
        unsafe { assume_initialized_mut(&mut self.bytes[..self.filled]) }
    }

    /// A buffer of at most the next `n` unfilled bytes. This one does not learn what happens to it.
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let end = self.filled + n.min(self.remaining());
        ReadBuf::uninit(&mut self.bytes[self.filled..end])
    }

    /// Lends at most the next `n` unfilled bytes to `read`, and counts what it has filled and
    /// initialized.
    #[cfg(feature = "io-util")]
    pub(super) fn lend<R>(&mut self, n: usize, read: impl FnOnce(&mut ReadBuf<'_>) -> R) -> R {
        let known = self.initialized - self.filled;
        let mut part = self.take(n);
        part.initialized = known.min(part.capacity());
        let start = part.filled().as_ptr();
        let result = read(&mut part);
        // A reader can exchange the buffer for another one, whose marks say nothing about this one.
        assert_eq!(start, part.filled().as_ptr(), "the reader has exchanged the buffer");
        let (filled, initialized) = (part.filled, part.initialized);
        self.initialized = self.initialized.max(self.filled + initialized);
        self.filled += filled;
        result
    }

    /// All that is initialized, with what is filled.
    #[inline]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: that is what the mark means.
        unsafe { assume_initialized(&self.bytes[..self.initialized]) }
    }

    /// All that is initialized, with what is filled, to change in place.
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: that is what the mark means.
        unsafe { assume_initialized_mut(&mut self.bytes[..self.initialized]) }
    }

    /// The whole buffer, whatever its state.
    ///
    /// # Safety
    /// The caller does not make bytes uninitialized that are initialized.
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.bytes
    }

    /// The part that is not filled, whatever its state.
    ///
    /// # Safety
    /// The caller does not make bytes uninitialized that are initialized.
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.bytes[self.filled..]
    }

    /// The part that is not filled; what of it was not initialized is zero.
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` bytes that are not filled; those that were not initialized are zero.
    ///
    /// # Panics
    /// Panics if fewer than `n` bytes are unfilled.
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(n <= self.remaining(), "n overflows remaining");
        let end = self.filled + n;
        if let Some(rest) = self.bytes.get_mut(self.initialized..end) {
            rest.fill(MaybeUninit::new(0));
        }
        self.initialized = self.initialized.max(end);
        // SAFETY: all of it lies below the mark.
        unsafe { assume_initialized_mut(&mut self.bytes[self.filled..end]) }
    }

    /// How many bytes are not filled.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.filled
    }

    /// Makes all of it unfilled. Bytes that are initialized stay so.
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Counts `n` more bytes as filled.
    ///
    /// # Panics
    /// Panics if they are not initialized.
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let filled = self.filled.checked_add(n).expect("filled overflow");
        self.set_filled(filled);
    }

    /// Counts the first `n` bytes as filled, and no others.
    ///
    /// # Panics
    /// Panics if they are not initialized.
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(n <= self.initialized, "filled must not become larger than initialized");
        self.filled = n;
    }

    /// Counts `n` bytes after the filled ones as initialized.
    ///
    /// # Safety
    /// They are initialized, and within the buffer.
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        self.initialized = self.initialized.max(self.filled + n);
    }

    /// Appends `buf` to what is filled.
    ///
    /// # Panics
    /// Panics if it does not fit.
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, buf: &[u8]) {
        let (count, room) = (buf.len(), self.remaining());
        assert!(
            count <= room,
            "buf.len() must fit in remaining(); buf.len() = {count}, remaining() = {room}"
        );
        let end = self.filled + count;
        // SAFETY: initialized bytes are valid as such that may be uninitialized; they are only
        // read.
        let source = unsafe { &*(std::ptr::from_ref(buf) as *const [MaybeUninit<u8>]) };
        self.bytes[self.filled..end].copy_from_slice(source);
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }
}

// SAFETY: `chunk_mut` is the unfilled part, and `advance_mut` counts what its caller has
// initialized.
#[cfg(feature = "io-util")]
unsafe impl bytes::BufMut for ReadBuf<'_> {
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    unsafe fn advance_mut(&mut self, cnt: usize) {
        assert!(cnt <= self.remaining(), "cannot advance past the end of a ReadBuf");
        // SAFETY: the caller has initialized them, and they are within the buffer.
        unsafe { self.assume_init(cnt) };
        self.advance(cnt);
    }

    fn chunk_mut(&mut self) -> &mut bytes::buf::UninitSlice {
        let unfilled = &mut self.bytes[self.filled..];
        // SAFETY: the slice is that memory, borrowed for as long; like here, writing is all that it
        // allows. By parts, because the constructor that is safe came with a later version of
        // `bytes`.
        unsafe { bytes::buf::UninitSlice::from_raw_parts_mut(unfilled.as_mut_ptr().cast(), unfilled.len()) }
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}
