//! What may be handed over to an operation.
#![expect(unsafe_code, reason = "the traits promise addresses, and slices are made of them")]

use std::sync::Arc;

use super::FixedMemory;

/// A buffer that an operation can take over and read from.
///
/// # Safety
/// `as_ptr` must point to `bytes_init` initialised bytes, which stay there, unchanged, when the value is moved, until it
/// is dropped or changed through `&mut`. So long both methods answer the same.
pub unsafe trait IoBuf: Send + 'static {
    /// Where the bytes begin.
    fn as_ptr(&self) -> *const u8;

    /// How many bytes from there on are initialised: what a write writes.
    fn bytes_init(&self) -> usize;

    /// The part of the buffer from `begin` on, `len` bytes long, as a buffer.
    ///
    /// For a read the part may reach beyond what is initialised, up to the buffer's room.
    ///
    /// # Panics
    /// If the part does not begin within the initialised bytes, or the range overflows.
    ///
    /// ```
    /// use heist::io::IoBuf;
    /// let part = b"hello, ring".to_vec().slice(7, 4);
    /// assert_eq!(part.bytes_init(), 4);
    /// assert_eq!(part.into_inner(), b"hello, ring");
    /// ```
    fn slice(self, begin: usize, len: usize) -> super::Slice<Self>
    where
        Self: Sized,
    {
        super::Slice::new(self, begin, len)
    }

    /// The memory that the bytes are in, where it belongs to a pool that rings may know.
    #[doc(hidden)]
    fn fixed_memory(&self) -> Option<&Arc<FixedMemory>> {
        None
    }
}

/// A buffer that an operation can take over and fill.
///
/// # Safety
/// `as_mut_ptr` must point to `bytes_total` bytes that may be written, at the address that [`IoBuf::as_ptr`] has, under
/// the same promise to stay. `bytes_total` is at least `bytes_init`, and answers the same until the value is dropped or told
/// of a read.
pub unsafe trait IoBufMut: IoBuf {
    /// Where the room begins.
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// How much room there is: what a read fills at most. At least `bytes_init`.
    fn bytes_total(&self) -> usize;

    /// Told after a read: the first `count` bytes were read. A `Vec` becomes that long; buffers of a fixed length stay as
    /// they are.
    ///
    /// # Safety
    /// The first `count` bytes are initialised, and `count` is not more than `bytes_total`.
    unsafe fn set_read(&mut self, count: usize);
}

/// The bytes of a buffer that is at hand.
pub(crate) fn bytes_of(buf: &impl IoBuf) -> &[u8] {
    // SAFETY: [stable-address] the trait's promise; the borrow keeps others away.
    unsafe { std::slice::from_raw_parts(buf.as_ptr(), buf.bytes_init()) }
}

/// The room of a buffer that is at hand, zeroed where it was not initialised.
pub(crate) fn room_of(buf: &mut impl IoBufMut) -> &mut [u8] {
    let (init_count, total_count) = (buf.bytes_init(), buf.bytes_total());
    let start = buf.as_mut_ptr();
    // SAFETY: [stable-address] the trait's promise: that many bytes may be written, and are initialised then.
    unsafe {
        start.add(init_count).write_bytes(0, total_count - init_count);
        std::slice::from_raw_parts_mut(start, total_count)
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for Vec<u8> {
    fn as_ptr(&self) -> *const u8 {
        self.as_slice().as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}

// SAFETY: the bytes are on the heap, as many as the capacity.
unsafe impl IoBufMut for Vec<u8> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        // Not a slice's: it may write behind what is initialised.
        Vec::as_mut_ptr(self)
    }

    fn bytes_total(&self) -> usize {
        self.capacity()
    }

    unsafe fn set_read(&mut self, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.set_len(count) };
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for Box<[u8]> {
    fn as_ptr(&self) -> *const u8 {
        (**self).as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBufMut for Box<[u8]> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        (**self).as_mut_ptr()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }

    unsafe fn set_read(&mut self, _count: usize) {}
}

// SAFETY: they never move.
unsafe impl IoBuf for &'static [u8] {
    fn as_ptr(&self) -> *const u8 {
        (**self).as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for String {
    fn as_ptr(&self) -> *const u8 {
        self.as_str().as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}

// SAFETY: they never move.
unsafe impl IoBuf for &'static str {
    fn as_ptr(&self) -> *const u8 {
        (**self).as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}
