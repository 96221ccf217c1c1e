//! A stream that sends the files of answers without copying them.
//!
//! hyper gives a stream slices of memory, and a file is none. So a body that is a file gives hyper slices of the *place*:
//! memory that is never read or written, and stands for the bytes of a file. The stream knows these slices by their
//! address, and sends bytes of the part whose turn it is instead. Head and file leave in one packet where both fit.
//!
//! hyper reports to a body how many of its bytes were written. If that is ever more than the stream has sent, then somebody
//! has taken the place for bytes; the connection fails, and nothing more is sent.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use heist::net::TcpStream;
use hyper::body::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::content::{CHUNK_SIZE, read};
use crate::target::Found;

/// No slice of the place is longer.
const PLACE_SIZE: usize = 1024 * 1024;

/// Pages that nobody touches cost nothing.
static PLACE: LazyLock<Box<[u8]>> = LazyLock::new(|| vec![0; PLACE_SIZE].into());

/// What a connection has yet to send of files, in the order of its answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    parts: VecDeque<Part>,
    /// Bytes that were sent, and of which hyper has not told the body yet.
    unreported: usize,
    is_broken: bool,
}

/// A part of a file.
#[derive(Debug)]
struct Part {
    found: Arc<Found>,
    start: u64,
    remaining: u64,
}

/// A piece of a body.
#[derive(Debug)]
pub(crate) enum Chunk {
    Bytes(Bytes),
    File(FileChunk),
}

/// Stands for so many bytes of a file.
#[derive(Debug)]
pub(crate) struct FileChunk {
    remaining: usize,
    files: Files,
}

impl Files {
    /// For a connection, if the system can send files.
    pub(crate) fn of_connection() -> Option<Files> {
        cfg!(target_os = "linux").then(Files::default)
    }

