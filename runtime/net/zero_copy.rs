//! Writes that do not copy: the kernel reads the buffer itself. `driver/send/` says how, `owned_transfer.rs` does what it
//! refuses.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::owned_transfer;
use crate::buf::IoBuf;
use crate::driver::Registration;

impl<F: Family> ByteStream<F> {
    /// As [`write_owned`](ByteStream::write_owned), without copying the bytes where the system can do that.
    ///
    /// It can for TCP with io_uring, since Linux 6.2. Elsewhere, and for Unix streams, for TLS of the kernel's, and for more
    /// memory than the process may pin (`ulimit -l`), this is [`write_owned`](ByteStream::write_owned). So it is from the
    /// second write on where the kernel says of the first that it had to copy, as it does within one machine.
    ///
    /// The buffer comes back when the peer's machine has confirmed all that was sent of it: at least one round trip
    /// later, and not before a peer that reads slowly has room. Set a [`timeout`](crate::time::timeout()) where the peer
    /// is not trusted.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Not safe: whether and how much was written before the drop is not told. What is written by another call afterwards
    /// comes behind it. The buffer is freed when the kernel has done with it; a stream that is dropped as well closes, and
    /// what was taken is sent before its end.
    ///
    /// # Panics
    /// If the runtime ends before, and the kernel does not let go of the buffer, which is leaked then.
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        write::<F, B>(self.registration(), buf).await
    }

    /// As [`write_all_owned`](ByteStream::write_all_owned), without copying the bytes where the system can do that.
    ///
    /// Where that is, and when the buffer comes back, is told by
    /// [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy). The table in [`net`](crate::net) says when it pays.
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// As [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy).
    ///
    /// # Panics
    /// As [`write_owned_zero_copy`](ByteStream::write_owned_zero_copy).
    ///
    /// # Example
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # let reader = heist::spawn(async move { let mut all = Vec::new(); peer.read_to_end(&mut all).await.map(|_| all) });
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

pub(super) async fn write<F: Family, B: IoBuf>(
    registration: &Registration,
    buf: B,
) -> (io::Result<usize>, B) {
    if F::MAY_SEND_ZERO_COPY {
        owned_transfer::write_zero_copy(registration, buf).await
    } else {
        owned_transfer::write(registration, buf).await
    }
}

pub(super) async fn write_all<F: Family, B: IoBuf>(
    registration: &Registration,
    buf: B,
) -> (io::Result<()>, B) {
    if F::MAY_SEND_ZERO_COPY {
        owned_transfer::write_all_zero_copy(registration, buf).await
    } else {
        owned_transfer::write_all(registration, buf).await
    }
}
