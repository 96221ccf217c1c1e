//! A buffer of the runtime's in the hands of a program.
#![expect(unsafe_code, reason = "implements the traits of buffers")]

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::pool::Shelf;
use super::{IoBuf, IoBufMut};

/// What [`recv_pooled`](crate::net::ByteStream::recv_pooled) received, in a buffer that belongs to the runtime.
///
/// It is the bytes, as a slice. Dropping it gives the buffer back, on any thread, in any order, also after the runtime has
/// ended. It owns its buffer alone: the bytes may be changed in place, and it can be written as it is with
/// [`write_all_owned`](crate::net::ByteStream::write_all_owned).
///
/// # What holding it costs
/// A whole buffer ([`recv_buffer_bytes`](crate::runtime::Builder::recv_buffer_bytes), of which the system has provided as many
/// pages as were ever written), however few bytes are in it. No other reader has to wait for it: whoever finds no idle
/// buffer gets a new one. So memory is bounded by what programs hold, not by the runtime; who keeps small messages for
/// long copies them (`to_vec`), and a server that lets strangers make it hold messages bounds how many, as it would with
/// a `Vec` for each.
///
/// # Sharing
/// An `Arc<PooledBuf>` is shared by reference. Where the crate `bytes` is at home, this makes it a `Bytes` without a copy:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut stream, _) = listener.accept().await?;
/// # client.write_all(b"GET /index").await?;
/// # stream.readable().await?;
/// let mut request = stream.recv_pooled().await?;
/// request.advance(4);
/// let path = bytes::Bytes::from_owner(request);
/// let (first, all) = (path.slice(..1), path.clone());
/// assert_eq!((&first[..], &all[..]), (&b"/"[..], &b"/index"[..]));
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Default)]
pub struct PooledBuf {
    bytes: Vec<u8>,
    /// Where the bytes begin that are left.
    begin: usize,
    /// None: it holds no buffer.
    home: Option<Arc<CachePadded<Shelf>>>,
}

impl PooledBuf {
    pub(super) fn at_home_on(home: Arc<CachePadded<Shelf>>, bytes: Vec<u8>) -> PooledBuf {
        PooledBuf { bytes, begin: 0, home: Some(home) }
    }

    /// Takes the first `count` bytes away, which were dealt with.
    ///
    /// # Panics
    /// If there are fewer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"\x05hello...").await?;
    /// let mut bytes = stream.recv_pooled().await?;
    /// let len = usize::from(bytes[0]);
    /// bytes.advance(1);
    /// bytes.truncate(len);
    /// assert_eq!(*bytes, *b"hello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.len(), "advanced by {count} bytes where only {} are left", self.len());
        self.begin += count;
    }

    /// Takes all but the first `len` bytes away. Nothing happens if there are not more.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(self.begin.saturating_add(len));
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.put_back(mem::take(&mut self.bytes));
        }
    }
}

impl Deref for PooledBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.begin..]
    }
}

impl DerefMut for PooledBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.begin..]
    }
}

impl AsRef<[u8]> for PooledBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsMut<[u8]> for PooledBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl fmt::Debug for PooledBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledBuf").field("len", &self.len()).finish_non_exhaustive()
    }
}

// SAFETY: [stable-address] the bytes are on the heap, and the vector never grows.
unsafe impl IoBuf for PooledBuf {
    fn as_ptr(&self) -> *const u8 {
        self[..].as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }
}

// SAFETY: [stable-address] the same bytes, and the capacity behind them.
unsafe impl IoBufMut for PooledBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        // Not a slice's: it may write behind what is initialised.
        Vec::as_mut_ptr(&mut self.bytes).wrapping_add(self.begin)
    }

    fn bytes_total(&self) -> usize {
        self.bytes.capacity() - self.begin
    }

    unsafe fn set_read(&mut self, count: usize) {
        // SAFETY: the caller initialised `count` bytes from the beginning on; those before it were so already.
        unsafe { self.bytes.set_len(self.begin + count) };
    }
}
