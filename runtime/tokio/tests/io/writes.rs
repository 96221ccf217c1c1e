//! `AsyncWriteExt`: short writes, writers that take nothing, errors after progress, vectors,
//! dropped futures.

use crate::script::{Script, Step, poll_once, run};
use bytes::{Buf, Bytes};
use std::io::{ErrorKind, IoSlice};
use std::pin::pin;
use tokio::io::AsyncWriteExt;

#[test]
fn write_returns_what_was_taken() {
    let mut script = Script::new([Step::Takes(2), Step::Waits]);
    assert_eq!(run(script.write(b"abc")).unwrap(), 2);
    assert_eq!(run(script.write(b"cd")).unwrap(), 2);
    assert_eq!(script.written, b"abcd");
    assert_eq!(run(script.write(b"")).unwrap(), 0);
}

#[test]
fn write_all_goes_on_until_nothing_is_left() {
    let mut script =
        Script::new([Step::Takes(1), Step::Waits, Step::Fails(ErrorKind::Interrupted), Step::Takes(2)]);
    run(script.write_all(b"abcdef")).unwrap();
    assert_eq!(script.written, b"abcdef");
    run(script.write_all(b"")).unwrap();
    assert_eq!(script.writes.len(), 5, "nothing to write is no write");
}

#[test]
fn write_all_fails_if_the_writer_takes_nothing() {
    let mut script = Script::new([Step::Takes(1), Step::Takes(0)]);
    assert_eq!(run(script.write_all(b"abc")).unwrap_err().kind(), ErrorKind::WriteZero);
    let mut script = Script::new([Step::Takes(1), Step::Fails(ErrorKind::BrokenPipe)]);
    assert_eq!(run(script.write_all(b"abc")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(script.written, b"a");
}

#[test]
fn write_buf_advances_by_what_was_taken() {
    let mut script = Script::new([Step::Takes(2)]);
    let mut bytes = Bytes::from_static(b"abcde");
    assert_eq!(run(script.write_buf(&mut bytes)).unwrap(), 2);
    assert_eq!(bytes, "cde");
    assert_eq!(run(script.write_buf(&mut Bytes::new())).unwrap(), 0);
    assert_eq!(script.writes.len(), 1, "nothing to write is no write");
}

#[test]
fn a_buf_of_chunks_is_written_as_a_vector_if_the_writer_can() {
    let chunks = || Bytes::from_static(b"ab").chain(Bytes::from_static(b"cd"));
    let mut script = Script::new([Step::Takes(3)]);
    script.is_vectored = true;
    run(script.write_all_buf(&mut chunks())).unwrap();
    assert_eq!((script.written, script.writes), (b"abcd".to_vec(), vec![vec![2, 2], vec![1]]));
    let mut script = Script::default();
    run(script.write_all_buf(&mut chunks())).unwrap();
    assert_eq!(script.writes, [[2], [2]]);
}

#[test]
fn write_all_buf_fails_if_the_writer_takes_nothing() {
    let mut script = Script::new([Step::Takes(1), Step::Takes(0)]);
    let mut rest = &b"abc"[..];
    assert_eq!(run(script.write_all_buf(&mut rest)).unwrap_err().kind(), ErrorKind::WriteZero);
    assert_eq!(rest, b"bc");
}

#[test]
fn a_dropped_write_all_buf_leaves_what_was_not_written() {
    let mut script = Script::new([Step::Takes(2), Step::Waits]);
    let mut rest = &b"abcd"[..];
    {
        let mut write = pin!(script.write_all_buf(&mut rest));
        assert!(poll_once(write.as_mut()).is_pending());
    }
    assert_eq!((rest, &script.written[..]), (&b"cd"[..], &b"ab"[..]));
    run(script.write_all_buf(&mut rest)).unwrap();
    assert_eq!(script.written, b"abcd");
}

#[test]
fn numbers_of_every_width_go_in_both_orders() {
    macro_rules! agrees {
        ($($number:expr, $write:ident $write_le:ident;)*) => {$(
            let mut bytes = Vec::new();
            run(bytes.$write($number)).unwrap();
            run(bytes.$write_le($number)).unwrap();
            assert_eq!(bytes, [&$number.to_be_bytes()[..], &$number.to_le_bytes()[..]].concat());
        )*};
    }
    agrees! {
        0x0102_u16, write_u16 write_u16_le;
        -2_i16, write_i16 write_i16_le;
        0x0102_0304_u32, write_u32 write_u32_le;
        -3_i32, write_i32 write_i32_le;
        u64::MAX - 4, write_u64 write_u64_le;
        -5_i64, write_i64 write_i64_le;
        u128::MAX - 6, write_u128 write_u128_le;
        -7_i128, write_i128 write_i128_le;
        1.5_f32, write_f32 write_f32_le;
        -2.5_f64, write_f64 write_f64_le;
    }
    let mut bytes = Vec::new();
    run(bytes.write_u8(1)).unwrap();
    run(bytes.write_i8(-1)).unwrap();
    assert_eq!(bytes, [1, 255]);
}

#[test]
fn a_number_goes_in_pieces() {
    let mut script =
        Script::new([Step::Takes(1), Step::Waits, Step::Fails(ErrorKind::Interrupted), Step::Takes(9)]);
    run(script.write_u32(0x6162_6364)).unwrap();
    assert_eq!(script.written, b"abcd");
    assert_eq!(run(Script::new([Step::Takes(0)]).write_u8(1)).unwrap_err().kind(), ErrorKind::WriteZero);
    let mut script = Script::new([Step::Takes(1), Step::Fails(ErrorKind::BrokenPipe)]);
    assert_eq!(run(script.write_u16(1)).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn without_vectors_the_first_buffer_that_is_not_empty_is_written() {
    /// Has only what the trait asks for.
    struct Plain(Vec<u8>);
    impl tokio::io::AsyncWrite for Plain {
        fn poll_write(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.0.extend(buf);
            std::task::Poll::Ready(Ok(buf.len()))
        }
        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.poll_flush(cx)
        }
    }
    let mut plain = Plain(Vec::new());
    let bufs = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    assert_eq!(run(plain.write_vectored(&bufs)).unwrap(), 2);
    assert_eq!(run(plain.write_vectored(&[])).unwrap(), 0);
    assert_eq!(plain.0, b"ab");
    assert!(!tokio::io::AsyncWrite::is_write_vectored(&plain));
}

#[test]
fn flush_and_shutdown_reach_the_writer() {
    let mut script = Script::default();
    run(script.flush()).unwrap();
    run(script.shutdown()).unwrap();
    assert_eq!((script.flush_count, script.shutdown_count), (1, 1));
}

#[test]
fn a_sink_and_an_empty_stream_take_everything() {
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"c")];
    assert_eq!(run(tokio::io::sink().write(&[0; 9])).unwrap(), 9);
    assert_eq!(run(tokio::io::sink().write_vectored(&bufs)).unwrap(), 3);
    assert_eq!(run(tokio::io::empty().write(&[0; 9])).unwrap(), 9);
    assert_eq!(run(tokio::io::empty().write_vectored(&bufs)).unwrap(), 3);
    run(tokio::io::sink().shutdown()).unwrap();
}
