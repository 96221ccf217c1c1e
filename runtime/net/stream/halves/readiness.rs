//! Waiting for the halves of a stream.

use std::io;
use std::task::{Context, Poll};

use super::borrowed::{ReadHalf, WriteHalf};
use super::owned::{OwnedReadHalf, OwnedWriteHalf};
use crate::driver::{Interest, Ready};
use crate::net::stream::family::Family;

impl<F: Family> ReadHalf<'_, F> {
    /// See [`ByteStream::ready`](crate::net::ByteStream::ready), also for errors and cancel
    /// safety.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.stream().ready(interest).await
    }

    /// See [`ByteStream::poll_read_ready`](crate::net::ByteStream::poll_read_ready), also for
    /// errors.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read_ready(cx)
    }
}

impl<F: Family> OwnedReadHalf<F> {
    /// See [`ByteStream::ready`](crate::net::ByteStream::ready), also for errors and cancel
    /// safety.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.stream().ready(interest).await
    }

    /// See [`ByteStream::poll_read_ready`](crate::net::ByteStream::poll_read_ready), also for
    /// errors.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read_ready(cx)
    }
}

impl<F: Family> WriteHalf<'_, F> {
    /// See [`ByteStream::ready`](crate::net::ByteStream::ready), also for errors and cancel
    /// safety.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.stream().ready(interest).await
    }

    /// See [`ByteStream::poll_write_ready`](crate::net::ByteStream::poll_write_ready), also for
    /// errors.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_write_ready(cx)
    }
}

impl<F: Family> OwnedWriteHalf<F> {
    /// See [`ByteStream::ready`](crate::net::ByteStream::ready), also for errors and cancel
    /// safety.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.stream().ready(interest).await
    }

    /// See [`ByteStream::poll_write_ready`](crate::net::ByteStream::poll_write_ready), also for
    /// errors.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_write_ready(cx)
    }
}
