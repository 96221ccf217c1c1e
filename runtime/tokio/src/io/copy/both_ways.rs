//! Two copies at once, between the ends of two streams.

use super::through::Transfer;
use crate::io::buffered::DEFAULT_SIZE_BYTES;
use crate::io::{AsyncRead, AsyncWrite};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// One direction: a copy, the end of which is passed on.
enum Direction {
    Copies(Transfer),
    ShutsDown(u64),
    Done(u64),
}

impl Direction {
    fn poll<R, W>(&mut self, cx: &mut Context<'_>, reader: &mut R, writer: &mut W) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            *self = match self {
                Direction::Copies(transfer) => {
                    let count = ready!(transfer.poll(cx, Pin::new(&mut *reader), Pin::new(&mut *writer)))?;
                    Direction::ShutsDown(count)
                }
                Direction::ShutsDown(count) => {
                    ready!(Pin::new(&mut *writer).poll_shutdown(cx))?;
                    Direction::Done(*count)
                }
                Direction::Done(count) => return Poll::Ready(Ok(*count)),
            };
        }
    }
}

/// Copies from `a` to `b` and from `b` to `a` until both are at their ends, and returns both
/// numbers of bytes. The end of one is passed on by shutting the other one down; an error of either
/// ends both copies.
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_both_ways(a, b, DEFAULT_SIZE_BYTES, DEFAULT_SIZE_BYTES).await
}

/// Like [`copy_bidirectional`], with buffers of these sizes in bytes.
///
/// # Panics
/// The future panics if one of them is zero.
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(a_to_b_buf_size > 0, "`a_to_b_buf_size` must be greater than 0");
    assert!(b_to_a_buf_size > 0, "`b_to_a_buf_size` must be greater than 0");
    copy_both_ways(a, b, a_to_b_buf_size, b_to_a_buf_size).await
}

async fn copy_both_ways<A, B>(
    a: &mut A,
    b: &mut B,
    there_size: usize,
    back_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut there = Direction::Copies(Transfer::new(there_size));
    let mut back = Direction::Copies(Transfer::new(back_size));
    poll_fn(|cx| {
        // Each is polled, whatever the other one waits for.
        let there = there.poll(cx, a, b)?;
        let back = back.poll(cx, b, a)?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    })
    .await
}
