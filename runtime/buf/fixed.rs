//! Buffers whose memory the kernel may keep at hand: registered with the rings of a runtime.
#![expect(unsafe_code, reason = "buffers point into memory that they share, each into a part of its own")]

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut, Range};
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use super::{AlignedBuf, IoBuf, IoBufMut};
use crate::primitive::sync::Mutex;

/// A pool of page-aligned buffers of one length, whose memory is registered with the rings of its runtime.
///
/// An operation of a file finds the pages of its buffer before it moves a byte, and lets them go again afterwards. With a
/// registered buffer that was done once, and [`read_owned_at`](crate::fs::File::read_owned_at) and
/// [`write_owned_at`](crate::fs::File::write_owned_at) spare it. That pays for many small operations past the page cache
/// (`O_DIRECT`); see [`fs`](crate::fs) for which buffer to take when.
///
/// Everything else is as with an [`AlignedBuf`], and so are all results. Each worker's ring registers the memory at its first
/// operation with one of the buffers. Where that cannot be (the poll driver, an older kernel, too little memory that may
/// be locked), the same operations are done without: [`rings_count`](FixedBufPool::rings_count) and
/// [`refusal`](FixedBufPool::refusal) tell. So are those in another runtime, those of several buffers at once, and those of
/// sockets.
///
/// # What it costs
/// All its memory at once, however few buffers are out; and each ring that has it counts it as locked (`ulimit -l`). It is
/// given back when the pool, its clones and all its buffers are dropped, at the next turn of each worker that had it,
/// or when their runtime ends.
///
/// A buffer holds what its last holder left in it, until it is read into or changed.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::io::{FixedBufPool, IoBuf};
///
/// let file = heist::fs::File::open("Cargo.toml").await?;
/// let pool = FixedBufPool::new(64, 4096)?;
/// let (result, buf) = file.read_owned_at(pool.take(), 0).await;
/// let count = result?;
/// assert!(buf[..count].starts_with(b"["));
///
/// // A part of one, as of any buffer.
/// let (result, part) = file.read_owned_at(buf.slice(0, 9), 1).await;
/// assert_eq!(&part.into_inner()[..result?], b"workspace");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FixedBufPool(Arc<Shared>);

/// What the pool and its buffers share. Its end is that of every operation with one of them.
#[derive(Debug)]
struct Shared {
    memory: Arc<FixedMemory>,
    /// Of one buffer.
    len: usize,
    /// From the beginning of one buffer to that of the next.
    stride: usize,
    /// Which buffers nobody has. The last that came back is the first to be taken: it is warm.
    idle: Mutex<Vec<u32>>,
}

/// The memory of a pool. A ring on which it is registered has a share, so that the address is nobody else's while the kernel
/// takes it for these pages [registered-is-held].
pub struct FixedMemory {
    bytes: AlignedBuf,
    registry: Weak<dyn Registry>,
    status: Mutex<Status>,
}

#[derive(Debug, Default)]
struct Status {
    rings_count: usize,
    /// What the first ring that could not register it said.
    refusal: Option<(io::ErrorKind, String)>,
}

/// The rings that the memory of a pool may be registered with.
pub(crate) trait Registry: Send + Sync {
    /// No operation with this memory is in flight, and none will come.
    fn unregister(&self, memory: &Arc<FixedMemory>);
}

impl FixedBufPool {
    /// The most that the kernel registers in one piece.
    pub(in crate::buf) const BYTES_MAX: usize = 1 << 30;

