//! The halves that borrow a `ByteStream`: for reading and writing at the same time, inside one
//! task.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::task::{Context, Poll};

use crate::buf::{IoBuf, IoBufMut, PooledBuf};
use crate::fs::File;
use crate::net::stream::byte_stream::ByteStream;
use crate::net::stream::family::Family;
use crate::net::stream::{owned_buffers, pooled, send_file, transfer, zero_copy};

/// The reading half of a stream that [`ByteStream::split`] has split. See there for an example.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (mut reader, _writer) = stream.split();
/// peer.write_all(b"ping").await?;
/// assert!(reader.read(&mut [0; 64]).await? > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReadHalf<'a, F: Family>(&'a ByteStream<F>);

/// The writing half of a stream that [`ByteStream::split`] has split. See there for an example.
///
/// Dropping it does nothing. The peer reads the end of the stream after
/// [`shutdown`](WriteHalf::shutdown), or when the stream is dropped.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (_reader, mut writer) = stream.split();
/// writer.write_all(b"ping").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WriteHalf<'a, F: Family>(&'a ByteStream<F>);

impl<F: Family> ByteStream<F> {
    /// Splits the stream into a reading and a writing half that borrow it: for two futures of one
    /// task.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"from the peer").await?;
    /// let (mut reader, mut writer) = stream.split();
    /// let mut buf = [0; 64];
    /// let reading = reader.read(&mut buf);
    /// let writing = writer.write_all(b"to the peer");
    /// let (count, _) = futures::try_join!(reading, writing)?;
    /// assert_eq!(&buf[..count], b"from the peer");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_, F>, WriteHalf<'_, F>) {
        let stream = &*self;
        (ReadHalf(stream), WriteHalf(stream))
    }
}

impl<F: Family> ReadHalf<'_, F> {
    pub(crate) fn stream(&self) -> &ByteStream<F> {
        self.0
    }

    /// See [`ByteStream::read`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.split();
    /// let mut buf = [0; 64];
    /// let count = reader.read(&mut buf).await?;
    /// assert_eq!(buf[..count], b"ping"[..count]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read(self.0.registration(), buf).await
    }

    /// See [`ByteStream::read_vectored`], also for errors and cancel safety.
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        transfer::read_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::read_exact`], also for errors and cancel safety.
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read_exact(self.0.registration(), buf).await
    }

    /// See [`ByteStream::read_to_end`], also for errors and cancel safety.
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        transfer::read_to_end(self.0.registration(), buf).await
    }

    /// See [`ByteStream::read_to_string`], also for errors and cancel safety.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        transfer::read_to_string(self.0.registration(), text).await
    }

    /// See [`ByteStream::read_owned`], also for errors and cancel
    /// safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.split();
    /// let (result, buf) = reader.read_owned(Vec::with_capacity(64)).await;
    /// assert_eq!(result?, buf.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_buffers::read(self.0.registration(), buf).await
    }

    /// See [`ByteStream::read_vectored_owned`], also for
    /// errors and cancel safety.
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_buffers::read_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::recv_pooled`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.split();
    /// assert!(b"ping".starts_with(&reader.recv_pooled().await?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_pooled(&mut self) -> io::Result<PooledBuf> {
        pooled::receive_stream(self.0.registration()).await
    }

    /// See [`ByteStream::try_recv_pooled`], also for errors.
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        pooled::try_receive_stream(self.0.registration())
    }

    /// See [`ByteStream::peek`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (mut reader, _writer) = stream.split();
    /// let mut buf = [0; 64];
    /// let count = reader.peek(&mut buf).await?;
    /// // The bytes are still there.
    /// assert!(reader.read(&mut buf).await? >= count);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).await
    }

    /// See [`ByteStream::poll_peek`], also for errors.
    pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
    }

    /// See [`ByteStream::readable`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.split();
    /// reader.readable().await?;
    /// assert!(reader.try_read(&mut [0; 64])? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// See [`ByteStream::try_read`], also for errors.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// See [`ByteStream::try_read_vectored`], also for errors.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// The peer's address; see [`ByteStream::peer_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.split();
    /// assert_eq!(reader.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        self.0.peer_addr()
    }

    /// The address of the local end; see [`ByteStream::local_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"ping").await?;
    /// let (reader, _writer) = stream.split();
    /// assert_eq!(reader.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        self.0.local_addr()
    }
}

