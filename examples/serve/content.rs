//! The body of an answer: bytes at hand, a page that others read as well, or a file; these two chunk by chunk.
//!
//! A small file is read at once. A large one is sent by the connection's stream, without a copy: see `wire.rs`. Where the
//! system cannot do that, a chunk is read when the connection has room for it, and no sooner: at once if the system has it
//! in memory, else by an operation that holds up nobody. So an answer of any size holds one chunk here and at most
//! `connection::BUFFER_SIZE` behind it, however slow the client is.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use heist::fs::File;
use heist::io::IoBuf;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::shared::Page;
use crate::target::Found;
use crate::wire::{Chunk, Files};

/// How much of a file is read at once.
pub(crate) const CHUNK_SIZE: u64 = 64 * 1024;
/// Up to here a copy costs no more than sending a file does.
const COPIED_SIZE_MAX: u64 = 4 * 1024;
/// The most bytes that hyper is given at once: where lengths have 32 bits, more do not fit.
const SENT_SIZE_MAX: u64 = 1 << 30;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it, once.
    Whole(Bytes),
    /// What is left of a file.
    File(FileContent),
    /// What is left of a page.
    Page { page: Arc<Page>, sent: usize },
}

/// The part of a file that is still to be sent.
pub(crate) struct FileContent {
    start: u64,
    remaining: u64,
    state: State,
}

/// Gives the file back with the chunk.
type ChunkRead = dyn Future<Output = (Arc<Found>, io::Result<Bytes>)> + Send;

enum State {
    /// The stream of the connection sends it.
    Sent(Arc<Found>, Files),
    Idle(Arc<Found>),
    Reading(Pin<Box<ChunkRead>>),
    /// The file is gone, because it was sent or because reading it failed.
    Done,
}

impl Content {
    pub(crate) fn empty() -> Content {
        Content::Whole(Bytes::new())
    }

    pub(crate) fn page(page: Arc<Page>) -> Content {
        if page.len() > CHUNK_SIZE as usize {
            return Content::Page { page, sent: 0 };
        }
        Content::Whole(page.piece(0, CHUNK_SIZE as usize))
    }

    /// `length` bytes of a file from `start` on, for a connection whose stream sends `files`. A small file is read at once,
    /// and what fits into one chunk if there is no such stream.
    pub(crate) async fn read(
        found: Arc<Found>,
        start: u64,
        length: u64,
        files: Option<&Files>,
    ) -> io::Result<Content> {
        let state = match files {
            _ if length <= COPIED_SIZE_MAX => None,
            Some(files) => Some(State::Sent(found.clone(), files.clone())),
            None => (length > CHUNK_SIZE).then(|| State::Idle(found.clone())),
        };
        match state {
            Some(state) => Ok(Content::File(FileContent { start, remaining: length, state })),
            None => Ok(Content::Whole(read(&found.file, start, length).await?)),
        }
    }
}

/// Reads exactly `length` bytes. A file that ends before was cut while it was being sent.
pub(crate) async fn read(file: &File, start: u64, length: u64) -> io::Result<Bytes> {
    let length = length as usize;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let filled = bytes.len();
        let room = bytes.slice(filled, length - filled);
        let (result, room) = file.read_owned_at(room, start + filled as u64).await;
        bytes = room.into_inner();
        if result? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes.into())
}

impl FileContent {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Chunk>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Sent(found, files) if self.remaining > 0 => {
                    let (start, length) = (self.start, self.remaining.min(SENT_SIZE_MAX));
                    self.start += length;
                    self.remaining -= length;
                    let chunk = files.push(found.clone(), start, length as usize);
                    if self.remaining > 0 {
                        self.state = State::Sent(found, files);
                    }
                    return Poll::Ready(Some(Ok(chunk)));
                }
                State::Idle(found) if self.remaining > 0 => {
                    let (start, length) = (self.start, self.remaining.min(CHUNK_SIZE));
                    self.state = State::Reading(Box::pin(async move {
                        let chunk = read(&found.file, start, length).await;
                        (found, chunk)
                    }));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready((found, chunk)) = reading.as_mut().poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    if let Ok(chunk) = &chunk {
                        self.start += chunk.len() as u64;
                        self.remaining -= chunk.len() as u64;
                        self.state = State::Idle(found);
                    }
                    return Poll::Ready(Some(chunk.map(Chunk::Bytes)));
                }
                State::Sent(..) | State::Idle(_) | State::Done => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileContent").field("remaining", &self.remaining).finish_non_exhaustive()
    }
}

