//! What std has that is a stream, and pointers to streams.

use crate::script::{Script, run};
use std::io::{Cursor, ErrorKind, IoSlice, SeekFrom};
use std::pin::Pin;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt,
};

#[test]
fn a_slice_is_read_from_its_front() {
    let mut slice = &b"abc"[..];
    assert_eq!(run(slice.read_u8()).unwrap(), b'a');
    assert_eq!(slice, b"bc");
    AsyncBufReadExt::consume(&mut slice, 1);
    assert_eq!(run(slice.fill_buf()).unwrap(), b"c");
}

#[test]
fn a_cursor_is_read_from_its_position_and_not_past_the_end() {
    let mut cursor = Cursor::new(b"abc");
    assert_eq!(run(cursor.read_u16()).unwrap(), 0x6162);
    assert_eq!((cursor.position(), run(cursor.fill_buf()).unwrap()), (2, &b"c"[..]));
    AsyncBufReadExt::consume(&mut cursor, 1);
    assert_eq!(run(cursor.read(&mut [0])).unwrap(), 0);
    for position in [4, u64::MAX] {
        cursor.set_position(position);
        assert_eq!(run(cursor.read(&mut [0])).unwrap(), 0);
        assert_eq!(cursor.position(), position);
    }
}

#[test]
fn a_cursor_seeks() {
    let mut cursor = Cursor::new(b"abc");
    assert_eq!(run(cursor.seek(SeekFrom::End(-1))).unwrap(), 2);
    assert_eq!(run(cursor.seek(SeekFrom::Current(-9))).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(run(cursor.stream_position()).unwrap(), 2);
    assert_eq!(run(cursor.rewind()).unwrap(), 0);
}

#[test]
fn memory_is_written_to() {
    let bufs = [IoSlice::new(b"b"), IoSlice::new(b"c")];
    let mut vec = b"a".to_vec();
    assert_eq!(run(vec.write_vectored(&bufs)).unwrap(), 2);
    assert_eq!(vec, b"abc");
    let mut cursor = Cursor::new(vec);
    run(cursor.write_all(b"xy")).unwrap();
    assert_eq!(cursor.get_ref(), b"xyc");
    let mut bytes = [0; 3];
    let mut cursor = Cursor::new(&mut bytes[..]);
    assert_eq!(run(cursor.write(b"abcd")).unwrap(), 3);
    assert_eq!(run(cursor.write_all(b"e")).unwrap_err().kind(), ErrorKind::WriteZero);
    let mut cursor = Cursor::new(vec![0; 2].into_boxed_slice());
    assert_eq!(run(cursor.write_vectored(&bufs)).unwrap(), 2);
    let mut vec = Vec::new();
    run(Cursor::new(&mut vec).write_all(b"abc")).unwrap();
    assert_eq!(vec, b"abc");
    assert!(vec.is_write_vectored());
}

#[test]
fn pointers_to_streams_are_streams() {
    fn is_stream<T: AsyncBufRead + AsyncWrite + AsyncSeek + ?Sized>() {}
    is_stream::<Cursor<Vec<u8>>>();
    is_stream::<&mut Cursor<Vec<u8>>>();
    is_stream::<Box<Cursor<Vec<u8>>>>();
    is_stream::<Pin<&mut Cursor<Vec<u8>>>>();
    is_stream::<Pin<Box<Cursor<Vec<u8>>>>>();

    let mut boxed: Box<dyn AsyncRead + Unpin> = Box::new(&b"ab"[..]);
    assert_eq!(run(boxed.read_u8()).unwrap(), b'a');
    let mut pinned: Pin<Box<dyn AsyncRead>> = Box::pin(boxed);
    assert_eq!(run(pinned.read_u8()).unwrap(), b'b');

    let mut script = Script::default();
    script.is_vectored = true;
    let pinned: Pin<&mut Script> = Pin::new(&mut script);
    let mut pinned: Pin<&mut dyn AsyncWrite> = pinned;
    assert!(pinned.is_write_vectored() && Box::new(pinned.as_mut()).is_write_vectored());
    run(pinned.write_all(b"x")).unwrap();
    run(pinned.flush()).unwrap();
    run(pinned.shutdown()).unwrap();
    assert_eq!((script.flush_count, script.shutdown_count, &script.written[..]), (1, 1, &b"x"[..]));
}
