//! A stream that does what a list says, and a loop that polls without a runtime.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// What the next call of a stream does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A read returns these bytes, or as many as fit and the rest next time.
    Gives(Vec<u8>),
    /// A write takes up to that many.
    Takes(usize),
    Waits,
    Fails(ErrorKind),
}

pub(crate) fn gives(bytes: impl AsRef<[u8]>) -> Step {
    Step::Gives(bytes.as_ref().to_vec())
}

/// Follows its steps. After the last one it is at its end, and takes all that is written.
#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    pub(crate) written: Vec<u8>,
    pub(crate) flush_count: usize,
    pub(crate) shutdown_count: usize,
    pub(crate) is_vectored: bool,
    /// The lengths of the buffers of each write.
    pub(crate) writes: Vec<Vec<usize>>,
    /// How much room each read had.
    pub(crate) rooms: Vec<usize>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Script {
        Script { steps: steps.into_iter().collect(), ..Script::default() }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.steps.is_empty()
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.rooms.push(buf.remaining());
        match self.steps.pop_front() {
            Some(Step::Gives(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buf.remaining()));
                buf.put_slice(&bytes);
                if !rest.is_empty() {
                    self.steps.push_front(Step::Gives(rest));
                }
                Poll::Ready(Ok(()))
            }
            Some(Step::Waits) => Poll::Pending,
            Some(Step::Fails(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Takes(_)) => panic!("a read where a write was to come"),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flush_count += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shutdown_count += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let lengths = bufs.iter().map(|buf| buf.len()).collect();
        self.writes.push(lengths);
        let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        let count = match self.steps.pop_front() {
            Some(Step::Takes(max)) => all.len().min(max),
            Some(Step::Waits) => return Poll::Pending,
            Some(Step::Fails(kind)) => return Poll::Ready(Err(kind.into())),
            Some(Step::Gives(_)) => panic!("a write where a read was to come"),
            None => all.len(),
        };
        self.written.extend(&all[..count]);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }
}

/// Bytes with a position, whose seeks take two polls more, and which notes them.
#[derive(Debug, Default)]
pub(crate) struct SlowSeek {
    pub(crate) bytes: io::Cursor<Vec<u8>>,
    pub(crate) seeks: Vec<SeekFrom>,
    polls_left: u8,
}

impl SlowSeek {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> SlowSeek {
        SlowSeek { bytes: io::Cursor::new(bytes.into()), ..SlowSeek::default() }
    }
}

impl AsyncRead for SlowSeek {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(cx, buf)
    }
}

impl AsyncWrite for SlowSeek {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for SlowSeek {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        assert_eq!(self.polls_left, 0, "one seek at a time");
        self.seeks.push(position);
        self.polls_left = 2;
        Pin::new(&mut self.bytes).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if self.polls_left > 0 {
            self.polls_left -= 1;
            return Poll::Pending;
        }
        Pin::new(&mut self.bytes).poll_complete(cx)
    }
}

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until the future is over. Nothing here needs a wake-up to get on.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10_000 {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
    panic!("the future does not get on");
}
