//! Bytes of a file on their way to a socket, without a copy: at once if the page cache has them,
//! and by way of a pipe if a disk has to be waited for. `net/stream/send_file.rs` sends them.

use std::io;
use std::sync::Arc;

use socket2::Socket;

use super::file::File;
use super::file_bytes::check_offset;
use super::lanes::Touch;
use crate::driver::file::{self, Request};
use crate::system::splice::{self, Pipe};

/// The most bytes of one call: what a poll may move before other tasks run.
const SEND_BYTES_MAX: u64 = 1024 * 1024;

impl File {
    /// Whether nothing has to be waited for before [`send_now`](File::send_now).
    pub(crate) fn may_send_now(&self) -> bool {
        self.cursor_turns.is_quiet(&self.descriptor)
    }

    /// Waits for what was given up.
    pub(crate) async fn settle(&self) {
        self.quiet(Touch::Nothing).await;
    }

    /// Sends some bytes at `offset`, at most `len`, which is not 0, if the page cache has them.
    /// Returns 0 only at the end of the file, and None if somebody has to wait for a disk, or if it
    /// is not known.
    pub(crate) fn send_now(&self, socket: &Socket, offset: u64, len: u64) -> io::Result<Option<usize>> {
        match self.descriptor.len_in_cache(offset, len.min(SEND_BYTES_MAX)) {
            None => Ok(None),
            Some(0) => Ok(Some(0)),
            Some(len) => splice::send_file(self.descriptor.file(), offset, len as usize, socket).map(Some),
        }
    }

    /// Moves some bytes at `offset` into the pipe, which is empty: at most `len`, and 0 only at the
    /// end of the file.
    pub(crate) async fn splice_at(&self, offset: u64, pipe: &Arc<Pipe>, len: u64) -> io::Result<usize> {
        /// More never fit into a pipe.
        const BYTES_MAX: u64 = 1 << 30;
        check_offset(offset)?;
        self.quiet(Touch::Nothing).await;
        let (file, pipe, len) = (self.descriptor.clone(), pipe.clone(), len.min(BYTES_MAX) as u32);
        file::start(Request::Splice { file, offset, pipe, len }).await.result
    }
}
