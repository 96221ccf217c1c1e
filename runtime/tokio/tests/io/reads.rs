//! `AsyncReadExt`: short reads, ends, errors after progress, buffers without room, and dropped
//! futures.

use crate::script::{Script, Step, gives, poll_once, run};
use bytes::{BufMut, BytesMut};
use std::io::ErrorKind;
use std::pin::pin;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

#[test]
fn read_returns_what_is_there() {
    let mut script = Script::new([gives("hello"), Step::Waits, gives("!")]);
    let mut buf = [0; 3];
    assert_eq!(run(script.read(&mut buf)).unwrap(), 3);
    assert_eq!(run(script.read(&mut buf)).unwrap(), 2);
    assert_eq!(&buf[..2], b"lo");
    assert_eq!(run(script.read(&mut buf)).unwrap(), 1);
    assert_eq!(run(script.read(&mut buf)).unwrap(), 0, "the end");
    assert_eq!(run(script.read(&mut [])).unwrap(), 0);
}

#[test]
fn read_buf_appends_without_initializing() {
    let mut script = Script::new([gives("abcdef")]);
    let mut buf = BytesMut::with_capacity(8);
    buf.put_slice(b"x");
    assert_eq!(run(script.read_buf(&mut buf)).unwrap(), 6);
    assert_eq!(&buf[..], b"xabcdef");
    assert_eq!(run(script.read_buf(&mut buf)).unwrap(), 0, "the end");

    let mut full = Script::new([gives("a")]);
    assert_eq!(run(full.read_buf(&mut &mut [0_u8; 0][..])).unwrap(), 0, "no room is no read");
    assert!(full.rooms.is_empty());

    let mut slice = [0_u8; 4];
    let mut limited = (&mut slice[..]).limit(2);
    let mut script = Script::new([gives("abc")]);
    assert_eq!(run(script.read_buf(&mut limited)).unwrap(), 2);
    assert_eq!(&slice, b"ab\0\0");
}

#[test]
fn read_exact_goes_on_until_the_slice_is_full() {
    let mut script = Script::new([
        gives("ab"),
        Step::Waits,
        Step::Fails(ErrorKind::Interrupted),
        gives("cd"),
        gives("ef"),
    ]);
    let mut buf = [0; 5];
    assert_eq!(run(script.read_exact(&mut buf)).unwrap(), 5);
    assert_eq!(&buf, b"abcde");
    assert_eq!(run(script.read_exact(&mut [])).unwrap(), 0);
}

#[test]
fn read_exact_fails_at_an_early_end_and_at_an_error() {
    let mut buf = [0; 4];
    let error = run(Script::new([gives("ab")]).read_exact(&mut buf)).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::UnexpectedEof, "early eof"));
    assert_eq!(&buf[..2], b"ab");
    let mut script = Script::new([gives("xy"), Step::Fails(ErrorKind::ConnectionReset)]);
    assert_eq!(run(script.read_exact(&mut buf)).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(&buf[..2], b"xy");
}

#[test]
fn numbers_of_every_width_come_in_both_orders() {
    let bytes: Vec<u8> = (1..=16).collect();
    macro_rules! agrees {
        ($($number:ty: $read:ident $read_le:ident;)*) => {$(
            let start = bytes[..size_of::<$number>()].try_into().unwrap();
            assert_eq!(run((&bytes[..]).$read()).unwrap(), <$number>::from_be_bytes(start));
            assert_eq!(run((&bytes[..]).$read_le()).unwrap(), <$number>::from_le_bytes(start));
        )*};
    }
    agrees! {
        u16: read_u16 read_u16_le;
        i16: read_i16 read_i16_le;
        u32: read_u32 read_u32_le;
        i32: read_i32 read_i32_le;
        u64: read_u64 read_u64_le;
        i64: read_i64 read_i64_le;
        u128: read_u128 read_u128_le;
        i128: read_i128 read_i128_le;
        f32: read_f32 read_f32_le;
        f64: read_f64 read_f64_le;
    }
    assert_eq!(run((&[200_u8][..]).read_u8()).unwrap(), 200);
    assert_eq!(run((&[200_u8][..]).read_i8()).unwrap(), -56);
}

