//! The traits of buffers that a program may lend to an operation.
#![expect(unsafe_code, reason = "the traits promise addresses, and slices are made of them")]

use std::sync::Arc;

use super::{AlignedBuf, FixedMemory};

/// A buffer that an operation can own and read from.
///
/// `Vec<u8>`, `Box<[u8]>`, `String`, `&'static [u8]`, `&'static str` and the buffers of
/// [`io`](crate::io) implement it. Calls whose names contain `owned` take such a buffer by value,
/// because the kernel uses it while no task polls, and return it with the result.
///
/// # Safety
/// `as_ptr` must point to `bytes_init` initialised bytes. They must stay there, unchanged, when the
/// value is moved, until it is dropped or changed through `&mut`. Until then both methods must
/// return the same values.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("heist-io-buf-{}", std::process::id()));
/// let file = heist::fs::File::create(&path).await?;
/// let (result, text) = file.write_owned_at("hello".to_owned(), 0).await;
/// assert_eq!(result?, 5);
/// assert_eq!(text, "hello");
/// # heist::fs::remove_file(&path).await
/// # }
/// ```
pub unsafe trait IoBuf: Send + 'static {
    /// Returns the address of the first byte.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBuf;
    ///
    /// let bytes = vec![1, 2, 3];
    /// assert_eq!(IoBuf::as_ptr(&bytes), bytes.as_slice().as_ptr());
    /// ```
    fn as_ptr(&self) -> *const u8;

    /// Returns the number of initialised bytes from there on. A write writes these.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBuf;
    ///
    /// let mut bytes = Vec::with_capacity(64);
    /// bytes.extend(b"hello");
    /// assert_eq!(bytes.bytes_init(), 5);
    /// ```
    fn bytes_init(&self) -> usize;

    /// Returns the part of the buffer that begins at `begin` and is `len` bytes long, as a buffer.
    ///
    /// For a read the part may extend beyond the initialised bytes, up to the buffer's room.
    ///
    /// # Panics
    /// Panics if the part does not begin within the initialised bytes, or if the range overflows.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBuf;
    ///
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

    /// The memory that contains the bytes, if it belongs to a pool that rings may register.
    #[doc(hidden)]
    fn fixed_memory(&self) -> Option<&Arc<FixedMemory>> {
        None
    }
}

/// A buffer that an operation can own and fill.
///
/// `Vec<u8>`, `Box<[u8]>` and the buffers of [`io`](crate::io) implement it. A read fills at most
/// `bytes_total` bytes from the beginning, whatever the buffer contained.
///
/// # Safety
/// `as_mut_ptr` must point to `bytes_total` bytes that may be written. Its address must be that of
/// [`IoBuf::as_ptr`], with the same promise to stay. `bytes_total` must be at least `bytes_init`,
/// and must stay the same until the value is dropped or `set_read` is called.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("heist-io-buf-mut-{}", std::process::id()));
/// # heist::fs::write(&path, b"hello").await?;
/// let file = heist::fs::File::open(&path).await?;
/// let (result, bytes) = file.read_owned_at(Vec::with_capacity(64), 0).await;
/// assert_eq!(result?, 5);
/// assert_eq!(bytes, b"hello");
/// # heist::fs::remove_file(&path).await
/// # }
/// ```
pub unsafe trait IoBufMut: IoBuf {
    /// Returns the address of the first byte of the room.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBufMut;
    ///
    /// let mut bytes = vec![0; 64];
    /// let start = bytes.as_mut_slice().as_mut_ptr();
    /// assert_eq!(IoBufMut::as_mut_ptr(&mut bytes), start);
    /// ```
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// Returns the room in bytes: the most that a read fills. At least `bytes_init`.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBufMut;
    ///
    /// assert_eq!(heist::io::AlignedBuf::new(512).bytes_total(), 512);
    /// assert!(Vec::<u8>::with_capacity(64).bytes_total() >= 64);
    /// ```
    fn bytes_total(&self) -> usize;

    /// Called after a read: the first `count` bytes were read. A `Vec` becomes that long; buffers
    /// of a fixed length do not change.
    ///
    /// # Safety
    /// The first `count` bytes must be initialised, and `count` must not be more than
    /// `bytes_total`.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBufMut;
    ///
    /// let mut bytes = vec![7; 64];
    /// // SAFETY: all 64 bytes are initialised.
    /// unsafe { bytes.set_read(5) };
    /// assert_eq!(bytes, [7; 5]);
    /// ```
    unsafe fn set_read(&mut self, count: usize);
}

/// Returns the initialised bytes of a buffer that no operation has.
pub(crate) fn bytes_of(buf: &impl IoBuf) -> &[u8] {
    // SAFETY: [stable-address] the trait's promise; the borrow excludes other accesses.
    unsafe { std::slice::from_raw_parts(buf.as_ptr(), buf.bytes_init()) }
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
        // Not the pointer of a slice, because writes may go beyond the initialised bytes.
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

// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for AlignedBuf {
    fn as_ptr(&self) -> *const u8 {
        self.extent().0
    }

    fn bytes_init(&self) -> usize {
        self.extent().1
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBufMut for AlignedBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.extent().0
    }

    fn bytes_total(&self) -> usize {
        self.extent().1
    }

    unsafe fn set_read(&mut self, _count: usize) {}
}
