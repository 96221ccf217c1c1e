//! `BufReader`, `BufWriter`, `BufStream`: when they use their buffers, and where seeks go.

use crate::script::{Script, SlowSeek, Step, gives, poll_once, run};
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, SeekFrom};
use std::pin::{Pin, pin};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
};

#[test]
fn small_reads_are_served_from_one_large_one() {
    let mut reader = BufReader::with_capacity(8, Script::new([gives("abcdefgh")]));
    let mut buf = [0; 3];
    run(reader.read_exact(&mut buf)).unwrap();
    assert_eq!((reader.buffer(), &reader.get_ref().rooms[..]), (&b"defgh"[..], &[8][..]));
    assert_eq!(run(reader.read(&mut [0; 9])).unwrap(), 5, "what is there first");
}

#[test]
fn a_read_as_large_as_the_buffer_goes_past_it() {
    let mut reader = BufReader::with_capacity(4, Script::new([gives("abcdefgh")]));
    assert_eq!(run(reader.read(&mut [0; 4])).unwrap(), 4);
    assert_eq!((reader.buffer(), &reader.get_ref().rooms[..]), (&b""[..], &[4][..]));
    assert_eq!(run(reader.read(&mut [0; 3])).unwrap(), 3);
    assert_eq!(reader.buffer(), b"h");
}

#[test]
fn a_reader_consumes_no_more_than_there_is() {
    let mut reader = BufReader::new(Script::new([gives("abc"), gives("d")]));
    assert_eq!(run(reader.fill_buf()).unwrap(), b"abc");
    reader.consume(usize::MAX);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"d");
}

