//! [`AsyncReadExt`]: methods of everything that can be read.

mod exact;
mod number;
mod once;
mod to_end;
mod uninit;

use super::{AsyncRead, Chain, Take};
use bytes::BufMut;
use exact::ReadExact;
use number::{
    ReadF32, ReadF32Le, ReadF64, ReadF64Le, ReadI8, ReadI16, ReadI16Le, ReadI32, ReadI32Le, ReadI64,
    ReadI64Le, ReadI128, ReadI128Le, ReadU8, ReadU16, ReadU16Le, ReadU32, ReadU32Le, ReadU64, ReadU64Le,
    ReadU128, ReadU128Le,
};
use once::{Read, ReadInto};
use to_end::{ReadToEnd, ReadToString};

/// Writes the methods that read a number.
macro_rules! read_numbers {
    ($($method:ident, $future:ident, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        fn $method(&mut self) -> $future<&mut Self>
        where
            Self: Unpin,
        {
            $future::new(self)
        }
    )*};
}

/// Methods of everything that implements [`AsyncRead`].
pub trait AsyncReadExt: AsyncRead {
    /// Reads this one to its end, and then `next`.
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// Reads some bytes into `buf`, and returns how many; zero is the end. Cancel safe.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a, Self>
    where
        Self: Unpin,
    {
        Read::new(self, buf)
    }

    /// Reads some bytes into the free part of `buf`, which it does not initialize, and advances it.
    /// Cancel safe.
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> ReadInto<'a, Self, B>
    where
        Self: Unpin,
        B: BufMut + ?Sized,
    {
        ReadInto::new(self, buf)
    }

    /// Reads until `buf` is full; an earlier end is an error of kind `UnexpectedEof`. Not cancel
    /// safe.
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a, Self>
    where
        Self: Unpin,
    {
        ReadExact::new(self, buf)
    }

    read_numbers! {
        read_u8, ReadU8, "a `u8`";
        read_i8, ReadI8, "an `i8`";
        read_u16, ReadU16, "a big-endian `u16`";
        read_i16, ReadI16, "a big-endian `i16`";
        read_u32, ReadU32, "a big-endian `u32`";
        read_i32, ReadI32, "a big-endian `i32`";
        read_u64, ReadU64, "a big-endian `u64`";
        read_i64, ReadI64, "a big-endian `i64`";
        read_u128, ReadU128, "a big-endian `u128`";
        read_i128, ReadI128, "a big-endian `i128`";
        read_f32, ReadF32, "a big-endian `f32`";
        read_f64, ReadF64, "a big-endian `f64`";
        read_u16_le, ReadU16Le, "a little-endian `u16`";
        read_i16_le, ReadI16Le, "a little-endian `i16`";
        read_u32_le, ReadU32Le, "a little-endian `u32`";
        read_i32_le, ReadI32Le, "a little-endian `i32`";
        read_u64_le, ReadU64Le, "a little-endian `u64`";
        read_i64_le, ReadI64Le, "a little-endian `i64`";
        read_u128_le, ReadU128Le, "a little-endian `u128`";
        read_i128_le, ReadI128Le, "a little-endian `i128`";
        read_f32_le, ReadF32Le, "a little-endian `f32`";
        read_f64_le, ReadF64Le, "a little-endian `f64`";
    }

    /// Appends all that is left to `buf`, and returns how much that was.
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEnd<'a, Self>
    where
        Self: Unpin,
    {
        ReadToEnd::new(self, buf)
    }

    /// Appends all that is left to `dst`; bytes that are no UTF-8 are an error of kind
    /// `InvalidData`.
    fn read_to_string<'a>(&'a mut self, dst: &'a mut String) -> ReadToString<'a, Self>
    where
        Self: Unpin,
    {
        ReadToString::new(self, dst)
    }

    /// Ends after `limit` bytes.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}
