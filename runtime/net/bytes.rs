//! The reads and writes of a `ByteStream`, as users see them. `transfer.rs` does the work.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Context, Poll};

use super::byte_stream::ByteStream;
use super::family::Family;
use super::interest::Interest;
use super::transfer::{
    self, bytes_of, peek_once, receive_once, receive_vectored_once, room_of, send_once, send_vectored_once,
};
use crate::driver::Direction;

impl<F: Family> ByteStream<F> {
    /// Reads what is there into `buf`, waiting until there is something; returns how many bytes it read.
    ///
    /// `Ok(0)` is the end of the stream: the peer has shut down writing. An empty `buf` gives `Ok(0)` at once.
    ///
    /// # Errors
    /// `ConnectionReset` if the peer has reset the connection; other errors of `recv(2)`. A call that a signal
    /// interrupts is made again.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has read nothing.
    ///
    /// # Example
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

    /// Like [`read`](ByteStream::read), into several buffers in turn.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has read nothing.
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        transfer::read_vectored(self.registration(), bufs).await
    }

    /// Fills `buf`; returns its length.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends first; otherwise as [`read`](ByteStream::read). What had arrived is in `buf`,
    /// and how much that is is not told.
    ///
    /// # Cancel safety
    /// Not safe: the bytes read before the drop are in `buf`, and how many is not told.
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::read_exact(self.registration(), buf).await
    }

    /// Appends everything up to the end of the stream to `buf`; returns how many bytes came.
    ///
    /// The peer decides how much that is: for a peer that is not trusted, read into a buffer of a known size instead.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). What came before the error is in `buf`.
    ///
    /// # Cancel safety
    /// What came before the drop is in `buf`: no byte is lost as long as `buf` is kept.
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        transfer::read_to_end(self.registration(), buf).await
    }

    /// Appends everything up to the end of the stream to `text`; returns how many bytes came.
    ///
    /// # Errors
    /// As [`read_to_end`](ByteStream::read_to_end), and `InvalidData` if the bytes are not UTF-8. On an error `text` is
    /// as it was before and the bytes are lost.
    ///
    /// # Cancel safety
    /// Not safe: the bytes read before the drop are lost.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        transfer::read_to_string(self.registration(), text).await
    }

    /// Reads what is there into `buf` and leaves it to be read again, waiting until there is something.
    ///
    /// `Ok(0)` is the end of the stream, or an empty `buf`.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken from the stream.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().async_io(Direction::Read, |socket| peek_once(socket, buf)).await
    }

    /// [`peek`](ByteStream::peek) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read).
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration().poll_io(Direction::Read, cx, |socket| peek_once(socket, buf))
    }

    /// Writes bytes of `buf`, waiting until there is room; returns how many it wrote, which may be fewer than all.
    ///
    /// Written means handed to the system, not received by the peer. An empty `buf` gives `Ok(0)` at once.
    ///
    /// # Errors
    /// `BrokenPipe` or `ConnectionReset` if the peer or we have closed the connection (and no SIGPIPE); other errors of
    /// `send(2)`. A call that a signal interrupts is made again.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has written nothing.
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        transfer::write(self.registration(), buf).await
    }

    /// Like [`write`](ByteStream::write), from several buffers in turn.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has written nothing.
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        transfer::write_vectored(self.registration(), bufs).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write); how much was written before the error is not told.
    ///
    /// # Cancel safety
    /// Not safe: how much was written before the drop is not told.
    pub async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        transfer::write_all(self.registration(), buf).await
    }

    /// Writes all of `bufs`, in turn. `bufs` is used up: each is empty in the end.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// What was written before the drop has been taken off `bufs`: a second call with the same `bufs` goes on there.
    ///
    /// # Example
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

    /// Does nothing: a write has left for the system when it returns. It is here for code that is written for
    /// buffered streams as well.
    ///
    /// # Errors
    /// None.
    ///
    /// # Cancel safety
    /// Safe: it is done at the first poll.
    pub async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Reads what is there without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`read`](ByteStream::read).
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().try_io(Direction::Read, |socket| receive_once(socket, buf))
    }

    /// Like [`try_read`](ByteStream::try_read), into several buffers in turn.
    ///
    /// # Errors
    /// As [`try_read`](ByteStream::try_read).
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let Some(bufs) = room_of(bufs) else {
            return Ok(0);
        };
        self.registration().try_io(Direction::Read, |socket| receive_vectored_once(socket, bufs))
    }

    /// Writes as much as there is room for, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`write`](ByteStream::write).
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration().try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// Like [`try_write`](ByteStream::try_write), from several buffers in turn.
    ///
    /// # Errors
    /// As [`try_write`](ByteStream::try_write).
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(bufs) = bytes_of(bufs) else {
            return Ok(0);
        };
        self.registration().try_io(Direction::Write, |socket| send_vectored_once(socket, bufs))
    }

    /// Makes a call of the caller's own on this socket, and remembers it if the call would block.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Those of `f`; `WouldBlock` without a call if the socket is known not to be ready.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration().try_io(interest.direction(), |_| f())
    }

    /// Makes a call of the caller's own on this socket, again and again until it does not return `WouldBlock`, waiting
    /// in between until the socket is ready.
    ///
    /// # Errors
    /// Those of `f` except `WouldBlock`, and those of the driver.
    ///
    /// # Cancel safety
    /// As `f`: between two calls of it nothing is held.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration().async_io(interest.direction(), |_| f()).await
    }
}
