//! `ReadBuf`: its marks, its limits, and a reader that exchanges it.

#![expect(unsafe_code, reason = "the unsafe methods are what is tested")]

use crate::script::run;
use bytes::BufMut;
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

#[test]
fn a_slice_is_initialized_and_not_filled() {
    let mut bytes = [7; 4];
    let buf = ReadBuf::new(&mut bytes);
    assert_eq!((buf.capacity(), buf.remaining()), (4, 4));
    assert_eq!(buf.filled(), []);
    assert_eq!(buf.initialized(), [7; 4]);
}

#[test]
fn only_what_was_put_is_initialized() {
    let mut bytes = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut bytes);
    buf.put_slice(b"abc");
    assert_eq!((buf.filled(), buf.initialized(), buf.remaining()), (&b"abc"[..], &b"abc"[..], 5));
    buf.filled_mut()[0] = b'x';
    buf.clear();
    assert_eq!((buf.filled(), buf.initialized(), buf.remaining()), (&b""[..], &b"xbc"[..], 8));
    buf.set_filled(2);
    assert_eq!(buf.filled(), b"xb");
    buf.initialized_mut()[2] = b'z';
    buf.advance(1);
    assert_eq!(buf.filled(), b"xbz");
}

#[test]
fn initializing_writes_zeros_only_where_nothing_was() {
    let mut bytes = [MaybeUninit::uninit(); 6];
    let mut buf = ReadBuf::uninit(&mut bytes);
    buf.put_slice(b"abcd");
    buf.set_filled(1);
    assert_eq!(buf.initialize_unfilled_to(2), b"bc");
    assert_eq!(buf.initialized(), b"abcd");
    assert_eq!(buf.initialize_unfilled(), b"bcd\0\0");
    assert_eq!(buf.initialized(), b"abcd\0\0");
    buf.set_filled(6);
    assert_eq!(buf.initialize_unfilled(), b"");
}

#[test]
fn the_unsafe_methods_reach_all_of_it_and_the_unfilled_part() {
    let mut bytes = [MaybeUninit::uninit(); 4];
    let mut buf = ReadBuf::uninit(&mut bytes);
    buf.put_slice(b"a");
    // SAFETY: initialized bytes are written.
    unsafe {
        assert_eq!(buf.inner_mut().len(), 4);
        let unfilled = buf.unfilled_mut();
        assert_eq!(unfilled.len(), 3);
        unfilled[0].write(b'b');
        unfilled[1].write(b'c');
        buf.assume_init(2);
    }
    assert_eq!((buf.filled(), buf.initialized()), (&b"a"[..], &b"abc"[..]));
    // SAFETY: fewer than what is known to be initialized.
    unsafe { buf.assume_init(1) };
    assert_eq!(buf.initialized(), b"abc");
    buf.advance(2);
    assert_eq!(buf.filled(), b"abc");
}

#[test]
fn a_part_ends_where_it_was_told_to_or_where_the_whole_ends() {
    let mut bytes = [0; 4];
    let mut buf = ReadBuf::new(&mut bytes);
    buf.put_slice(b"a");
    assert_eq!(buf.take(2).capacity(), 2);
    assert_eq!(buf.take(9).capacity(), 3);
    assert_eq!(buf.take(usize::MAX).filled(), b"");
    let mut part = buf.take(2);
    part.put_slice(b"xy");
    assert_eq!(buf.filled(), b"a", "the whole does not learn of it");
}

#[test]
fn marks_that_would_lie_are_refused() {
    fn refused(f: impl FnOnce(&mut ReadBuf<'_>)) -> String {
        let mut bytes = [MaybeUninit::uninit(); 4];
        let mut buf = ReadBuf::uninit(&mut bytes);
        buf.put_slice(b"ab");
        let panic = catch_unwind(AssertUnwindSafe(|| f(&mut buf))).expect_err("it panics");
        assert_eq!((buf.filled(), buf.initialized()), (&b"ab"[..], &b"ab"[..]));
        panic
            .downcast_ref::<&str>()
            .map_or_else(|| panic.downcast_ref::<String>().unwrap().clone(), |text| (*text).to_owned())
    }
    assert_eq!(refused(|buf| buf.advance(1)), "filled must not become larger than initialized");
    assert_eq!(refused(|buf| buf.set_filled(3)), "filled must not become larger than initialized");
    assert_eq!(refused(|buf| buf.advance(usize::MAX)), "filled overflow");
    assert_eq!(refused(|buf| assert!(buf.initialize_unfilled_to(3).is_empty())), "n overflows remaining");
    let text = refused(|buf| buf.put_slice(b"xyz"));
    assert_eq!(text, "buf.len() must fit in remaining(); buf.len() = 3, remaining() = 2");
}

#[test]
fn it_is_a_buf_mut() {
    let mut bytes = [MaybeUninit::uninit(); 4];
    let mut buf = ReadBuf::uninit(&mut bytes);
    buf.put_u16(0x6162);
    assert_eq!((buf.remaining_mut(), buf.chunk_mut().len()), (2, 2));
    buf.put_bytes(b'c', 2);
    assert_eq!(buf.filled(), b"abcc");
    assert!(!buf.has_remaining_mut());
    assert_eq!(format!("{buf:?}"), "ReadBuf { filled: 4, initialized: 4, capacity: 4 }");
}

/// Puts another buffer in place of the one that it was lent.
struct Exchanges;

impl AsyncRead for Exchanges {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let other = Box::leak(Box::new([b'x'; 16]));
        *buf = ReadBuf::new(other);
        buf.advance(16);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_reader_that_exchanges_the_buffer_is_found_out() {
    let found_out = |f: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    found_out(&|| drop(run(Exchanges.read_buf(&mut Vec::with_capacity(16)))));
    found_out(&|| drop(run(Exchanges.read_to_end(&mut Vec::with_capacity(64)))));
    found_out(&|| drop(run(Exchanges.take(16).read(&mut [0; 16]))));
}

/// Notes how many bytes after the filled ones it finds initialized.
struct Looks(Vec<usize>);

impl AsyncRead for Looks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let known = buf.initialized().len() - buf.filled().len();
        self.0.push(known);
        if self.0.len() < 4 {
            buf.initialize_unfilled();
            buf.advance(1);
        }
        Poll::Ready(Ok(()))
    }
}

#[test]
fn read_to_end_initializes_no_byte_twice() {
    let mut reader = Looks(Vec::new());
    let mut bytes = Vec::with_capacity(100);
    assert_eq!(run(reader.read_to_end(&mut bytes)).unwrap(), 3);
    assert_eq!(bytes, [0; 3]);
    let first = bytes.capacity();
    assert_eq!(reader.0, [0, first - 1, first - 2, first - 3]);
}

#[test]
fn take_keeps_what_is_initialized() {
    let mut reader = Looks(Vec::new()).take(3);
    assert_eq!(run(reader.read(&mut [1; 10])).unwrap(), 1);
    assert_eq!(reader.get_ref().0, [3]);
}