impl Body for Content {
    type Data = Chunk;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, io::Error>>> {
        let chunk = match &mut *self {
            Content::Whole(bytes) if bytes.is_empty() => None,
            Content::Whole(bytes) => Some(Ok(Chunk::Bytes(std::mem::take(bytes)))),
            Content::File(file) => ready!(file.poll_chunk(cx)),
            Content::Page { page, sent } => {
                let piece = page.piece(*sent, CHUNK_SIZE as usize);
                *sent += piece.len();
                (!piece.is_empty()).then_some(Ok(Chunk::Bytes(piece)))
            }
        };
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::File(file) => SizeHint::with_exact(file.remaining),
            Content::Page { page, sent } => SizeHint::with_exact((page.len() - sent) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::future::poll_fn;

    fn run<T>(future: impl Future<Output = T>) -> T {
        heist::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    fn content(file: std::fs::File, start: u64, length: u64) -> io::Result<Content> {
        let metadata = file.metadata().unwrap();
        run(async { Content::read(Found::new("".into(), file, metadata), start, length, None).await })
    }

    /// All chunks of a body, and the error that ended it.
    fn collect(mut content: Content) -> (Vec<Bytes>, Option<io::Error>) {
        run(async move {
            let mut chunks = Vec::new();
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut content).poll_frame(cx)).await {
                match frame {
                    Ok(frame) => match frame.into_data().unwrap() {
                        Chunk::Bytes(bytes) => chunks.push(bytes),
                        Chunk::File(_) => panic!("no stream sends it"),
                    },
                    Err(error) => return (chunks, Some(error)),
                }
            }
            (chunks, None)
        })
    }

    fn pattern(length: u64) -> Vec<u8> {
        (0..length).map(|index| (index % 251) as u8).collect()
    }

    #[test]
    fn a_small_file_is_read_at_once() {
        let file = Scratch::new().write("x", b"hello");
        let content = content(file, 0, 5).unwrap();
        assert!(matches!(&content, Content::Whole(bytes) if bytes == "hello"));
        assert!(!content.is_end_stream());
        assert_eq!(collect(content).0, ["hello"]);
    }

    #[test]
    fn nothing_is_the_end() {
        assert!(Content::empty().is_end_stream());
        let (chunks, error) = collect(Content::empty());
        assert!(chunks.is_empty() && error.is_none());
    }

    #[test]
    fn a_large_file_comes_in_chunks_from_the_start_that_was_asked_for() {
        let expected = pattern(3 * CHUNK_SIZE + 7);
        let file = Scratch::new().write("x", &expected);
        let content = content(file, 3, 2 * CHUNK_SIZE + 1).unwrap();
        assert_eq!(content.size_hint().exact(), Some(2 * CHUNK_SIZE + 1));
        let (chunks, error) = collect(content);
        assert!(error.is_none());
        let sizes: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
        assert_eq!(sizes, [CHUNK_SIZE, CHUNK_SIZE, 1]);
        assert_eq!(chunks.concat(), expected[3..][..2 * CHUNK_SIZE as usize + 1]);
    }

    #[test]
    fn a_file_that_was_cut_ends_in_an_error() {
        let file = Scratch::new().write("x", &pattern(CHUNK_SIZE + 1));
        let (chunks, error) = collect(content(file, 0, 2 * CHUNK_SIZE).unwrap());
        assert_eq!(chunks.len(), 1);
        assert_eq!(error.unwrap().kind(), io::ErrorKind::UnexpectedEof);
        let small = Scratch::new().write("x", b"12");
        assert_eq!(content(small, 0, 3).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