#[test]
fn a_number_arrives_in_pieces_and_an_end_within_it_is_an_error() {
    let mut script =
        Script::new([gives([1]), Step::Waits, Step::Fails(ErrorKind::Interrupted), gives([2, 3, 4, 5])]);
    assert_eq!(run(script.read_u32()).unwrap(), 0x0102_0304);
    assert_eq!(run(script.read_u32()).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(run(script.read_u8()).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let mut script = Script::new([gives([1]), Step::Fails(ErrorKind::TimedOut), gives([2, 3])]);
    assert_eq!(run(script.read_u16()).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(run(script.read_u16()).unwrap(), 0x0203, "the bytes before the error are gone");
}

#[test]
fn read_to_end_appends_and_counts_what_it_appended() {
    let mut script =
        Script::new([gives("ab"), Step::Waits, Step::Fails(ErrorKind::Interrupted), gives([b'c'; 5000])]);
    let mut bytes = b"x".to_vec();
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap(), 5002);
    assert_eq!((bytes.len(), &bytes[..4]), (5003, &b"xabc"[..]));
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap(), 0);
}

#[test]
fn read_to_end_keeps_what_came_before_an_error() {
    let mut script = Script::new([gives("ab"), Step::Fails(ErrorKind::ConnectionReset), gives("c")]);
    let mut bytes = b"x".to_vec();
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(bytes, b"xab");
}

#[test]
fn read_to_end_that_is_dropped_leaves_what_it_has_read() {
    let mut script = Script::new([gives("ab"), Step::Waits, gives("c")]);
    let mut bytes = Vec::new();
    {
        let mut read = pin!(script.read_to_end(&mut bytes));
        assert!(poll_once(read.as_mut()).is_pending());
    }
    assert_eq!(bytes, b"ab");
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap(), 1);
    assert_eq!(bytes, b"abc");
}

#[test]
fn a_vector_of_the_right_size_does_not_grow() {
    let mut bytes = Vec::with_capacity(64);
    let capacity = bytes.capacity();
    let mut script = Script::new([gives(vec![1; capacity])]);
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap(), capacity);
    assert_eq!(bytes.capacity(), capacity);
    // One byte more makes it grow, after the look that found it.
    let mut bytes = Vec::with_capacity(64);
    let mut script = Script::new([gives(vec![1; capacity + 100])]);
    assert_eq!(run(script.read_to_end(&mut bytes)).unwrap(), capacity + 100);
    assert_eq!(bytes, vec![1; capacity + 100]);
}

#[test]
fn read_to_string_appends_text() {
    let mut script = Script::new([gives("a\u{e4}".as_bytes()), Step::Waits, gives("b")]);
    let mut text = "x".to_owned();
    assert_eq!(run(script.read_to_string(&mut text)).unwrap(), 4);
    assert_eq!(text, "xa\u{e4}b");
}

#[test]
fn a_character_may_arrive_in_two_reads() {
    let mut script = Script::new([gives([0xc3]), gives([0xa4])]);
    let mut text = String::new();
    assert_eq!(run(script.read_to_string(&mut text)).unwrap(), 2);
    assert_eq!(text, "\u{e4}");
}