#[test]
fn a_failed_read_leaves_the_reader_usable() {
    let mut reader = BufReader::new(Script::new([Step::Fails(ErrorKind::TimedOut), gives("a")]));
    assert_eq!(run(reader.read_u8()).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(run(reader.read_u8()).unwrap(), b'a');
}

#[test]
#[should_panic(expected = "capacity must be greater than zero")]
fn a_reader_without_a_buffer_panics() {
    let _reader = BufReader::with_capacity(0, Script::default());
}

#[test]
fn a_relative_seek_counts_from_where_the_program_is() {
    let mut reader = BufReader::with_capacity(6, SlowSeek::new("abcdefghij"));
    run(reader.read_exact(&mut [0; 2])).unwrap();
    assert_eq!(run(reader.seek(SeekFrom::Current(1))).unwrap(), 3);
    assert_eq!(reader.buffer(), b"", "the buffer is given up");
    assert_eq!(run(reader.read_u8()).unwrap(), b'd');
    assert_eq!(run(reader.stream_position()).unwrap(), 4);
    assert_eq!(run(reader.seek(SeekFrom::End(-1))).unwrap(), 9);
    assert_eq!(run(reader.read_u8()).unwrap(), b'j');
    run(reader.rewind()).unwrap();
    assert_eq!(run(reader.read_u8()).unwrap(), b'a');
}

#[test]
fn a_relative_seek_that_is_no_i64_goes_in_two_steps() {
    let mut reader = BufReader::with_capacity(4, SlowSeek::new("abcdefgh"));
    run(reader.read_u8()).unwrap();
    assert!(run(reader.seek(SeekFrom::Current(i64::MIN))).is_err(), "it leads before the start");
    assert_eq!(reader.get_ref().seeks, [SeekFrom::Current(-3), SeekFrom::Current(i64::MIN)]);
    assert_eq!((reader.buffer(), reader.get_ref().bytes.position()), (&b""[..], 1));
    assert_eq!(run(reader.fill_buf()).unwrap(), b"bcde", "it reads on from where it was");
}

#[test]
fn without_a_seek_the_readers_own_operation_is_waited_for() {
    let mut reader = BufReader::with_capacity(2, SlowSeek::new("abcd"));
    run(reader.fill_buf()).unwrap();
    Pin::new(reader.get_mut()).start_seek(SeekFrom::Current(0)).unwrap();
    assert!(poll_once(pin!(poll_fn(|cx| Pin::new(&mut reader).poll_complete(cx)))).is_pending());
    assert_eq!(reader.buffer(), b"ab");
    assert_eq!(run(reader.seek(SeekFrom::Current(1))).unwrap(), 1);
}

#[test]
fn a_seek_that_was_given_up_is_waited_for_by_the_next_one() {
    let mut plain = SlowSeek::new("abcdefgh");
    assert!(poll_once(pin!(plain.seek(SeekFrom::Start(5)))).is_pending());
    assert_eq!(run(plain.seek(SeekFrom::Current(1))).unwrap(), 6);
    let mut reader = BufReader::new(SlowSeek::new("abcdefgh"));
    {
        let mut seek = pin!(reader.seek(SeekFrom::Start(5)));
        assert!(poll_once(seek.as_mut()).is_pending());
    }
    assert_eq!(run(reader.seek(SeekFrom::Current(1))).unwrap(), 6);
}

#[test]
fn small_writes_are_one_large_one() {
    let mut writer = BufWriter::with_capacity(4, Script::default());
    run(writer.write_all(b"ab")).unwrap();
    run(writer.write_all(b"cd")).unwrap();
    assert_eq!((writer.buffer(), writer.get_ref().writes.len()), (&b"abcd"[..], 0));
    run(writer.write_all(b"e")).unwrap();
    assert_eq!((writer.buffer(), &writer.get_ref().written[..]), (&b"e"[..], &b"abcd"[..]));
    run(writer.flush()).unwrap();
    let script = writer.into_inner();
    assert_eq!((&script.written[..], script.flush_count), (&b"abcde"[..], 1));
}

#[test]
fn a_write_as_large_as_the_buffer_goes_past_it_in_order() {
    let mut writer = BufWriter::with_capacity(4, Script::default());
    run(writer.write_all(b"ab")).unwrap();
    run(writer.write_all(b"cdef")).unwrap();
    assert_eq!(writer.get_ref().writes, [[2], [4]]);
    assert_eq!(writer.get_ref().written, b"abcdef");
}

#[test]
fn a_failed_flush_keeps_what_was_not_written() {
    let steps =
        [Step::Takes(2), Step::Waits, Step::Fails(ErrorKind::BrokenPipe), Step::Takes(1), Step::Takes(0)];
    let mut writer = BufWriter::new(Script::new(steps));
    run(writer.write_all(b"abcdef")).unwrap();
    assert_eq!(run(writer.flush()).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(writer.buffer(), b"cdef");
    let error = run(writer.flush()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::WriteZero, "failed to write the buffered data")
    );
    assert_eq!(writer.buffer(), b"def");
    run(writer.shutdown()).unwrap();
    assert_eq!((&writer.get_ref().written[..], writer.get_ref().shutdown_count), (&b"abcdef"[..], 1));
}

#[test]
fn a_dropped_flush_writes_nothing_twice() {
    let mut writer = BufWriter::new(Script::new([Step::Takes(2), Step::Waits]));
    run(writer.write_all(b"abcd")).unwrap();
    {
        let mut flush = pin!(writer.flush());
        assert!(poll_once(flush.as_mut()).is_pending());
    }
    run(writer.write_all(b"e")).unwrap();
    run(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().written, b"abcde");
}

#[test]
fn a_vector_that_fits_is_buffered_and_another_goes_past() {
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"c")];
    let large = [IoSlice::new(b"defg"), IoSlice::new(b"h")];
    let mut script = Script::default();
    script.is_vectored = true;
    let mut writer = BufWriter::with_capacity(4, script);
    assert_eq!(run(writer.write_vectored(&bufs)).unwrap(), 3);
    assert_eq!(run(writer.write_vectored(&large)).unwrap(), 5);
    assert_eq!(writer.get_ref().writes, [vec![3], vec![4, 1]]);
}

