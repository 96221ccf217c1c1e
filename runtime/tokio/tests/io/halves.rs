//! `split`, `join`: two halves of one stream, one stream of two.

use crate::script::{Script, gives, run};
use std::io::IoSlice;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, join, split};

#[test]
fn halves_are_of_one_stream_and_make_it_again() {
    let mut script = Script::new([gives("abc")]);
    script.is_vectored = true;
    let (mut reader, mut writer) = split(script);
    assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader) && writer.is_write_vectored());
    assert_eq!(run(reader.read(&mut [0; 9])).unwrap(), 3);
    run(writer.write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")])).unwrap();
    run(writer.flush()).unwrap();
    run(writer.shutdown()).unwrap();
    let script = reader.unsplit(writer);
    assert_eq!((&script.writes[..], script.flush_count, script.shutdown_count), (&[vec![1, 1]][..], 1, 1));
}

#[test]
fn halves_of_different_streams_do_not_make_one() {
    let (reader, _writer) = split(Script::default());
    let (_reader, writer) = split(Script::default());
    assert!(!reader.is_pair_of(&writer));
    let panic = catch_unwind(AssertUnwindSafe(|| reader.unsplit(writer))).expect_err("it panics");
    let text = panic.downcast_ref::<&str>().unwrap();
    assert_eq!(*text, "Unrelated `split::Write` passed to `split::Read::unsplit`.");
}

#[test]
fn halves_work_on_two_threads() {
    let (near, mut far) = tokio::io::duplex(16);
    let (mut reader, mut writer) = split(near);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..100_u8 {
                run_waiting(writer.write_u8(number));
                assert_eq!(run_waiting(far.read_u8()), number);
                run_waiting(far.write_u8(number));
            }
        });
        for number in 0..100_u8 {
            assert_eq!(run_waiting(reader.read_u8()), number);
        }
    });
}

/// Polls until the other thread has done its part.
fn run_waiting<T>(future: impl Future<Output = std::io::Result<T>>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(result) = crate::script::poll_once(future.as_mut()) {
            return result.unwrap();
        }
        std::thread::yield_now();
    }
}

/// Notes its address, and wants it to stay.
#[derive(Default)]
struct Pinned {
    addresses: Vec<usize>,
    _pinned: PhantomPinned,
}

impl AsyncRead for Pinned {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let address = std::ptr::from_ref(&*self).addr();
        buf.put_slice(&address.to_ne_bytes());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pinned {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let expected = std::ptr::from_ref(&*self).addr();
        assert_eq!(buf, expected.to_ne_bytes());
        Poll::Ready(Ok(self.addresses.len() + buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn the_stream_stays_where_it_is_when_halves_move() {
    let (mut reader, writer) = split(Pinned::default());
    let mut address = [0; size_of::<usize>()];
    run(reader.read_exact(&mut address)).unwrap();
    let (mut reader, mut writer) = (Box::new(reader), Box::new(writer));
    run(writer.write_all(&address)).unwrap();
    let mut again = address;
    run(reader.read_exact(&mut again)).unwrap();
    assert_eq!(address, again);
}

#[test]
fn a_reader_and_a_writer_are_one_stream() {
    let mut stream = join(&b"ab\nc"[..], Script::default());
    let mut line = String::new();
    assert_eq!(run(stream.read_line(&mut line)).unwrap(), 3);
    run(stream.write_all(b"x")).unwrap();
    run(stream.shutdown()).unwrap();
    assert_eq!(*stream.reader(), b"c");
    stream.writer_mut().is_vectored = true;
    assert!(stream.is_write_vectored());
    assert_eq!(Pin::new(&mut stream).reader_pin_mut().len(), 1);
    let (reader, writer) = stream.into_inner();
    assert_eq!((reader, &writer.written[..], writer.shutdown_count), (&b"c"[..], &b"x"[..], 1));
}
