//! The halves that share a `ByteStream`: for reading and writing at the same time, in two tasks.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::buf::{IoBuf, IoBufMut, PooledBuf};
use crate::fs::File;
use crate::net::stream::byte_stream::ByteStream;
use crate::net::stream::family::Family;
use crate::net::stream::{owned_buffers, pooled, send_file, transfer, zero_copy};
use crate::net::tcp::stream::Tcp;

/// The reading half of a stream that [`ByteStream::into_split`] has split. See there for an
/// example.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (mut reader, _writer) = stream.into_split();
/// peer.write_all(b"ping").await?;
/// assert!(reader.read(&mut [0; 64]).await? > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<F: Family> {
    stream: Arc<ByteStream<F>>,
}

/// The writing half of a stream that [`ByteStream::into_split`] has split. See there for an
/// example.
///
/// Dropping it shuts down writing, so that the peer reads the end of the stream.
/// [`forget`](OwnedWriteHalf::forget) drops it without a shutdown.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (_reader, mut writer) = stream.into_split();
/// writer.write_all(b"ping").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf<F: Family> {
    stream: Arc<ByteStream<F>>,
    shuts_down_on_drop: bool,
}

/// The error of `reunite` if the halves do not belong to one stream. It contains both halves,
/// unchanged.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// # use heist::net::{TcpListener, TcpStream};
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let one = TcpStream::connect(listener.local_addr()?).await?;
/// # let other = TcpStream::connect(listener.local_addr()?).await?;
/// use heist::net::tcp::ReuniteError;
///
/// let (reader, _writer) = one.into_split();
/// let (_reader, writer) = other.into_split();
/// let ReuniteError(_reader, _writer) = reader.reunite(writer).unwrap_err();
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct ReuniteError<F: Family = Tcp>(pub OwnedReadHalf<F>, pub OwnedWriteHalf<F>);

impl<F: Family> fmt::Display for ReuniteError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of one stream")
    }
}

impl<F: Family> Error for ReuniteError<F> {}

impl<F: Family> ByteStream<F> {
    /// Splits the stream into a reading and a writing half that share it: for two tasks.
    ///
    /// Dropping the writing half shuts down writing. The connection is closed when both halves are
    /// dropped.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (mut reader, mut writer) = stream.into_split();
    /// let writes = heist::spawn(async move { writer.write_all(b"ping").await });
    ///
    /// # let mut ping = [0; 4];
    /// # peer.read_exact(&mut ping).await?;
    /// # peer.write_all(b"pong").await?;
    /// let mut buf = [0; 4];
    /// reader.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"pong");
    /// writes.await.unwrap()?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf<F>, OwnedWriteHalf<F>) {
        let stream = Arc::new(self);
        (OwnedReadHalf { stream: stream.clone() }, OwnedWriteHalf { stream, shuts_down_on_drop: true })
    }
}

fn reunite<F: Family>(
    read: OwnedReadHalf<F>,
    write: OwnedWriteHalf<F>,
) -> Result<ByteStream<F>, ReuniteError<F>> {
    if !Arc::ptr_eq(&read.stream, &write.stream) {
        return Err(ReuniteError(read, write));
    }
    write.forget();
    Ok(Arc::into_inner(read.stream).expect("a stream has two halves, and one of them is gone"))
}

impl<F: Family> Drop for OwnedWriteHalf<F> {
    fn drop(&mut self) {
        if self.shuts_down_on_drop {
            // The error needs no handling: the connection is already closed as far as it can be.
            let _ = self.stream.shut_down(Shutdown::Write);
        }
    }
}

impl<F: Family> OwnedReadHalf<F> {
    pub(crate) fn stream(&self) -> &ByteStream<F> {
        &self.stream
    }

    /// Joins the two halves of one stream again.
    ///
    /// # Errors
    /// Returns a [`ReuniteError`] with both halves if they do not belong to one stream.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("they are of one stream");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf<F>) -> Result<ByteStream<F>, ReuniteError<F>> {
        reunite(self, other)
    }

    /// See [`ByteStream::read`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.into_split();
    /// let mut buf = [0; 64];
    /// let count = reader.read(&mut buf).await?;
    /// assert_eq!(buf[..count], b"ping"[..count]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::read_vectored`], also for errors and cancel safety.
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        transfer::read_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::read_exact`], also for errors and cancel safety.
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read_exact(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::read_to_end`], also for errors and cancel safety.
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        transfer::read_to_end(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::read_to_string`], also for errors and cancel safety.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        transfer::read_to_string(self.stream.registration(), text).await
    }

    /// See [`ByteStream::read_owned`], also for errors and cancel
    /// safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.into_split();
    /// let (result, buf) = reader.read_owned(Vec::with_capacity(64)).await;
    /// assert_eq!(result?, buf.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_buffers::read(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::read_vectored_owned`], also for
    /// errors and cancel safety.
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_buffers::read_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::recv_pooled`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.into_split();
    /// assert!(b"ping".starts_with(&reader.recv_pooled().await?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_pooled(&mut self) -> io::Result<PooledBuf> {
        pooled::receive_stream(self.stream.registration()).await
    }

    /// See [`ByteStream::try_recv_pooled`], also for errors.
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        pooled::try_receive_stream(self.stream.registration())
    }

    /// See [`ByteStream::peek`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.into_split();
    /// let mut buf = [0; 64];
    /// let count = reader.peek(&mut buf).await?;
    /// // The bytes are still there.
    /// assert!(reader.read(&mut buf).await? >= count);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(buf).await
    }

    /// See [`ByteStream::poll_peek`], also for errors.
    pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_peek(cx, buf)
    }

    /// See [`ByteStream::readable`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.into_split();
    /// reader.readable().await?;
    /// assert!(reader.try_read(&mut [0; 64])? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.stream.readable().await
    }

    /// See [`ByteStream::try_read`], also for errors.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buf)
    }

    /// See [`ByteStream::try_read_vectored`], also for errors.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.stream.try_read_vectored(bufs)
    }

    /// The peer's address; see [`ByteStream::peer_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.into_split();
    /// assert_eq!(reader.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        self.stream.peer_addr()
    }

    /// The address of the local end; see [`ByteStream::local_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.into_split();
    /// assert_eq!(reader.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        self.stream.local_addr()
    }
}

