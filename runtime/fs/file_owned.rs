//! Reads and writes at an offset with owned buffers: the kernel uses the memory of the caller.

use std::io;

use super::file::File;
use super::file_bytes::check_offset;
use super::lanes::Touch;
use super::parts::PART_BYTES;
use super::work::{self, given_back};
use crate::buf::{IoBuf, IoBufMut};

impl File {
    /// Reads at `offset` into the room of `buf`, from its beginning, and returns the buffer. The
    /// room of a `Vec` is its capacity, and its length becomes the number of bytes read.
    ///
    /// # Errors
    /// As for [`read_at`](File::read_at). The buffer comes back; its contents are unspecified then.
    ///
    /// # Cancel safety
    /// Dropped, it takes the buffer along, and frees it when the kernel has released it.
    ///
    /// # Panics
    /// Panics if called outside of a runtime. Panics if the runtime ends earlier and the kernel
    /// does not release the buffer.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let (result, _) = file.write_owned_at(b"hello, disk".to_vec(), 0).await;
    /// assert_eq!(result?, 11);
    ///
    /// let (result, bytes) = file.read_owned_at(Vec::with_capacity(64), 7).await;
    /// assert_eq!(result?, 4);
    /// assert_eq!(bytes, b"disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_owned_at<B: IoBufMut>(&self, mut buf: B, offset: u64) -> (io::Result<usize>, B) {
        if let Err(error) = check_offset(offset) {
            return (Err(error), buf);
        }
        let len = buf.bytes_total();
        if len == 0 {
            return (Ok(0), buf);
        }
        self.quiet(Touch::Nothing).await;
        if len > PART_BYTES {
            return self.read_parts_at(buf, offset).await;
        }
        if let Some(result) = self.now(|file| file.descriptor.read_now_into(&mut buf, offset)).await {
            return (result, buf);
        }
        let address = buf.as_ptr().addr();
        let landed = work::read(&self.descriptor, buf, offset).await;
        let result = landed.result.map_err(|error| self.explain(error, Some(address), len, offset));
        (result, given_back(landed.resources))
    }

    /// Writes the initialised bytes of `buf` at `offset`, and returns the buffer.
    /// [`read_owned_at`](File::read_owned_at) has an example.
    ///
    /// # Errors
    /// As for [`write_at`](File::write_at).
    ///
    /// # Cancel safety
    /// Dropped, it may have written, and it takes the buffer along as `read_owned_at` does.
    ///
    /// # Panics
    /// As for [`read_owned_at`](File::read_owned_at).
    pub async fn write_owned_at<B: IoBuf>(&self, buf: B, offset: u64) -> (io::Result<usize>, B) {
        if let Err(error) = check_offset(offset) {
            return (Err(error), buf);
        }
        let (address, len) = (buf.as_ptr().addr(), buf.bytes_init());
        if len == 0 {
            return (Ok(0), buf);
        }
        self.quiet(Touch::Bytes).await;
        let landed = self.cursor_turns.watched(|mark| work::write(&self.descriptor, buf, mark, offset)).await;
        let result = landed.result.map_err(|error| self.explain(error, Some(address), len, offset));
        (result, given_back(landed.resources))
    }

    /// Reads at `offset` into the room of several buffers, one after the other: at most 1024
    /// buffers per call.
    ///
    /// # Errors
    /// As for [`read_owned_at`](File::read_owned_at); `InvalidInput` for more than 1024 buffers.
    ///
    /// # Cancel safety
    /// Dropped, it takes the buffers along, and frees them when the kernel has released them.
    ///
    /// # Panics
    /// As for [`read_owned_at`](File::read_owned_at).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// let lines = vec![b"roses ".to_vec(), b"are red".to_vec()];
    /// let (result, _) = file.write_vectored_owned_at(lines, 0).await;
    /// assert_eq!(result?, 13);
    ///
    /// let rooms = vec![Vec::with_capacity(6), Vec::with_capacity(64)];
    /// let (result, read) = file.read_vectored_owned_at(rooms, 0).await;
    /// assert_eq!(result?, 13);
    /// assert_eq!(read, [&b"roses "[..], b"are red"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_vectored_owned_at<B: IoBufMut>(
        &self,
        bufs: Vec<B>,
        offset: u64,
    ) -> (io::Result<usize>, Vec<B>) {
        if let Err(error) = check_offset(offset).and_then(|()| check_count(bufs.len())) {
            return (Err(error), bufs);
        }
        if bufs.iter().all(|buf| buf.bytes_total() == 0) {
            return (Ok(0), bufs);
        }
        self.quiet(Touch::Nothing).await;
        let landed = work::read_vectored(&self.descriptor, bufs, offset).await;
        (landed.result, given_back(landed.resources))
    }

    /// Writes the initialised bytes of several buffers at `offset`, one after the other: at most
    /// 1024 buffers per call. [`read_vectored_owned_at`](File::read_vectored_owned_at) has an
    /// example.
    ///
    /// # Errors
    /// As for [`write_owned_at`](File::write_owned_at); `InvalidInput` for more than 1024 buffers.
    ///
    /// # Cancel safety
    /// Dropped, it may have written, and it takes the buffers along as `read_owned_at` does.
    ///
    /// # Panics
    /// As for [`read_owned_at`](File::read_owned_at).
    pub async fn write_vectored_owned_at<B: IoBuf>(
        &self,
        bufs: Vec<B>,
        offset: u64,
    ) -> (io::Result<usize>, Vec<B>) {
        if let Err(error) = check_offset(offset).and_then(|()| check_count(bufs.len())) {
            return (Err(error), bufs);
        }
        if bufs.iter().all(|buf| buf.bytes_init() == 0) {
            return (Ok(0), bufs);
        }
        self.quiet(Touch::Bytes).await;
        let landed = self
            .cursor_turns
            .watched(|mark| work::write_vectored(&self.descriptor, bufs, mark, offset))
            .await;
        (landed.result, given_back(landed.resources))
    }
}

fn check_count(count: usize) -> io::Result<()> {
    const VECTORED_COUNT_MAX: usize = 1024;
    if count <= VECTORED_COUNT_MAX {
        return Ok(());
    }
    let text = format!("one operation takes {VECTORED_COUNT_MAX} buffers, not {count}");
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}
