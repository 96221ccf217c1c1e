//! What the traits of other crates share: operations of callers of whom nobody knows whether they will come again.

use std::io::{self, SeekFrom};
use std::task::{Context, Poll};

use super::file::{File, READ, SEEK, WRITE};

impl File {
    /// What was begun with another method of a trait at a file with places was given up. What streams may be read and
    /// written by turns.
    fn leave_others(&mut self, mine: usize) {
        for (index, turn) in self.turns.iter_mut().enumerate() {
            if index != mine && turn.is_open() && self.descriptor.has_places() {
                self.gate.leave(&self.descriptor, turn);
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
        self.gate.poll_read(&self.descriptor, &mut self.turns[READ], cx, buf)
    }

    /// Writes at the cursor.
    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.leave_others(WRITE);
        self.gate.poll_write(&self.descriptor, &mut self.turns[WRITE], cx, buf)
    }

    /// Moves the cursor.
    pub(super) fn poll_seek_to(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        self.leave_others(SEEK);
        self.gate.poll_seek(&self.descriptor, &mut self.turns[SEEK], cx, to)
    }

    /// Waits for writes that are in flight. Their results stay for those who come for them.
    pub(super) fn poll_flush_slices(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.gate.poll_flush(&self.descriptor, &mut self.turns[SEEK], cx).map(Ok)
    }
}
