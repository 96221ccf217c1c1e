//! One buffer for several operations at once.
#![expect(unsafe_code, reason = "parts point into a buffer that they share")]

use std::ptr::NonNull;
use std::sync::Arc;

use super::{FixedMemory, IoBuf, IoBufMut};
use crate::primitive::sync::Mutex;

/// A part of a buffer that other parts share. The buffer is not accessible until all parts are
/// joined.
#[derive(Debug)]
pub(crate) struct Part<B> {
    /// Never locked while parts exist: the mutex only makes the shared buffer `Sync`.
    whole: Arc<Mutex<B>>,
    start: NonNull<u8>,
    len: usize,
    read_count: usize,
    /// The registered memory that contains the whole buffer, if any.
    memory: Option<Arc<FixedMemory>>,
}

// SAFETY: [disjoint-parts] the bytes it points to are its own, and the buffer may be sent.
unsafe impl<B: Send> Send for Part<B> {}
// SAFETY: [disjoint-parts] a shared reference reads no byte that it points to.
unsafe impl<B: Send> Sync for Part<B> {}

/// Cuts the room of `buf` into parts of `len` bytes; the last one may be shorter. Returns at least
/// one part.
pub(crate) fn split<B: IoBufMut>(mut buf: B, len: usize) -> Vec<Part<B>> {
    let total_count = buf.bytes_total();
    let first = buf.as_mut_ptr();
    let memory = buf.fixed_memory().cloned();
    let whole = Arc::new(Mutex::new(buf));
    let begins = (0..total_count.max(1)).step_by(len.max(1));
    let part = |begin: usize| {
        // This address is within the room, or at its end.
        let start = NonNull::new(first.wrapping_add(begin)).expect("a buffer has an address");
        let len = len.min(total_count - begin);
        Part { whole: whole.clone(), start, len, read_count: 0, memory: memory.clone() }
    };
    begins.map(part).collect()
}

/// Returns the buffer, if `parts` are all its parts, in order. Calls `set_read` with the number of
/// bytes that were read without a gap.
pub(crate) fn join<B: IoBufMut>(parts: Vec<Part<B>>) -> Option<B> {
    let mut read_count = 0;
    for part in &parts {
        read_count += part.read_count;
        if part.read_count < part.len {
            break;
        }
    }
    let whole = parts.first()?.whole.clone();
    drop(parts);
    let mut whole = Arc::try_unwrap(whole).ok().map(Mutex::into_inner)?;
    // SAFETY: [disjoint-parts] that many bytes from the start on were read, because every part
    // before the last one counted is full.
    unsafe { whole.set_read(read_count) };
    Some(whole)
}

// SAFETY: [stable-address] the whole has promised it, and is neither moved out nor touched while a
// part exists.
unsafe impl<B: IoBufMut> IoBuf for Part<B> {
    fn as_ptr(&self) -> *const u8 {
        self.start.as_ptr()
    }

    /// Always 0, because a part is only read into.
    fn bytes_init(&self) -> usize {
        0
    }

    fn fixed_memory(&self) -> Option<&Arc<FixedMemory>> {
        self.memory.as_ref()
    }
}

// SAFETY: as above.
unsafe impl<B: IoBufMut> IoBufMut for Part<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }

    fn bytes_total(&self) -> usize {
        self.len
    }

    unsafe fn set_read(&mut self, count: usize) {
        self.read_count = count;
    }
}
