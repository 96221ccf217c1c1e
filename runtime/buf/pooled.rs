//! A buffer of the runtime that a program holds.
#![expect(unsafe_code, reason = "implements the traits of buffers")]

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::shelf::Shelf;
use super::{IoBuf, IoBufMut};

/// Received bytes, in a buffer that belongs to the runtime.
/// [`recv_pooled`](crate::net::ByteStream::recv_pooled) and its relatives return it.
///
/// It dereferences to the bytes. Dropping it returns the buffer, on any thread and in any order,
/// even after the runtime has ended. It owns its buffer alone, so the bytes may be changed in
/// place, and [`write_all_owned`](crate::net::ByteStream::write_all_owned) can write it as it is.
/// `PooledBuf::default()` is empty and holds no buffer.
///
/// # Memory
/// It occupies a whole buffer, however few bytes are in it: for a stream 16 KiB by default, or
/// [`recv_buffer_bytes`](crate::runtime::Builder::recv_buffer_bytes). The system has provided as
/// many pages of it as were ever written. No other reader has to wait: a reader that finds no idle
/// buffer gets a new one. So memory is bounded by the buffers that programs hold, not by the
/// runtime. A program that keeps small messages for long should copy them (`to_vec`). A server that
/// lets strangers make it hold messages must bound their number, as it would with a `Vec` for each.
///
/// # Sharing
/// An `Arc<PooledBuf>` is shared by reference. `bytes::Bytes::from_owner` turns it into a `Bytes`
/// of the crate `bytes` without a copy.
///
/// # Examples
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
    /// Where the remaining bytes begin.
    begin: usize,
    /// `None` if it holds no buffer.
    shelf: Option<Arc<CachePadded<Shelf>>>,
}

impl PooledBuf {
    pub(super) fn on_shelf(shelf: Arc<CachePadded<Shelf>>, bytes: Vec<u8>) -> PooledBuf {
        PooledBuf { bytes, begin: 0, shelf: Some(shelf) }
    }

    /// Removes the first `count` bytes, which the program has processed. The others do not move.
    ///
    /// # Panics
    /// Panics if there are fewer than `count` bytes.
    ///
    /// # Examples
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

    /// Removes all but the first `len` bytes. Does nothing if there are not more.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// let mut datagram = socket.recv_pooled().await?;
    /// datagram.truncate(2);
    /// assert_eq!(*datagram, *b"pi");
    /// # Ok(())
    /// # }
    /// ```
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(self.begin.saturating_add(len));
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.take() {
            shelf.put_back(mem::take(&mut self.bytes));
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
        // Not the pointer of a slice, because writes may go beyond the initialised bytes.
        Vec::as_mut_ptr(&mut self.bytes).wrapping_add(self.begin)
    }

    fn bytes_total(&self) -> usize {
        self.bytes.capacity() - self.begin
    }

    unsafe fn set_read(&mut self, count: usize) {
        // SAFETY: the caller initialised `count` bytes from `begin` on; those before it were
        // initialised already.
        unsafe { self.bytes.set_len(self.begin + count) };
    }
}