impl<F: Family> OwnedWriteHalf<F> {
    pub(crate) fn stream(&self) -> &ByteStream<F> {
        &self.stream
    }

    /// Joins the two halves of one stream again; see [`OwnedReadHalf::reunite`]. It has an example.
    ///
    /// # Errors
    /// Returns a [`ReuniteError`] with both halves if they do not belong to one stream.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = writer.reunite(reader).expect("they are of one stream");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedReadHalf<F>) -> Result<ByteStream<F>, ReuniteError<F>> {
        reunite(other, self)
    }

    /// Drops this half without shutting down writing: the peer keeps waiting until the other half
    /// is dropped too.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (mut reader, writer) = stream.into_split();
    /// writer.forget();
    /// # peer.write_all(b"still here").await?;
    /// let mut buf = [0; 10];
    /// reader.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"still here");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn forget(mut self) {
        self.shuts_down_on_drop = false;
    }

    /// See [`ByteStream::write`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.into_split();
    /// assert_eq!(writer.write(b"ping").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        transfer::write(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::write_vectored`], also for errors and cancel safety.
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        transfer::write_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::write_all`], also for errors and cancel safety.
    pub async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        transfer::write_all(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::write_all_vectored`], also for errors and cancel safety.
    pub async fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> io::Result<()> {
        transfer::write_all_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::write_owned`], also for errors and cancel
    /// safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.into_split();
    /// let (result, buf) = writer.write_owned(b"ping".to_vec()).await;
    /// assert_eq!(result?, buf.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_buffers::write(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned`], also for errors and
    /// cancel safety.
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_buffers::write_all(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::write_vectored_owned`], also for
    /// errors and cancel safety.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_buffers::write_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::write_all_vectored_owned`],
    /// also for errors and cancel safety.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_buffers::write_all_vectored(self.stream.registration(), bufs).await
    }

    /// See [`ByteStream::write_owned_zero_copy`], also
    /// for errors and cancel safety.
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        zero_copy::write::<F, B>(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned_zero_copy`],
    /// also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.into_split();
    /// let (result, _page) = writer.write_all_owned_zero_copy(vec![b'x'; 4096]).await;
    /// result?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        zero_copy::write_all::<F, B>(self.stream.registration(), buf).await
    }

    /// See [`ByteStream::send_file`], also for errors, cancel safety and panics.
    pub async fn send_file(&mut self, file: &File, offset: u64, len: u64) -> io::Result<u64> {
        send_file::send(self.stream.registration(), file, offset, len, |_| {}).await
    }

    /// See [`ByteStream::send_file_with`], also for errors, cancel safety and panics.
    pub async fn send_file_with(
        &mut self,
        file: &File,
        offset: u64,
        len: u64,
        progress: impl FnMut(u64),
    ) -> io::Result<u64> {
        send_file::send(self.stream.registration(), file, offset, len, progress).await
    }

    /// See [`ByteStream::try_send_file`], also for errors.
    pub fn try_send_file(&self, file: &File, offset: u64, len: u64) -> io::Result<Option<usize>> {
        send_file::try_send(self.stream.registration(), file, offset, len)
    }

    /// Does nothing; see [`ByteStream::flush`], also for cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.into_split();
    /// writer.write_all(b"ping").await?;
    /// writer.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Shuts down writing: the peer reads the end of the stream. See [`ByteStream::shutdown`], also
    /// for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.into_split();
    /// writer.write_all(b"the question").await?;
    /// writer.shutdown().await?;
    /// let mut question = String::new();
    /// peer.read_to_string(&mut question).await?;
    /// assert_eq!(question, "the question");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.shut_down_writing()
    }

    /// See [`ByteStream::writable`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.into_split();
    /// writer.writable().await?;
    /// assert_eq!(writer.try_write(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// See [`ByteStream::try_write`], also for errors.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.stream.try_write(buf)
    }

    /// See [`ByteStream::try_write_vectored`], also for errors.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(bufs)
    }

    /// The peer's address; see [`ByteStream::peer_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.into_split();
    /// assert_eq!(writer.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        self.stream.peer_addr()
    }

    /// The address of the local end; see [`ByteStream::local_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.into_split();
    /// assert_eq!(writer.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        self.stream.local_addr()
    }

    /// Records the shutdown, so that the drop does not repeat it. Otherwise a later drop would shut
    /// down a stream that may have been joined again and used for something else.
    pub(crate) fn shut_down_writing(&mut self) -> io::Result<()> {
        self.stream.shut_down(Shutdown::Write)?;
        self.shuts_down_on_drop = false;
        Ok(())
    }
}

impl<F: Family> AsRef<ByteStream<F>> for OwnedReadHalf<F> {
    fn as_ref(&self) -> &ByteStream<F> {
        &self.stream
    }
}

impl<F: Family> AsRef<ByteStream<F>> for OwnedWriteHalf<F> {
    fn as_ref(&self) -> &ByteStream<F> {
        &self.stream
    }
}