impl<F: Family> WriteHalf<'_, F> {
    pub(crate) fn stream(&self) -> &ByteStream<F> {
        self.0
    }

    /// See [`ByteStream::write`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.split();
    /// assert_eq!(writer.write(b"ping").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        transfer::write(self.0.registration(), buf).await
    }

    /// See [`ByteStream::write_vectored`], also for errors and cancel safety.
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        transfer::write_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::write_all`], also for errors and cancel safety.
    pub async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        transfer::write_all(self.0.registration(), buf).await
    }

    /// See [`ByteStream::write_all_vectored`], also for errors and cancel safety.
    pub async fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> io::Result<()> {
        transfer::write_all_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::write_owned`], also for errors and cancel
    /// safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.split();
    /// let (result, buf) = writer.write_owned(b"ping".to_vec()).await;
    /// assert_eq!(result?, buf.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_buffers::write(self.0.registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned`], also for errors and
    /// cancel safety.
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_buffers::write_all(self.0.registration(), buf).await
    }

    /// See [`ByteStream::write_vectored_owned`], also for
    /// errors and cancel safety.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_buffers::write_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::write_all_vectored_owned`],
    /// also for errors and cancel safety.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_buffers::write_all_vectored(self.0.registration(), bufs).await
    }

    /// See [`ByteStream::write_owned_zero_copy`], also
    /// for errors and cancel safety.
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        zero_copy::write::<F, B>(self.0.registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned_zero_copy`],
    /// also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.split();
    /// let (result, _page) = writer.write_all_owned_zero_copy(vec![b'x'; 4096]).await;
    /// result?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        zero_copy::write_all::<F, B>(self.0.registration(), buf).await
    }

    /// See [`ByteStream::send_file`], also for errors, cancel safety and panics.
    pub async fn send_file(&mut self, file: &File, offset: u64, len: u64) -> io::Result<u64> {
        send_file::send(self.0.registration(), file, offset, len, |_| {}).await
    }

    /// See [`ByteStream::send_file_with`], also for errors, cancel safety and panics.
    pub async fn send_file_with(
        &mut self,
        file: &File,
        offset: u64,
        len: u64,
        progress: impl FnMut(u64),
    ) -> io::Result<u64> {
        send_file::send(self.0.registration(), file, offset, len, progress).await
    }

    /// See [`ByteStream::try_send_file`], also for errors.
    pub fn try_send_file(&self, file: &File, offset: u64, len: u64) -> io::Result<Option<usize>> {
        send_file::try_send(self.0.registration(), file, offset, len)
    }

    /// Does nothing; see [`ByteStream::flush`], also for cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.split();
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
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, mut writer) = stream.split();
    /// writer.write_all(b"the question").await?;
    /// writer.shutdown().await?;
    /// let mut question = String::new();
    /// peer.read_to_string(&mut question).await?;
    /// assert_eq!(question, "the question");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.0.shut_down(Shutdown::Write)
    }

    /// See [`ByteStream::writable`], also for errors and cancel safety.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.split();
    /// writer.writable().await?;
    /// assert_eq!(writer.try_write(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// See [`ByteStream::try_write`], also for errors.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// See [`ByteStream::try_write_vectored`], also for errors.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    /// The peer's address; see [`ByteStream::peer_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.split();
    /// assert_eq!(writer.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<F::Addr> {
        self.0.peer_addr()
    }

    /// The address of the local end; see [`ByteStream::local_addr`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.split();
    /// assert_eq!(writer.local_addr()?, peer.peer_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<F::Addr> {
        self.0.local_addr()
    }
}

impl<F: Family> AsRef<ByteStream<F>> for ReadHalf<'_, F> {
    fn as_ref(&self) -> &ByteStream<F> {
        self.0
    }
}

impl<F: Family> AsRef<ByteStream<F>> for WriteHalf<'_, F> {
    fn as_ref(&self) -> &ByteStream<F> {
        self.0
    }
}
