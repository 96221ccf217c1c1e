//! [`AsyncWriteExt`]: methods of everything that can be written to.

mod all;
mod ending;
mod number;
mod once;

use super::AsyncWrite;
use all::{WriteAll, WriteAllBuf};
use bytes::Buf;
use ending::{Flush, Shutdown};
use number::{
    WriteF32, WriteF32Le, WriteF64, WriteF64Le, WriteI8, WriteI16, WriteI16Le, WriteI32, WriteI32Le,
    WriteI64, WriteI64Le, WriteI128, WriteI128Le, WriteU8, WriteU16, WriteU16Le, WriteU32, WriteU32Le,
    WriteU64, WriteU64Le, WriteU128, WriteU128Le,
};
use once::{Write, WriteBuf, WriteVectored};
use std::io::IoSlice;

/// Writes the methods that write a number.
macro_rules! write_numbers {
    ($($method:ident, $future:ident, $number:ty, $what:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, ".")]
        fn $method(&mut self, n: $number) -> $future<&mut Self>
        where
            Self: Unpin,
        {
            $future::new(self, n)
        }
    )*};
}

/// Methods of everything that implements [`AsyncWrite`].
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes some of `src`, and returns how much. Cancel safe.
    fn write<'a>(&'a mut self, src: &'a [u8]) -> Write<'a, Self>
    where
        Self: Unpin,
    {
        Write::new(self, src)
    }

    /// Writes some of several buffers, and returns how much. Cancel safe.
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored::new(self, bufs)
    }

    /// Writes some of `src`, advances it, and returns by how much. Cancel safe.
    fn write_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteBuf::new(self, src)
    }

    /// Writes all of `src`, and advances it by each write. Cancel safe: what is left of it is not
    /// written.
    fn write_all_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteAllBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteAllBuf::new(self, src)
    }

    /// Writes all of `src`. Not cancel safe: nobody knows how much was written.
    fn write_all<'a>(&'a mut self, src: &'a [u8]) -> WriteAll<'a, Self>
    where
        Self: Unpin,
    {
        WriteAll::new(self, src)
    }

    write_numbers! {
        write_u8, WriteU8, u8, "a `u8`";
        write_i8, WriteI8, i8, "an `i8`";
        write_u16, WriteU16, u16, "a big-endian `u16`";
        write_i16, WriteI16, i16, "a big-endian `i16`";
        write_u32, WriteU32, u32, "a big-endian `u32`";
        write_i32, WriteI32, i32, "a big-endian `i32`";
        write_u64, WriteU64, u64, "a big-endian `u64`";
        write_i64, WriteI64, i64, "a big-endian `i64`";
        write_u128, WriteU128, u128, "a big-endian `u128`";
        write_i128, WriteI128, i128, "a big-endian `i128`";
        write_f32, WriteF32, f32, "a big-endian `f32`";
        write_f64, WriteF64, f64, "a big-endian `f64`";
        write_u16_le, WriteU16Le, u16, "a little-endian `u16`";
        write_i16_le, WriteI16Le, i16, "a little-endian `i16`";
        write_u32_le, WriteU32Le, u32, "a little-endian `u32`";
        write_i32_le, WriteI32Le, i32, "a little-endian `i32`";
        write_u64_le, WriteU64Le, u64, "a little-endian `u64`";
        write_i64_le, WriteI64Le, i64, "a little-endian `i64`";
        write_u128_le, WriteU128Le, u128, "a little-endian `u128`";
        write_i128_le, WriteI128Le, i128, "a little-endian `i128`";
        write_f32_le, WriteF32Le, f32, "a little-endian `f32`";
        write_f64_le, WriteF64Le, f64, "a little-endian `f64`";
    }

    /// Waits until all that was written has reached its destination.
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush::new(self)
    }

    /// Flushes and ends the stream.
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown::new(self)
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}
