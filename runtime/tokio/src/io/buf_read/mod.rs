//! [`AsyncBufReadExt`]: methods of everything that is read through a buffer.

mod fill_buf;
mod pieces;
mod until;

pub use pieces::{Lines, Split};

use super::AsyncBufRead;
use fill_buf::FillBuf;
use std::pin::Pin;
use until::{ReadLine, ReadUntil};

/// Methods of everything that implements [`AsyncBufRead`].
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Appends to `buf` up to and with the delimiter `byte`. Cancel safe if `buf` is kept: what was
    /// read is in it.
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> ReadUntil<'a, Self>
    where
        Self: Unpin,
    {
        ReadUntil::new(self, byte, buf)
    }

    /// Appends to `buf` up to and with the end of the line. Not cancel safe: what `buf` holds then
    /// is lost.
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> ReadLine<'a, Self>
    where
        Self: Unpin,
    {
        ReadLine::new(self, buf)
    }

    /// The pieces between delimiters.
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// Waits until the buffer is not empty, and returns it; empty at the end of the stream. Cancel
    /// safe.
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self)
    }

    /// Takes `amt` bytes off the buffer.
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        AsyncBufRead::consume(Pin::new(self), amt);
    }

    /// The lines.
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}
