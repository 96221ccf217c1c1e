//! Which types may be sent, shared and moved, as tokio's may.

use std::cell::Cell;
use std::marker::PhantomPinned;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter, Chain,
    DuplexStream, Empty, Join, Lines, ReadBuf, ReadHalf, Repeat, SimplexStream, Sink, Split, Take, WriteHalf,
};

/// Answers whether a type has an auto trait: the inherent constant wins if its bound holds.
macro_rules! has {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code)]
        trait Not {
            const HOLDS: bool = false;
        }
        impl<T: ?Sized> Not for T {}
        #[allow(dead_code)]
        struct Of<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $($bound)+> Of<T> {
            const HOLDS: bool = true;
        }
        <Of<$type>>::HOLDS
    }};
}

/// Neither `Send` nor `Sync`.
type Local = *const ();
/// `Send` only.
type Sent = Cell<u8>;
/// `Sync` only.
type Shared = std::sync::MutexGuard<'static, u8>;

#[test]
fn types_are_sent_and_shared_as_what_they_hold() {
    macro_rules! follow {
        ($($type:ident)*) => {$(
            assert!(has!($type<u8>: Send) && has!($type<u8>: Sync) && has!($type<u8>: Unpin));
            assert!(!has!($type<Local>: Send) && !has!($type<Local>: Sync));
            assert!(has!($type<Sent>: Send) && !has!($type<Sent>: Sync));
            assert!(!has!($type<Shared>: Send) && has!($type<Shared>: Sync));
        )*};
    }
    follow!(BufReader BufWriter BufStream Lines Split Take ReadHalf WriteHalf);
    assert!(!has!(BufReader<PhantomPinned>: Unpin) && !has!(Take<PhantomPinned>: Unpin));
    assert!(has!(ReadHalf<PhantomPinned>: Unpin) && has!(WriteHalf<PhantomPinned>: Unpin));
    assert!(!has!(Chain<Local, u8>: Send) && !has!(Chain<u8, PhantomPinned>: Unpin));
    assert!(!has!(Join<Local, u8>: Send) && !has!(Join<PhantomPinned, u8>: Unpin));
    macro_rules! free {
        ($($type:ty)*) => {$(assert!(has!($type: Send) && has!($type: Sync) && has!($type: Unpin));)*};
    }
    free!(DuplexStream SimplexStream Empty Repeat Sink ReadBuf<'static>);
}

fn is_free<T: Send + Sync>(_: &T) {}

/// Answers whether a value is `Unpin`: the inherent method wins if its bound holds.
struct Asks<'a, T>(#[allow(dead_code)] &'a T);

impl<T: Unpin> Asks<'_, T> {
    fn is_unpin(&self) -> bool {
        true
    }
}

trait IsNot {
    fn is_unpin(&self) -> bool {
        false
    }
}

impl<T> IsNot for Asks<'_, T> {}

#[test]
fn futures_may_be_sent_and_shared() {
    let (mut stream, mut vec, mut text) = (std::io::Cursor::new(vec![0_u8; 9]), Vec::new(), String::new());
    is_free(&stream.read(&mut [0]));
    is_free(&stream.read_buf(&mut vec));
    is_free(&stream.read_exact(&mut [0]));
    is_free(&stream.read_to_end(&mut vec));
    is_free(&stream.read_to_string(&mut text));
    is_free(&stream.read_u8());
    is_free(&stream.read_line(&mut text));
    is_free(&stream.read_until(0, &mut vec));
    is_free(&stream.fill_buf());
    is_free(&stream.write(&[0]));
    is_free(&stream.write_all(&[0]));
    is_free(&stream.write_all_buf(&mut &[0_u8][..]));
    is_free(&stream.write_u8(0));
    is_free(&stream.flush());
    is_free(&stream.shutdown());
    is_free(&stream.rewind());
    let (mut a, mut b) = tokio::io::duplex(1);
    is_free(&tokio::io::copy(&mut stream, &mut a));
    is_free(&tokio::io::copy_bidirectional(&mut a, &mut b));
}

#[test]
fn futures_of_methods_are_not_unpin() {
    let (mut stream, mut vec) = (std::io::Cursor::new(vec![0_u8; 9]), Vec::<u8>::new());
    assert!(Asks(&stream).is_unpin());
    assert!(!Asks(&stream.read(&mut [0])).is_unpin());
    assert!(!Asks(&stream.read_exact(&mut [0])).is_unpin());
    assert!(!Asks(&stream.read_u8()).is_unpin());
    assert!(!Asks(&stream.read_until(0, &mut vec)).is_unpin());
    assert!(!Asks(&stream.write_u8(0)).is_unpin());
    assert!(!Asks(&stream.flush()).is_unpin());
    assert!(!Asks(&stream.rewind()).is_unpin());
}