    /// Adds a part behind all others.
    pub(crate) fn push(&self, found: Arc<Found>, start: u64, length: usize) -> Chunk {
        self.lock().parts.push_back(Part { found, start, remaining: length as u64 });
        Chunk::File(FileChunk { remaining: length, files: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The part whose turn it is.
    fn next(&self) -> io::Result<(Arc<Found>, u64, u64)> {
        match self.lock().parts.front() {
            Some(part) => Ok((part.found.clone(), part.start, part.remaining)),
            None => Err(io::Error::other("no file was to be sent")),
        }
    }

    fn sent(&self, count: usize) {
        let mut queue = self.lock();
        queue.unreported += count;
        let Some(part) = queue.parts.front_mut() else { return };
        part.start += count as u64;
        part.remaining -= count as u64;
        if part.remaining == 0 {
            queue.parts.pop_front();
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.lock().is_broken { Err(io::Error::other("a file was taken for bytes")) } else { Ok(()) }
    }
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        match self {
            Chunk::Bytes(bytes) => bytes.len(),
            Chunk::File(file) => file.remaining,
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::File(file) => &PLACE[..file.remaining.min(PLACE_SIZE)],
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Chunk::Bytes(bytes) => bytes.advance(count),
            Chunk::File(file) => {
                file.remaining -= count;
                let mut queue = file.files.lock();
                match queue.unreported.checked_sub(count) {
                    Some(rest) => queue.unreported = rest,
                    None => queue.is_broken = true,
                }
            }
        }
    }
}

fn is_place(slice: &[u8]) -> bool {
    !slice.is_empty() && PLACE.as_ptr_range().contains(&slice.as_ptr())
}

/// The stream of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    files: Option<Files>,
    cold: Cold,
}

/// Bytes of a file that the system does not have in memory, or cannot send from there.
enum Cold {
    None,
    Reading(Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>),
    Read(Bytes),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, files: Option<Files>) -> Wire {
        Wire { stream, files, cold: Cold::None }
    }

    /// Sends some bytes of the part whose turn it is, at most `length`.
    fn poll_send_file(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let Some(files) = self.files.clone() else {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        };
        files.check()?;
        loop {
            match &mut self.cold {
                Cold::Read(bytes) => {
                    let count =
                        ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(length)]))?;
                    bytes.advance(count);
                    if bytes.is_empty() {
                        self.cold = Cold::None;
                    }
                    files.sent(count);
                    return Poll::Ready(Ok(count));
                }
                Cold::Reading(reading) => self.cold = Cold::Read(ready!(reading.as_mut().poll(cx))?),
                Cold::None => {
                    let (found, start, remaining) = files.next()?;
                    let length = remaining.min(length as u64);
                    match self.stream.try_send_file(&found.file, start, length) {
                        Ok(Some(0)) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                        Ok(Some(count)) => {
                            files.sent(count);
                            return Poll::Ready(Ok(count));
                        }
                        Ok(None) => {
                            let length = length.min(CHUNK_SIZE);
                            let reading = async move { read(&found.file, start, length).await };
                            self.cold = Cold::Reading(Box::pin(reading));
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            ready!(self.stream.poll_write_ready(cx))?;
                        }
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
        }
    }

    /// Writes bytes that a file follows.
    fn poll_write_more(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match send_more(&self.stream, bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(cx))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn send_more(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    use heist::io::Interest;
    use rustix::net::{SendFlags, send};
    let flags = SendFlags::MORE | SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    stream.try_io(Interest::WRITABLE, || Ok(send(stream, bytes, flags)?))
}

#[cfg(not(target_os = "linux"))]
fn send_more(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    stream.try_write(bytes)
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match buffers.iter().position(|buffer| is_place(buffer)) {
            Some(0) => self.poll_send_file(cx, buffers[0].len()),
            Some(1) => {
                let head = &buffers[0];
                let count = ready!(self.poll_write_more(cx, head))?;
                if count < head.len() {
                    return Poll::Ready(Ok(count));
                }
                match self.poll_send_file(cx, buffers[1].len()) {
                    Poll::Ready(Ok(more)) => Poll::Ready(Ok(count + more)),
                    // An error comes again at the next call.
                    Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(Ok(count)),
                }
            }
            Some(before) => Pin::new(&mut self.stream).poll_write_vectored(cx, &buffers[..before]),
            None => {
                if let Some(files) = &self.files {
                    files.check()?;
                }
                Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
            }
        }
    }

    /// hyper would copy the place if it were not so.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use heist::net::TcpListener;
    use std::future::poll_fn;

    const SIZE: usize = 3 * PLACE_SIZE / 2;

    fn found(content: &[u8]) -> (Arc<Found>, std::fs::File) {
        let file = Scratch::new().write("x", content);
        let metadata = file.metadata().unwrap();
        (Found::new("".into(), file.try_clone().unwrap(), metadata), file)
    }

    /// A stream, the files that it sends, and its peer.
    async fn wire() -> (Wire, Files, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let files = Files::of_connection().unwrap();
        (Wire::new(listener.accept().await.unwrap().0, Some(files.clone())), files, peer)
    }

    /// Writes as hyper does.
    async fn write(wire: &mut Wire, pieces: &mut [Chunk]) -> io::Result<()> {
        while pieces.iter().any(Buf::has_remaining) {
            let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece.chunk())).collect();
            let slices: Vec<_> = slices.into_iter().filter(|slice| !slice.is_empty()).collect();
            let mut count = poll_fn(|cx| Pin::new(&mut *wire).poll_write_vectored(cx, &slices)).await?;
            for piece in &mut *pieces {
                let part = count.min(piece.remaining());
                piece.advance(part);
                count -= part;
            }
        }
        Ok(())
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        heist::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn bytes_and_parts_of_files_leave_in_their_order() {
        run(async {
            let content: Vec<u8> = (0..SIZE).map(|index| (index % 251) as u8).collect();
            let (found, _) = found(&content);
            let (mut wire, files, mut peer) = wire().await;
            let mut pieces = [
                Chunk::Bytes(Bytes::from_static(b"head")),
                files.push(found.clone(), 0, SIZE),
                Chunk::Bytes(Bytes::from_static(b"neck")),
                Chunk::Bytes(Bytes::from_static(b"chest")),
                files.push(found, 7, 5),
            ];
            let sent = heist::spawn(async move { write(&mut wire, &mut pieces).await });
            let mut received = Vec::new();
            peer.read_to_end(&mut received).await.unwrap();
            sent.await.unwrap().unwrap();
            assert!(received == [b"head", &content[..], b"neckchest", &content[7..12]].concat());
            assert!(files.lock().parts.is_empty() && files.lock().unreported == 0);
        });
    }

    #[test]
    fn a_file_that_was_cut_ends_in_an_error() {
        run(async {
            let (found, file) = found(b"0123456789");
            let (mut wire, files, _peer) = wire().await;
            file.set_len(4).unwrap();
            let mut pieces = [Chunk::Bytes(Bytes::from_static(b"head")), files.push(found, 0, 10)];
            let error = write(&mut wire, &mut pieces).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(pieces[1].remaining(), 6);
        });
    }

    #[test]
    fn a_place_that_was_taken_for_bytes_is_never_sent() {
        run(async {
            let (found, _) = found(b"0123456789");
            let (mut wire, files, _peer) = wire().await;
            let mut taken = files.push(found, 0, 10);
            let bytes = taken.copy_to_bytes(10);
            let error = write(&mut wire, &mut [Chunk::Bytes(bytes)]).await.unwrap_err();
            assert_eq!(error.to_string(), "a file was taken for bytes");
        });
    }
}
