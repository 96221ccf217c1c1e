//! A part of a buffer.
#![expect(unsafe_code, reason = "a part passes on the promise of its whole")]

use std::sync::Arc;

use super::{FixedMemory, IoBuf, IoBufMut};

/// A part of a buffer, which is a buffer as well: [`IoBuf::slice`] creates it. An operation reads
/// from or fills only the part.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::io::IoBuf;
///
/// # let path = std::env::temp_dir().join(format!("heist-slice-{}", std::process::id()));
/// let file = heist::fs::File::create(&path).await?;
/// let part = b"hello, ring".to_vec().slice(7, 4);
/// let (result, part) = file.write_owned_at(part, 0).await;
/// assert_eq!(result?, 4);
/// assert_eq!(part.get_ref().len(), 11);
/// assert_eq!(part.into_inner(), b"hello, ring");
/// assert_eq!(heist::fs::read(&path).await?, b"ring");
/// # heist::fs::remove_file(&path).await
/// # }
/// ```
#[derive(Debug)]
pub struct Slice<B> {
    whole: B,
    begin: usize,
    len: usize,
}

impl<B: IoBuf> Slice<B> {
    pub(super) fn new(whole: B, begin: usize, len: usize) -> Slice<B> {
        assert!(
            begin <= whole.bytes_init(),
            "the part begins at {begin}, beyond the {} initialised bytes of its buffer",
            whole.bytes_init()
        );
        assert!(begin.checked_add(len).is_some(), "the end of the part overflows");
        Slice { whole, begin, len }
    }

    /// Returns the whole buffer.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBuf;
    ///
    /// let part = b"hello, disk".to_vec().slice(0, 5);
    /// assert_eq!(part.into_inner(), b"hello, disk");
    /// ```
    pub fn into_inner(self) -> B {
        self.whole
    }

    /// Returns a reference to the whole buffer.
    ///
    /// # Examples
    /// ```
    /// use heist::io::IoBuf;
    ///
    /// let part = b"hello, disk".to_vec().slice(0, 5);
    /// assert_eq!(part.get_ref().len(), 11);
    /// ```
    pub fn get_ref(&self) -> &B {
        &self.whole
    }
}

// SAFETY: the part is within the whole, which has promised the same.
unsafe impl<B: IoBuf> IoBuf for Slice<B> {
    fn as_ptr(&self) -> *const u8 {
        self.whole.as_ptr().wrapping_add(self.begin)
    }

    fn bytes_init(&self) -> usize {
        self.whole.bytes_init().saturating_sub(self.begin).min(self.len)
    }

    fn fixed_memory(&self) -> Option<&Arc<FixedMemory>> {
        self.whole.fixed_memory()
    }
}

// SAFETY: the part is within the room of the whole, which has promised the same.
unsafe impl<B: IoBufMut> IoBufMut for Slice<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.whole.as_mut_ptr().wrapping_add(self.begin)
    }

    fn bytes_total(&self) -> usize {
        self.whole.bytes_total().saturating_sub(self.begin).min(self.len)
    }

    unsafe fn set_read(&mut self, count: usize) {
        let end = self.begin + count;
        // A part in the middle does not cut off the bytes behind it.
        if end > self.whole.bytes_init() {
            // SAFETY: the caller initialised `count` bytes of the part; those before it were
            // initialised when the part was created.
            unsafe { self.whole.set_read(end) };
        }
    }
}
