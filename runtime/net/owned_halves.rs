//! Reads and writes of the halves of a `ByteStream`, with buffers that are handed over.

use std::io;

use super::family::Family;
use super::owned_split::{OwnedReadHalf, OwnedWriteHalf};
use super::split::{ReadHalf, WriteHalf};
use super::{owned_transfer, zero_copy};
use crate::buf::{IoBuf, IoBufMut};

impl<F: Family> ReadHalf<'_, F> {
    /// See [`ByteStream::read_owned`](super::ByteStream::read_owned), also for errors and cancel
    /// safety.
    pub async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::read(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::read_vectored_owned`](super::ByteStream::read_vectored_owned), also for
    /// errors and cancel safety.
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::read_vectored(self.stream().registration(), bufs).await
    }
}

impl<F: Family> WriteHalf<'_, F> {
    /// See [`ByteStream::write_owned`](super::ByteStream::write_owned), also for errors and cancel
    /// safety.
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::write(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned`](super::ByteStream::write_all_owned), also for errors and
    /// cancel safety.
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_transfer::write_all(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_vectored_owned`](super::ByteStream::write_vectored_owned), also for
    /// errors and cancel safety.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::write_vectored(self.stream().registration(), bufs).await
    }

    /// See [`ByteStream::write_all_vectored_owned`](super::ByteStream::write_all_vectored_owned),
    /// also for errors and cancel safety.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_transfer::write_all_vectored(self.stream().registration(), bufs).await
    }

    /// See [`ByteStream::write_owned_zero_copy`](super::ByteStream::write_owned_zero_copy), also
    /// for errors and cancel safety.
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        zero_copy::write::<F, B>(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned_zero_copy`](super::ByteStream::write_all_owned_zero_copy),
    /// also for errors and cancel safety.
    pub async fn write_all_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        zero_copy::write_all::<F, B>(self.stream().registration(), buf).await
    }
}

impl<F: Family> OwnedReadHalf<F> {
    /// See [`ByteStream::read_owned`](super::ByteStream::read_owned), also for errors and cancel
    /// safety.
    pub async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::read(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::read_vectored_owned`](super::ByteStream::read_vectored_owned), also for
    /// errors and cancel safety.
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::read_vectored(self.stream().registration(), bufs).await
    }
}

impl<F: Family> OwnedWriteHalf<F> {
    /// See [`ByteStream::write_owned`](super::ByteStream::write_owned), also for errors and cancel
    /// safety.
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::write(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned`](super::ByteStream::write_all_owned), also for errors and
    /// cancel safety.
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_transfer::write_all(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_vectored_owned`](super::ByteStream::write_vectored_owned), also for
    /// errors and cancel safety.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::write_vectored(self.stream().registration(), bufs).await
    }

    /// See [`ByteStream::write_all_vectored_owned`](super::ByteStream::write_all_vectored_owned),
    /// also for errors and cancel safety.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_transfer::write_all_vectored(self.stream().registration(), bufs).await
    }

    /// See [`ByteStream::write_owned_zero_copy`](super::ByteStream::write_owned_zero_copy), also
    /// for errors and cancel safety.
    pub async fn write_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        zero_copy::write::<F, B>(self.stream().registration(), buf).await
    }

    /// See [`ByteStream::write_all_owned_zero_copy`](super::ByteStream::write_all_owned_zero_copy),
    /// also for errors and cancel safety.
    pub async fn write_all_owned_zero_copy<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        zero_copy::write_all::<F, B>(self.stream().registration(), buf).await
    }
}
