//! The runtime's own buffer between a borrowed slice and an operation.
#![expect(unsafe_code, reason = "implements the traits of buffers")]

use std::ops::Deref;

use super::{AlignedBuf, IoBuf, IoBufMut};

/// The bytes of a borrowed slice on their way to or from an operation. As a slice it contains the
/// bytes that were read or must be written.
#[derive(Debug)]
pub(crate) struct Staging {
    memory: AlignedBuf,
    room_len: usize,
    filled_len: usize,
}

impl Default for Staging {
    fn default() -> Staging {
        Staging { memory: AlignedBuf::with_align(0, 1), room_len: 0, filled_len: 0 }
    }
}

/// The least alignment of the runtime's buffers: see "When to use it" of [`AlignedBuf`].
const ALIGN_MIN: usize = 64;

impl Staging {
    /// Returns room for `len` bytes. Uses this memory again if it is large enough and aligned to
    /// `align`.
    pub(crate) fn with_room(self, len: usize, align: usize) -> Staging {
        let align = align.max(ALIGN_MIN);
        let is_fit = self.memory.len() >= len && self.memory.as_ptr().addr() % align == 0;
        let memory = if is_fit { self.memory } else { AlignedBuf::with_align(len, align) };
        Staging { memory, room_len: len, filled_len: 0 }
    }

    /// Returns how much memory it has, in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Returns a copy of `bytes`, in this memory if it is large enough and aligned to `align`.
    pub(crate) fn with_bytes(self, bytes: &[u8], align: usize) -> Staging {
        let mut staging = self.with_room(bytes.len(), align);
        staging.memory[..bytes.len()].copy_from_slice(bytes);
        staging.filled_len = bytes.len();
        staging
    }
}

impl Deref for Staging {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[..self.filled_len]
    }
}

// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for Staging {
    fn as_ptr(&self) -> *const u8 {
        IoBuf::as_ptr(&self.memory)
    }

    fn bytes_init(&self) -> usize {
        self.filled_len
    }
}

// SAFETY: the bytes are on the heap, and there are at least as many as the room.
unsafe impl IoBufMut for Staging {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        IoBufMut::as_mut_ptr(&mut self.memory)
    }

    fn bytes_total(&self) -> usize {
        self.room_len
    }

    unsafe fn set_read(&mut self, count: usize) {
        self.filled_len = count;
    }
}