#[test]
fn a_writer_without_vectors_gets_the_buffers_one_by_one() {
    let mut writer = BufWriter::with_capacity(4, Script::default());
    let bufs = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"c"), IoSlice::new(b"de")];
    assert_eq!(run(writer.write_vectored(&bufs)).unwrap(), 3, "the last one does not fit");
    assert_eq!(writer.buffer(), b"abc");
    assert_eq!(run(writer.write_vectored(&[IoSlice::new(b"defgh"), IoSlice::new(b"i")])).unwrap(), 5);
    assert_eq!(writer.get_ref().writes, [[3], [5]]);
    assert_eq!(run(writer.write_vectored(&[IoSlice::new(b"")])).unwrap(), 0);
    assert_eq!(run(writer.write_vectored(&[])).unwrap(), 0);
}

#[test]
fn a_seek_writes_what_is_buffered_before_it_moves() {
    let mut writer = BufWriter::new(SlowSeek::new("abcdef"));
    run(writer.write_all(b"xy")).unwrap();
    assert_eq!(run(writer.seek(SeekFrom::Start(4))).unwrap(), 4);
    run(writer.write_all(b"z")).unwrap();
    run(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().bytes.get_ref(), b"xycdzf");
    assert!(run(writer.seek(SeekFrom::End(-9))).is_err());
    assert_eq!(run(writer.seek(SeekFrom::Current(0))).unwrap(), 5, "an error ends the seek");
}

#[test]
fn a_stream_reads_and_writes_through_buffers() {
    let mut stream = BufStream::with_capacity(8, 4, Script::new([gives("abcd")]));
    assert_eq!(run(stream.read_u8()).unwrap(), b'a');
    run(stream.write_all(b"xy")).unwrap();
    assert_eq!(run(stream.fill_buf()).unwrap(), b"bcd");
    assert!(stream.get_ref().written.is_empty());
    run(stream.flush()).unwrap();
    assert_eq!(stream.into_inner().written, b"xy");
}

#[test]
fn a_stream_of_a_reader_and_a_writer_keeps_both_buffers() {
    let mut inside = BufWriter::new(BufReader::new(Script::new([gives("abc")])));
    assert_eq!(run(inside.get_mut().read_u8()).unwrap(), b'a');
    run(inside.write_all(b"xy")).unwrap();
    let mut stream = BufStream::from(inside);
    assert_eq!(run(stream.fill_buf()).unwrap(), b"bc");
    run(stream.flush()).unwrap();
    assert_eq!(stream.get_ref().written, b"xy");
    let mut outside = BufStream::from(BufReader::new(BufWriter::new(Script::new([gives("abc")]))));
    assert_eq!(run(outside.read_u8()).unwrap(), b'a');
}

#[test]
fn a_stream_seeks_past_both_buffers() {
    let mut stream = BufStream::new(SlowSeek::new("abcdef"));
    assert_eq!(run(stream.read_u8()).unwrap(), b'a');
    assert_eq!(run(stream.seek(SeekFrom::Current(2))).unwrap(), 3);
    run(stream.write_all(b"X")).unwrap();
    assert_eq!(run(stream.seek(SeekFrom::Start(2))).unwrap(), 2);
    let mut rest = String::new();
    run(stream.read_to_string(&mut rest)).unwrap();
    assert_eq!(rest, "cXef");
}

#[test]
fn debug_output_shows_how_full_the_buffers_are() {
    let mut reader = BufReader::with_capacity(4, &b"abc"[..]);
    run(reader.read_u8()).unwrap();
    assert_eq!(format!("{reader:?}"), "BufReader { reader: [], buffer: 2/4 }");
    let writer = BufWriter::with_capacity(4, Vec::<u8>::new());
    assert_eq!(format!("{writer:?}"), "BufWriter { writer: [], buffer: 0/4, written: 0 }");
}
