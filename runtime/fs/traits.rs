//! The common part of the implementations of other crates' traits. Nobody knows whether a caller of
//! such a trait polls again.

use std::io::{self, SeekFrom};
use std::task::{Context, Poll};

use super::file::{File, READ, SEEK, WRITE};

impl File {
    /// On a file with offsets, an operation that was started by another method of a trait was given
    /// up. A stream may be read and written alternately.
    fn leave_others(&mut self, mine: usize) {
        for (index, turn) in self.turns.iter_mut().enumerate() {
            if index != mine && turn.is_open() && self.descriptor.has_offsets() {
                self.cursor_turns.leave(&self.descriptor, turn);
            }
        }
    }

    /// Reads at the cursor.
    pub(super) fn poll_read_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.leave_others(READ);
        let len = buf.len().min(self.max_buf_size());
        self.cursor_turns.poll_read(&self.descriptor, &mut self.turns[READ], cx, &mut buf[..len])
    }

    /// Writes at the cursor.
    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.leave_others(WRITE);
        let buf = &buf[..buf.len().min(self.max_buf_size())];
        self.cursor_turns.poll_write(&self.descriptor, &mut self.turns[WRITE], cx, buf)
    }

    /// Moves the cursor.
    pub(super) fn poll_seek_to(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        self.leave_others(SEEK);
        self.cursor_turns.poll_seek(&self.descriptor, &mut self.turns[SEEK], cx, to)
    }

    /// Waits for writes that are in flight. Their results are kept for their callers.
    pub(super) fn poll_flush_slices(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cursor_turns.poll_flush(&self.descriptor, &mut self.turns[SEEK], cx).map(Ok)
    }
}
