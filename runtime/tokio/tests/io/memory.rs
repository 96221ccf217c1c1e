//! `duplex` and `simplex`: limits, ends, wake-ups, and code of the program that runs in them.

use crate::script::{poll_once, run};
use std::io::{ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, SimplexStream, duplex, simplex,
};

/// Counts its wake-ups.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn bytes_go_in_both_directions_in_their_order() {
    let (mut a, mut b) = duplex(8);
    run(a.write_all(b"ping")).unwrap();
    run(b.write_all(b"pong")).unwrap();
    let mut buf = [0; 4];
    run(a.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"pong");
    run(b.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"ping");
}

#[test]
fn a_full_stream_takes_no_more_until_it_is_read() {
    let (mut a, mut b) = duplex(4);
    assert_eq!(run(a.write(b"abcdef")).unwrap(), 4);
    {
        let mut write = pin!(a.write(b"x"));
        assert!(poll_once(write.as_mut()).is_pending());
    }
    // The bytes go round the end of the buffer.
    for _ in 0..10 {
        let mut buf = [0; 3];
        run(b.read_exact(&mut buf)).unwrap();
        run(a.write_all(&buf)).unwrap();
    }
    drop(a);
    let mut rest = Vec::new();
    run(b.read_to_end(&mut rest)).unwrap();
    rest.sort_unstable();
    assert_eq!(rest, b"abcd");
}

#[test]
fn a_vectored_write_fills_what_room_there_is() {
    let (mut a, mut b) = duplex(5);
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdef")];
    assert_eq!(run(a.write_vectored(&bufs)).unwrap(), 5);
    assert_eq!(run(a.write_vectored(&[IoSlice::new(b"")])).unwrap(), 0, "nothing to write needs no room");
    assert_eq!(run(a.write(b"")).unwrap(), 0);
    let mut buf = [0; 5];
    run(b.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"abcde");
    assert!(AsyncWrite::is_write_vectored(&a));
}

#[test]
fn a_shut_down_end_can_still_be_read_from() {
    let (mut a, mut b) = duplex(8);
    run(a.write_all(b"x")).unwrap();
    run(a.shutdown()).unwrap();
    assert_eq!(run(a.write(b"y")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(run(a.write(b"")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(run(b.read_u8()).unwrap(), b'x', "what was written before is there");
    assert_eq!(run(b.read(&mut [0])).unwrap(), 0);
    run(b.write_all(b"z")).unwrap();
    assert_eq!(run(a.read_u8()).unwrap(), b'z');
}

#[test]
fn a_dropped_end_is_an_end_and_a_broken_pipe() {
    let (a, mut b) = duplex(8);
    drop(a);
    assert_eq!(run(b.read(&mut [0])).unwrap(), 0);
    assert_eq!(run(b.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn reads_and_writes_wake_the_other_side_once() {
    let (mut a, mut b) = duplex(1);
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    let mut byte = [0];
    let mut buf = ReadBuf::new(&mut byte);
    assert!(Pin::new(&mut b).poll_read(&mut cx, &mut buf).is_pending());
    run(a.write_all(b"x")).unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert!(Pin::new(&mut a).poll_write(&mut cx, b"y").is_pending());
    run(b.read_u8()).unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
    run(a.write_all(b"z")).unwrap();
    assert_eq!(count.0.load(Ordering::Relaxed), 2, "nobody waits any more");
}

#[test]
fn the_end_wakes_who_waits_on_either_side() {
    let (mut a, b) = duplex(1);
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    let mut byte = [0];
    let mut buf = ReadBuf::new(&mut byte);
    assert!(Pin::new(&mut a).poll_read(&mut cx, &mut buf).is_pending());
    run(a.write_all(b"x")).unwrap();
    assert!(Pin::new(&mut a).poll_write(&mut cx, b"y").is_pending());
    drop(b);
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
}

/// Reads from the stream as soon as it is woken, and writes when it is dropped.
struct Eager(Mutex<Option<DuplexStream>>);

impl Eager {
    fn use_it(&self) {
        if let Ok(mut place) = self.0.try_lock() {
            if let Some(stream) = &mut *place {
                let mut bytes = [0; 1];
                let mut buf = ReadBuf::new(&mut bytes);
                let mut cx = Context::from_waker(Waker::noop());
                let _ = Pin::new(&mut *stream).poll_read(&mut cx, &mut buf);
                let _ = Pin::new(stream).poll_write(&mut cx, b"x");
            }
        }
    }
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.use_it();
    }
}

impl Drop for Eager {
    fn drop(&mut self) {
        self.use_it();
    }
}

#[test]
fn a_waker_may_use_the_stream_while_it_is_woken_or_dropped() {
    let (mut a, mut b) = duplex(1);
    let eager = Arc::new(Eager(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&eager));
    let mut byte = [0];
    let mut buf = ReadBuf::new(&mut byte);
    assert!(Pin::new(&mut b).poll_read(&mut Context::from_waker(&waker), &mut buf).is_pending());
    *eager.0.lock().unwrap() = Some(b);
    run(a.write_all(b"x")).unwrap();
    assert_eq!(run(a.read_u8()).unwrap(), b'x', "it has answered");
    drop((waker, eager));

    // Another waker in its place drops the first one, whose destructor uses the stream.
    let (a, mut b) = duplex(1);
    let eager = Arc::new(Eager(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&eager));
    assert!(Pin::new(&mut b).poll_read(&mut Context::from_waker(&waker), &mut buf).is_pending());
    *eager.0.lock().unwrap() = Some(a);
    drop((waker, eager));
    assert!(Pin::new(&mut b).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf).is_pending());
    assert_eq!(run(b.read_u8()).unwrap(), b'x', "the destructor has written");
}

#[test]
fn a_simplex_stream_goes_one_way_and_ends_when_it_is_shut_down() {
    let (mut reader, mut writer) = simplex(4);
    assert_eq!(run(writer.write(b"abcdef")).unwrap(), 4);
    assert!(poll_once(pin!(writer.write(b"x"))).is_pending());
    assert_eq!(run(reader.read(&mut [0; 9])).unwrap(), 4);
    assert!(poll_once(pin!(reader.read(&mut [0; 9]))).is_pending());
    run(writer.shutdown()).unwrap();
    assert_eq!(run(reader.read(&mut [0; 9])).unwrap(), 0);
    assert_eq!(run(writer.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut whole = reader.unsplit(writer);
    assert_eq!(run(whole.read(&mut [0; 9])).unwrap(), 0);
}

#[test]
fn a_whole_simplex_stream_reads_what_it_was_written() {
    let mut stream = SimplexStream::new_unsplit(4);
    run(stream.write_all(b"abc")).unwrap();
    assert_eq!(run(stream.read_u16()).unwrap(), 0x6162);
    let mut buf = [];
    let read = poll_once(pin!(stream.read(&mut buf)));
    assert!(matches!(read, Poll::Ready(Ok(0))));
}

#[test]
fn streams_without_room_panic() {
    let panics = |f: fn()| std::panic::catch_unwind(f).expect_err("it panics");
    for panic in [panics(|| drop(duplex(0))), panics(|| drop(simplex(0)))] {
        assert_eq!(*panic.downcast_ref::<&str>().unwrap(), "`max_buf_size` must be greater than 0");
    }
}
