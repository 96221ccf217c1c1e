//! Bytes of a file on their way to a socket, without a copy. `net/stream/send_file.rs` sends them.

use std::io;
use std::sync::Arc;

use super::file::File;
use super::file_bytes::check_offset;
use super::lanes::Touch;
use crate::driver::file::{self, Request};
use crate::system::splice::Pipe;

impl File {
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
