//! The public reads and writes of a `ByteStream`. `transfer.rs` does the work.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Context, Poll};

use super::byte_stream::ByteStream;
use super::family::Family;
use super::transfer::{self, receive_vectored_once, send_vectored_once, slices_to_fill, slices_to_send};
use crate::driver::Direction;
use crate::net::call::{peek_once, receive_once, send_once};

impl<F: Family> ByteStream<F> {
    /// Reads the bytes that are available into `buf`, and waits until there are some. Returns how
    /// many bytes it read.
    ///
    /// `Ok(0)` is the end of the stream: the peer has shut down writing. An empty `buf` returns
    /// `Ok(0)` at once.
    ///
    /// # Errors
    /// `ConnectionReset` if the peer has reset the connection; other errors of `recv(2)`. A call
    /// that a signal interrupts is repeated.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has read nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let count = stream.read(&mut buf).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read(self.registration(), buf).await
    }

    /// Like [`read`](ByteStream::read), into several buffers, one after the other. One call fills
    /// at most 1024 buffers.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has read nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"headbody").await?;
    /// use std::io::IoSliceMut;
    ///
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(stream.read_vectored(&mut bufs).await?, 8);
    /// assert_eq!((&head, &body[..4]), (b"head", &b"body"[..]));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        transfer::read_vectored(self.registration(), bufs).await
    }

    /// Fills `buf` and returns its length.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends first; otherwise as [`read`](ByteStream::read). The bytes
    /// that had arrived are in `buf`, but the caller cannot learn how many.
    ///
    /// # Cancel safety
    /// Not safe: the bytes that were read before the drop are in `buf`, and the caller cannot learn
    /// how many.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"\x00\x05hello").await?;
    /// // A message with its length in front.
    /// let mut length = [0; 2];
    /// stream.read_exact(&mut length).await?;
    /// let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    /// stream.read_exact(&mut message).await?;
    /// assert_eq!(message, b"hello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read_exact(self.registration(), buf).await
    }

    /// Appends everything up to the end of the stream to `buf`, and returns how many bytes it
    /// appended.
    ///
    /// The peer decides how much that is. If you do not trust the peer, read into a buffer of a
    /// known size instead.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). The bytes that arrived before the error are in `buf`.
    ///
    /// # Cancel safety
    /// The bytes that arrived before the drop are in `buf`: no byte is lost if you keep `buf`.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"all of it").await?;
    /// # drop(client);
    /// let mut bytes = Vec::new();
    /// assert_eq!(stream.read_to_end(&mut bytes).await?, 9);
    /// assert_eq!(bytes, b"all of it");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        transfer::read_to_end(self.registration(), buf).await
    }

    /// Appends everything up to the end of the stream to `text`, and returns how many bytes it
    /// appended.
    ///
    /// # Errors
    /// As [`read_to_end`](ByteStream::read_to_end), and `InvalidData` if the bytes are not UTF-8.
    /// After an error `text` is unchanged and the bytes are lost.
    ///
    /// # Cancel safety
    /// Not safe: the bytes that were read before the drop are lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"the whole message").await?;
    /// drop(peer);
    /// let mut text = String::new();
    /// assert_eq!(stream.read_to_string(&mut text).await?, 17);
    /// assert_eq!(text, "the whole message");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        transfer::read_to_string(self.registration(), text).await
    }

    /// Reads the bytes that are available into `buf` without removing them, and waits until there
    /// are some. The next read returns them again.
    ///
    /// `Ok(0)` is the end of the stream, or an empty `buf`.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: no byte is removed from the stream.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"GET /").await?;
    /// let mut first = [0; 1];
    /// stream.peek(&mut first).await?;
    /// assert_eq!(&first, b"G");
    ///
    /// let mut all = [0; 5];
    /// stream.read_exact(&mut all).await?;
    /// assert_eq!(&all, b"GET /");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().async_io(Direction::Read, |socket| peek_once(socket, buf)).await
    }

    /// [`peek`](ByteStream::peek) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"ping").await?;
    /// let mut buf = [0; 4];
    /// let count = std::future::poll_fn(|cx| stream.poll_peek(cx, &mut buf)).await?;
    /// assert_eq!(buf[..count], b"ping"[..count]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration().poll_io(Direction::Read, cx, |socket| peek_once(socket, buf))
    }

    /// Writes bytes of `buf`, and waits until there is room. Returns how many bytes it wrote; these
    /// may be fewer than all.
    ///
    /// Written bytes have been handed to the system; the peer may not have received them yet. An
    /// empty `buf` returns `Ok(0)` at once.
    ///
    /// # Errors
    /// `BrokenPipe` or `ConnectionReset` if either end has closed the connection (no SIGPIPE is
    /// raised); other errors of `send(2)`. A call that a signal interrupts is repeated.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has written nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let mut rest = &b"hello"[..];
    /// while !rest.is_empty() {
    ///     let count = stream.write(rest).await?;
    ///     rest = &rest[count..];
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        transfer::write(self.registration(), buf).await
    }

    /// Like [`write`](ByteStream::write), from several buffers, one after the other. One call takes
    /// at most 1024 buffers.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has written nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use std::io::IoSlice;
    ///
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b"body")];
    /// assert_eq!(stream.write_vectored(&bufs).await?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        transfer::write_vectored(self.registration(), bufs).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write). The caller cannot learn how much was written before the
    /// error.
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn how much was written before the drop.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        transfer::write_all(self.registration(), buf).await
    }

    /// Writes all of `bufs`, one after the other. The call consumes `bufs`: every slice is empty
    /// afterwards.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Bytes that were written before the drop are no longer in `bufs`: a second call with the same
    /// `bufs` continues from there.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use std::io::IoSlice;
    ///
    /// let mut response = [IoSlice::new(b"200 OK\r\n\r\n"), IoSlice::new(b"body")];
    /// stream.write_all_vectored(&mut response).await?;
    /// # drop(stream);
    /// # let mut text = String::new();
    /// # peer.read_to_string(&mut text).await?;
    /// # assert_eq!(text, "200 OK\r\n\r\nbody");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> io::Result<()> {
        transfer::write_all_vectored(self.registration(), bufs).await
    }

    /// Does nothing, because a write has handed its bytes to the system when it returns. This
    /// method exists so that code for buffered streams compiles.
    ///
    /// # Errors
    /// Never fails.
    ///
    /// # Cancel safety
    /// Safe: the first poll completes.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.write_all(b"hello").await?;
    /// stream.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Reads the bytes that are available, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is available; otherwise as [`read`](ByteStream::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let mut buf = [0; 64];
    /// let error = stream.try_read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// peer.write_all(b"ping").await?;
    /// stream.readable().await?;
    /// let count = stream.try_read(&mut buf)?;
    /// assert_eq!(buf[..count], b"ping"[..count]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().try_io(Direction::Read, |socket| receive_once(socket, buf))
    }

    /// Like [`try_read`](ByteStream::try_read), into several buffers, one after the other.
    ///
    /// # Errors
    /// As [`try_read`](ByteStream::try_read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use std::io::IoSliceMut;
    ///
    /// peer.write_all(b"headbody").await?;
    /// stream.readable().await?;
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(stream.try_read_vectored(&mut bufs)?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let Some(bufs) = slices_to_fill(bufs) else {
            return Ok(0);
        };
        self.registration().try_io(Direction::Read, |socket| receive_vectored_once(socket, bufs))
    }

    /// Writes as much as there is room for, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`write`](ByteStream::write).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let count = loop {
    ///     stream.writable().await?;
    ///     match stream.try_write(b"hello") {
    ///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(count, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// Like [`try_write`](ByteStream::try_write), from several buffers, one after the other.
    ///
    /// # Errors
    /// As [`try_write`](ByteStream::try_write).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// use std::io::IoSlice;
    ///
    /// stream.writable().await?;
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b"body")];
    /// assert_eq!(stream.try_write_vectored(&bufs)?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(bufs) = slices_to_send(bufs) else {
            return Ok(0);
        };
        self.registration().try_io(Direction::Write, |socket| send_vectored_once(socket, bufs))
    }
}