#[test]
fn read_to_string_leaves_the_text_as_it_was_if_it_fails() {
    let mut text = "x".to_owned();
    let error = run(Script::new([gives("ab"), gives([0xff])]).read_to_string(&mut text)).unwrap_err();
    assert_eq!((error.kind(), text.as_str()), (ErrorKind::InvalidData, "x"));
    let mut script = Script::new([gives("ab"), Step::Fails(ErrorKind::TimedOut)]);
    assert_eq!(run(script.read_to_string(&mut text)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(text, "x");
    let mut script = Script::new([gives([0xff]), Step::Fails(ErrorKind::TimedOut)]);
    assert_eq!(run(script.read_to_string(&mut text)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(text, "x");
}

#[test]
fn chain_goes_on_with_the_second_when_the_first_ends() {
    let (first, second) = (Script::new([gives("ab"), Step::Waits]), Script::new([gives("cd")]));
    let mut chain = first.chain(second);
    assert_eq!(run(chain.read(&mut [])).unwrap(), 0, "no room is no end");
    let mut bytes = Vec::new();
    assert_eq!(run(chain.read_to_end(&mut bytes)).unwrap(), 4);
    assert_eq!(bytes, b"abcd");
    assert_eq!(
        format!("{:?}", tokio::io::empty().chain(tokio::io::empty())),
        "Chain { t: Empty { .. }, u: Empty { .. } }"
    );
}

#[test]
fn chain_stays_with_the_first_after_an_error() {
    let first = Script::new([gives("a"), Step::Fails(ErrorKind::TimedOut), gives("b")]);
    let mut chain = first.chain(&b"c"[..]);
    let mut bytes = Vec::new();
    assert_eq!(run(chain.read_to_end(&mut bytes)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(run(chain.read_to_end(&mut bytes)).unwrap(), 2);
    assert_eq!(bytes, b"abc");
    let (first, second) = chain.into_inner();
    assert!(first.is_over() && second.is_empty());
}

#[test]
fn chained_buffers_are_consumed_where_they_were_filled() {
    let mut chain = BufReader::new(&b"ab\nc"[..]).chain(&b"d\ne"[..]);
    let mut line = String::new();
    assert_eq!(run(chain.read_line(&mut line)).unwrap(), 3);
    assert_eq!(run(chain.read_line(&mut line)).unwrap(), 3);
    assert_eq!(run(chain.read_line(&mut line)).unwrap(), 1);
    assert_eq!(line, "ab\ncd\ne");
    assert_eq!(run(chain.fill_buf()).unwrap(), b"");
}

#[test]
fn take_ends_at_its_limit_and_asks_for_no_more() {
    let mut take = Script::new([gives("abcdef")]).take(4);
    let mut buf = [0; 3];
    assert_eq!(run(take.read(&mut buf)).unwrap(), 3);
    assert_eq!(take.limit(), 1);
    assert_eq!(run(take.read(&mut buf)).unwrap(), 1);
    assert_eq!(run(take.read(&mut buf)).unwrap(), 0);
    assert_eq!(take.get_ref().rooms, [3, 1]);
    take.set_limit(9);
    assert_eq!(run(take.read(&mut buf)).unwrap(), 2);
    assert_eq!(&buf[..2], b"ef");
}

#[test]
fn a_limit_larger_than_memory_does_not_limit() {
    let mut take = (&b"abc"[..]).take(u64::MAX);
    let mut bytes = Vec::new();
    assert_eq!(run(take.read_to_end(&mut bytes)).unwrap(), 3);
    assert_eq!(take.limit(), u64::MAX - 3);
    let mut take = (&b"abc"[..]).take(u64::MAX);
    assert_eq!(run(take.fill_buf()).unwrap(), b"abc");
    take.consume(2);
    assert_eq!(run(take.fill_buf()).unwrap(), b"c");
    assert_eq!(take.limit(), u64::MAX - 2);
}

#[test]
fn a_limited_buffer_is_cut_and_consumed_within_the_limit() {
    let mut take = (&b"abc\ndef"[..]).take(5);
    assert_eq!(run(take.fill_buf()).unwrap(), b"abc\nd");
    take.consume(9);
    assert_eq!(take.limit(), 0);
    assert_eq!(run(take.fill_buf()).unwrap(), b"", "the reader is not asked");
    assert_eq!(take.into_inner(), b"ef");
}

#[test]
fn a_dropped_read_has_taken_nothing() {
    let mut script = Script::new([Step::Waits, gives("abc")]);
    let mut buf = [0; 3];
    {
        let mut read = pin!(script.read(&mut buf));
        assert!(poll_once(read.as_mut()).is_pending());
    }
    assert_eq!(run(script.read(&mut buf)).unwrap(), 3);
    assert_eq!(&buf, b"abc");
}

#[test]
fn repeat_fills_what_it_gets_and_empty_nothing() {
    let mut buf = [0; 9];
    run(tokio::io::repeat(7).read_exact(&mut buf)).unwrap();
    assert_eq!(buf, [7; 9]);
    assert_eq!(run(tokio::io::empty().read(&mut buf)).unwrap(), 0);
    assert_eq!(run(tokio::io::empty().fill_buf()).unwrap(), b"");
}
