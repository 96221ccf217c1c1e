//! Streams whose descriptor does not block. A call that would block waits until the stream is
//! ready, in the same way on every back end.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::cursor::CursorTurns;
use super::readiness::StreamReadiness;
use super::turn::Turn;
use crate::driver::file::Descriptor;

impl CursorTurns {
    /// Reads some bytes, or waits until there are some.
    pub(super) fn poll_read(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(readiness) = &turn.readiness {
                let read = ready!(readiness.poll_read(file, cx, buf));
                turn.readiness = None;
                if let Some(result) = read.transpose() {
                    return Poll::Ready(result);
                }
            }
            let result = ready!(self.poll_read_once(file, turn, cx, buf));
            if !would_block(&result) {
                return Poll::Ready(result);
            }
            turn.readiness = Some(StreamReadiness::of(file)?);
        }
    }

    /// Writes some bytes, or waits until there is room.
    pub(super) fn poll_write(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(readiness) = &turn.readiness {
                let written = ready!(readiness.poll_write(file, cx, buf));
                turn.readiness = None;
                if let Some(result) = written.transpose() {
                    return Poll::Ready(result);
                }
            }
            let result = ready!(self.poll_write_once(file, turn, cx, buf));
            if !would_block(&result) {
                return Poll::Ready(result);
            }
            turn.readiness = Some(StreamReadiness::of(file)?);
        }
    }
}

fn would_block(result: &io::Result<usize>) -> bool {
    cfg!(unix) && result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}
