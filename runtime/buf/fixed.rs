//! A program's own pool of buffers, whose memory the rings of a runtime may register.
#![expect(unsafe_code, reason = "buffers point into memory that they share, each into a part of its own")]

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use super::{AlignedBuf, FixedMemory, IoBuf, IoBufMut, Registry};
use crate::primitive::sync::Mutex;

/// A pool of page-aligned buffers of one length, whose memory is registered with the rings of its
/// runtime.
///
/// For each operation on a file the kernel locates the pages of its buffer and releases them
/// afterwards. For a registered buffer it has done so once, so
/// [`read_owned_at`](crate::fs::File::read_owned_at) and
/// [`write_owned_at`](crate::fs::File::write_owned_at) save that work. This pays for many small
/// operations that bypass the page cache (`O_DIRECT`); see [`fs`](crate::fs) for a comparison of
/// buffers.
///
/// In every other respect a buffer of the pool behaves like an [`AlignedBuf`], and all results are
/// the same. Each worker's ring registers the memory at its first operation with one of the
/// buffers. The same operations run without registration in these cases:
/// - registration is impossible: the poll driver, an older kernel, or too little memory that may be
///   locked ([`rings_count`](FixedBufPool::rings_count) and [`refusal`](FixedBufPool::refusal)
///   report it);
/// - the operation runs in another runtime, takes several buffers at once, or is one of a socket.
///
/// # Cost
/// The pool allocates all its memory at once, however few buffers are in use, and each ring that
/// registers it counts it as locked (`ulimit -l`). When the pool, its clones and all its buffers
/// are dropped, each worker that registered the memory releases it at its next turn, or at the end
/// of the runtime.
///
/// A buffer contains the bytes of its last holder until it is read into or changed.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::io::{FixedBufPool, IoBuf};
///
/// let path = std::env::temp_dir().join(format!("heist-fixed-{}", std::process::id()));
/// heist::fs::write(&path, b"hello, disk").await?;
/// let file = heist::fs::File::open(&path).await?;
///
/// let pool = FixedBufPool::new(64, 4096)?;
/// let (result, buf) = file.read_owned_at(pool.take(), 0).await;
/// assert_eq!(&buf[..result?], b"hello, disk");
///
/// // An operation takes a part of a buffer as well.
/// let (result, part) = file.read_owned_at(buf.slice(0, 4), 7).await;
/// assert_eq!(&part.into_inner()[..result?], b"disk");
/// assert_eq!(pool.idle_count(), 64);
/// # heist::fs::remove_file(&path).await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FixedBufPool(Arc<FixedPoolState>);

/// The state that the pool and its buffers share. It is dropped after every operation with one of
/// them has ended.
#[derive(Debug)]
struct FixedPoolState {
    memory: Arc<FixedMemory>,
    /// The length of one buffer, in bytes.
    len: usize,
    /// The distance from the start of one buffer to that of the next, in bytes.
    stride: usize,
    /// The buffers that have no holder. The last one that came back is taken first, because it is
    /// still in the cache.
    idle: Mutex<Vec<u32>>,
}

impl FixedBufPool {
    /// The most bytes that the kernel registers in one piece.
    pub(in crate::buf) const BYTES_MAX: usize = 1 << 30;

    /// Creates a pool that `registry` may register.
    ///
    /// # Errors
    /// See [`new`](FixedBufPool::new), which is in the driver.
    pub(crate) fn registered_with(
        registry: Weak<dyn Registry>,
        count: usize,
        len: usize,
    ) -> io::Result<FixedBufPool> {
        let refused = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        if count == 0 || len == 0 {
            return Err(refused(format!("a pool of {count} buffers of {len} bytes has no memory")));
        }
        let stride = len.checked_next_multiple_of(AlignedBuf::ALIGN_DEFAULT);
        let total = stride.and_then(|stride| stride.checked_mul(count));
        let Some((stride, total)) = stride.zip(total).filter(|(_, total)| *total <= Self::BYTES_MAX) else {
            return Err(refused(format!(
                "{count} buffers of {len} bytes are more than the 1 GiB that the kernel registers in one piece; make \
                 several pools"
            )));
        };
        let bytes = AlignedBuf::try_with_align(total, AlignedBuf::ALIGN_DEFAULT).ok_or_else(|| {
            let text = format!("no memory for a pool of {count} buffers of {len} bytes");
            io::Error::new(io::ErrorKind::OutOfMemory, text)
        })?;
        let memory = Arc::new(FixedMemory::new(bytes, registry));
        // Each buffer takes at least a page, so their number fits. The first one is on top.
        let idle = Mutex::new((0..count as u32).rev().collect());
        Ok(FixedBufPool(Arc::new(FixedPoolState { memory, len, stride, idle })))
    }

