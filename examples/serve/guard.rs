//! A stream that gives up on a peer which stops reading, and counts what it sends.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use heist::time::{Sleep, sleep};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::totals::Totals;

/// Wraps a stream; a write that finds no room for `patience` fails with `TimedOut`.
pub(crate) struct Guard<S> {
    stream: S,
    patience: Duration,
    /// Runs while the peer leaves no room for more.
    stalled: Option<Pin<Box<Sleep>>>,
    totals: Arc<Totals>,
}

impl<S> Guard<S> {
    pub(crate) fn new(stream: S, patience: Duration, totals: Arc<Totals>) -> Guard<S> {
        Guard { stream, patience, stalled: None, totals }
    }

    /// Starts the clock when a write must wait, and stops it when one gets through.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }

    fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = written {
            self.totals.bytes.add(count as u64);
        }
        self.watch(cx, written)
    }
}

impl<S: Read + Unpin> Read for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: Write + Unpin> Write for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buffer);
        self.watch_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.watch_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Instant;

    /// Takes what fits, then lets writers wait for ever.
    struct Pipe {
        room: usize,
    }

    impl Write for Pipe {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = buffer.len().min(self.room);
            self.room -= count;
            if count == 0 { Poll::Pending } else { Poll::Ready(Ok(count)) }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_peer_that_stops_reading_is_given_up_after_the_patience() {
        let patience = Duration::from_millis(60);
        let totals = Arc::new(Totals::default());
        let mut guard = Guard::new(Pipe { room: 5 }, patience, totals.clone());
        let runtime = heist::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let first = poll_fn(|cx| Pin::new(&mut guard).poll_write(cx, b"12345678")).await;
            assert_eq!(first.unwrap(), 5);
            let since = Instant::now();
            let second = poll_fn(|cx| Pin::new(&mut guard).poll_write(cx, b"678")).await;
            assert_eq!(second.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(since.elapsed() >= patience);
        });
        assert_eq!(totals.bytes.get(), 5);
    }

    #[test]
    fn progress_restarts_the_clock() {
        let patience = Duration::from_millis(200);
        let mut guard = Guard::new(Pipe { room: 0 }, patience, Arc::default());
        let runtime = heist::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            // Three waits of more than half the patience each: together they exceed it.
            for _ in 0..3 {
                let mut pause = Box::pin(sleep(Duration::from_millis(120)));
                let written = poll_fn(|cx| {
                    if pause.as_mut().poll(cx).is_ready() {
                        guard.stream.room = 1;
                    }
                    Pin::new(&mut guard).poll_write(cx, b"x")
                });
                assert_eq!(written.await.unwrap(), 1);
                guard.stream.room = 0;
            }
        });
    }
}