    /// # Errors
    /// See [`new`](FixedBufPool::new), which belongs to the driver.
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
        let memory = Arc::new(FixedMemory { bytes, registry, status: Mutex::new(Status::default()) });
        // Each takes a page at least, so that their number fits. The first is on top.
        let idle = Mutex::new((0..count as u32).rev().collect());
        Ok(FixedBufPool(Arc::new(Shared { memory, len, stride, idle })))
    }

    /// A buffer. It goes back to the pool when it is dropped, on any thread.
    ///
    /// Nobody waits for one: when all are out it is memory of its own, aligned and not registered, and freed when it is
    /// dropped. [`try_take`](FixedBufPool::try_take) is for who would rather do without.
    pub fn take(&self) -> FixedBuf {
        self.try_take().unwrap_or_else(|| FixedBuf::alone(AlignedBuf::new(self.0.len)))
    }

    /// A buffer, if one is left.
    pub fn try_take(&self) -> Option<FixedBuf> {
        let index = self.0.idle.lock().pop()?;
        Some(FixedBuf::of(self.0.clone(), index))
    }

    /// How many buffers are left.
    pub fn idle_count(&self) -> usize {
        self.0.idle.lock().len()
    }

    /// How many rings have registered the memory by now: each worker's does at its first operation with one of the buffers.
    pub fn rings_count(&self) -> usize {
        self.0.memory.status.lock().rings_count
    }

    /// Why a ring has not registered the memory, if one tried and could not: operations go there as with other buffers.
    pub fn refusal(&self) -> Option<io::Error> {
        let status = self.0.memory.status.lock();
        status.refusal.as_ref().map(|(kind, text)| io::Error::new(*kind, text.clone()))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(registry) = self.memory.registry.upgrade() {
            registry.unregister(&self.memory);
        }
    }
}

impl FixedMemory {
    /// Whether this is whom the memory is registered with.
    pub(crate) fn is_of<R>(&self, registry: &Arc<R>) -> bool {
        // The weak share keeps the address from being another's.
        std::ptr::addr_eq(self.registry.as_ptr(), Arc::as_ptr(registry))
    }

    /// Its first byte, and how many there are.
    pub(crate) fn extent(&self) -> (*mut u8, usize) {
        (IoBuf::as_ptr(&self.bytes).cast_mut(), self.bytes.bytes_init())
    }

    /// Its addresses.
    pub(crate) fn addresses(&self) -> Range<usize> {
        let (start, len) = self.extent();
        start.addr()..start.addr() + len
    }

    /// One ring more, or less, has it.
    pub(crate) fn change_rings_count(&self, change: isize) {
        let mut status = self.status.lock();
        status.rings_count = status.rings_count.saturating_add_signed(change);
    }

    /// A ring could not register it. The first reason stays.
    pub(crate) fn refuse(&self, error: &io::Error) {
        let mut status = self.status.lock();
        status.refusal.get_or_insert_with(|| (error.kind(), error.to_string()));
    }
}

impl fmt::Debug for FixedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedMemory").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// A buffer of a [`FixedBufPool`]: of a fixed length, page-aligned, as [`AlignedBuf`] is. Dropping it gives it back.
pub struct FixedBuf {
    start: NonNull<u8>,
    len: usize,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Pool {
        shared: Arc<Shared>,
        index: u32,
    },
    /// All of the pool's were out.
    Alone(#[expect(dead_code, reason = "kept to be freed")] AlignedBuf),
}

impl FixedBuf {
    fn of(shared: Arc<Shared>, index: u32) -> FixedBuf {
        let (first, _) = shared.memory.extent();
        // Within the memory: there are more indices than this by none.
        let start = first.wrapping_add(index as usize * shared.stride);
        let start = NonNull::new(start).expect("memory has an address");
        FixedBuf { start, len: shared.len, home: Home::Pool { shared, index } }
    }

    fn alone(mut bytes: AlignedBuf) -> FixedBuf {
        let start = NonNull::new(IoBufMut::as_mut_ptr(&mut bytes)).expect("memory has an address");
        FixedBuf { start, len: bytes.len(), home: Home::Alone(bytes) }
    }
}

impl Drop for FixedBuf {
    fn drop(&mut self) {
        if let Home::Pool { shared, index } = &self.home {
            shared.idle.lock().push(*index);
        }
    }
}

impl Deref for FixedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: [one-holder] its own part of memory that was zeroed when it was made, and that it has a share of.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for FixedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: [one-holder] as above; nobody else has the part.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

// SAFETY: [one-holder] it owns its part as a box does.
unsafe impl Send for FixedBuf {}
// SAFETY: shared, it is only read.
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
        match &self.home {
            Home::Pool { shared, .. } => Some(&shared.memory),
            Home::Alone(_) => None,
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
