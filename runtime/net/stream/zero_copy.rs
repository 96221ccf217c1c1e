//! Writes that do not copy: the kernel reads the buffer itself. `driver/send/` implements them.
//! `owned_buffers.rs` repeats with a copy what the kernel refuses.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::{owned_buffers, transfer};
use crate::buf::{IoBuf, bytes_of};
use crate::driver::Registration;
use crate::driver::send::{End, Extent};

impl<F: Family> ByteStream<F> {
    /// As [`write_owned`](ByteStream::write_owned), but without copying the bytes if the system can
    /// do that.
    ///
    /// It can for TCP with io_uring, since Linux 6.2. In all other cases this is
    /// [`write_owned`](ByteStream::write_owned): on other systems and drivers, for Unix streams,
    /// for TLS in the kernel, and for more memory than the process may pin (`ulimit -l`). If the
    /// kernel reports for the first such write of a connection that it had to copy, as it does
    /// within one machine, all later ones are plain writes too.
    ///
    /// The buffer comes back when the machine of the peer has confirmed everything that was sent
    /// from it. That takes at least one round trip, and longer if the peer reads slowly. Set a
    /// [`timeout`](crate::time::timeout()) if you do not trust the peer.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Panics
    /// Panics if the runtime ends before the write does, and the kernel does not release the
    /// buffer. The buffer is leaked in that case.
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn whether and how much was written before the drop. Later
    /// writes come after it. The buffer is freed when the kernel no longer needs it. A stream that
    /// is dropped too closes after the bytes that the kernel had taken are sent.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (result, page) = stream.write_owned_zero_copy(vec![b'x'; 4096]).await;
    /// let written = result?;
    /// assert!(0 < written && written <= page.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        write::<F, B>(self.registration(), buf).await
    }

    /// As [`write_all_owned`](ByteStream::write_all_owned), but without copying the bytes if the
    /// system can do that.
    ///
    /// [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy) describes when that is, and
    /// when the buffer comes back. "When zero copy pays" in [`net`](crate::net) compares the costs.
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Panics
    /// As [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy).
    ///
    /// # Cancel safety
    /// As [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # let reader = heist::spawn(async move {
    /// #     let mut all = Vec::new();
    /// #     peer.read_to_end(&mut all).await.map(|_| all)
    /// # });
    /// let page = vec![b'x'; 1 << 20];
    /// let (result, page) = stream.write_all_owned_zero_copy(page).await;
    /// result?;
    /// // It is ours again: the kernel reads it no longer.
    /// # drop(stream);
    /// # assert!(reader.await.unwrap()? == page);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn write_all_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        write_all::<F, B>(self.registration(), buf).await
    }
}

/// Writes once, without copying if the kernel can do that.
pub(super) async fn write<F: Family, B: IoBuf>(
    registration: &Registration,
    buf: B,
) -> (io::Result<usize>, B) {
    if !F::MAY_SEND_ZERO_COPY || !registration.offers_zero_copy() {
        return owned_buffers::write(registration, buf).await;
    }
    let sent = registration.send_zero_copy(buf, Extent::Part).await;
    let buf = given_back(sent.buf);
    match sent.end {
        End::Taken => (Ok(sent.sent_bytes), buf),
        End::Refused => owned_buffers::write(registration, buf).await,
        End::Failed(error) => (Err(error), buf),
    }
}

/// Writes everything, without copying as far as the kernel can do that.
pub(super) async fn write_all<F: Family, B: IoBuf>(
    registration: &Registration,
    buf: B,
) -> (io::Result<()>, B) {
    if !F::MAY_SEND_ZERO_COPY || !registration.offers_zero_copy() {
        return owned_buffers::write_all(registration, buf).await;
    }
    let sent = registration.send_zero_copy(buf, Extent::All).await;
    let buf = given_back(sent.buf);
    match sent.end {
        End::Taken => (Ok(()), buf),
        End::Refused => {
            let result = transfer::write_all(registration, &bytes_of(&buf)[sent.sent_bytes..]).await;
            (result, buf)
        }
        End::Failed(error) => (Err(error), buf),
    }
}

/// Gives a buffer back to its owner.
///
/// # Panics
/// Panics if the runtime is gone and the kernel still has the buffer: then it cannot be given back.
fn given_back<B>(buf: Option<B>) -> B {
    buf.expect("the heist runtime has ended before this write, and the kernel still reads its buffer")
}