    /// Takes a buffer. It returns to the pool when it is dropped, on any thread.
    ///
    /// This never waits. If all buffers are in use, it allocates a separate one, which is aligned
    /// but not registered, and is freed when it is dropped. [`try_take`](FixedBufPool::try_take)
    /// returns `None` instead.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let pool = heist::io::FixedBufPool::new(1, 4096)?;
    /// let first = pool.try_take().expect("one is left");
    /// assert!(pool.try_take().is_none());
    /// let separate = pool.take();
    /// assert_eq!(separate.len(), 4096);
    /// drop((first, separate));
    /// assert_eq!(pool.idle_count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(&self) -> FixedBuf {
        self.try_take().unwrap_or_else(|| FixedBuf::alone(AlignedBuf::new(self.0.len)))
    }

    /// Takes a buffer, if one is left. It returns to the pool when it is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let pool = heist::io::FixedBufPool::new(1, 4096)?;
    /// let only = pool.try_take().expect("one is left");
    /// assert!(pool.try_take().is_none());
    /// drop(only);
    /// assert!(pool.try_take().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_take(&self) -> Option<FixedBuf> {
        let index = self.0.idle.lock().pop()?;
        Some(FixedBuf::of(self.0.clone(), index))
    }

    /// Returns the number of buffers that are left in the pool.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let pool = heist::io::FixedBufPool::new(4, 4096)?;
    /// let _buf = pool.try_take();
    /// assert_eq!(pool.idle_count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn idle_count(&self) -> usize {
        self.0.idle.lock().len()
    }

    /// Returns the number of rings that have registered the memory by now. Each worker's ring does
    /// so at its first operation with one of the buffers.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let pool = heist::io::FixedBufPool::new(8, 4096)?;
    /// // No operation has used a buffer yet, so no ring has tried to register the memory.
    /// assert_eq!(pool.rings_count(), 0);
    /// assert!(pool.refusal().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn rings_count(&self) -> usize {
        self.0.memory.rings_count()
    }

    /// Returns why a ring has not registered the memory, if one tried and failed. Operations on
    /// that ring run as with other buffers.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let pool = heist::io::FixedBufPool::new(4, 4096)?;
    /// if let Some(error) = pool.refusal() {
    ///     println!("the buffers work, but they are not registered: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn refusal(&self) -> Option<io::Error> {
        self.0.memory.refusal()
    }
}

impl Drop for FixedPoolState {
    fn drop(&mut self) {
        FixedMemory::unregister(&self.memory);
    }
}

/// A buffer of a [`FixedBufPool`]: page-aligned, of a fixed length, and zeroed at first. It
/// dereferences to its bytes. Dropping it returns it to the pool.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let pool = heist::io::FixedBufPool::new(1, 4096)?;
/// let mut buf = pool.take();
/// buf[..2].copy_from_slice(b"hi");
/// assert_eq!(buf.len(), 4096);
/// assert_eq!(pool.idle_count(), 0);
/// drop(buf);
/// assert_eq!(pool.idle_count(), 1);
/// # Ok(())
/// # }
/// ```
pub struct FixedBuf {
    start: NonNull<u8>,
    len: usize,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    Pool {
        shared: Arc<FixedPoolState>,
        index: u32,
    },
    /// All buffers of the pool were in use.
    Alone(#[expect(dead_code, reason = "kept to be freed")] AlignedBuf),
}

impl FixedBuf {
    fn of(shared: Arc<FixedPoolState>, index: u32) -> FixedBuf {
        let (first, _) = shared.memory.extent();
        // This is within the memory: every index is less than the number of buffers.
        let start = first.wrapping_add(index as usize * shared.stride);
        let start = NonNull::new(start).expect("memory has an address");
        FixedBuf { start, len: shared.len, backing: Backing::Pool { shared, index } }
    }

    fn alone(mut bytes: AlignedBuf) -> FixedBuf {
        let start = NonNull::new(IoBufMut::as_mut_ptr(&mut bytes)).expect("memory has an address");
        FixedBuf { start, len: bytes.len(), backing: Backing::Alone(bytes) }
    }
}

impl Drop for FixedBuf {
    fn drop(&mut self) {
        if let Backing::Pool { shared, index } = &self.backing {
            shared.idle.lock().push(*index);
        }
    }
}

impl Deref for FixedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: [one-holder] this is its own part of memory that was zeroed when it was
        // allocated, and to which it holds a reference.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for FixedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: [one-holder] as above; no other code has the part.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

// SAFETY: [one-holder] it owns its part as a box does.
unsafe impl Send for FixedBuf {}
// SAFETY: shared references only read it.
unsafe impl Sync for FixedBuf {}

// SAFETY: [stable-address] the bytes are on the heap.
unsafe impl IoBuf for FixedBuf {
    fn as_ptr(&self) -> *const u8 {
        self.start.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len
    }

    fn fixed_memory(&self) -> Option<&Arc<FixedMemory>> {
        match &self.backing {
            Backing::Pool { shared, .. } => Some(&shared.memory),
            Backing::Alone(_) => None,
        }
    }
}

// SAFETY: [stable-address] the same bytes.
unsafe impl IoBufMut for FixedBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }

    fn bytes_total(&self) -> usize {
        self.len
    }

    unsafe fn set_read(&mut self, _count: usize) {}
}

impl AsRef<[u8]> for FixedBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsMut<[u8]> for FixedBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl fmt::Debug for FixedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedBuf").field("len", &self.len).finish_non_exhaustive()
    }
}
