//! Reads and writes with borrowed slices, at the cursor and at an offset.

use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Poll, ready};

use super::cursor::BORROWED_BYTES_MAX;
use super::file::File;
use super::lanes::{Touch, invalid_offset};
use crate::buf::Staging;
use crate::driver::file::{self, given_back};
use crate::task::coop;

/// The room that `read_to_end` makes first.
const FIRST_ROOM_BYTES: usize = 8 * 1024;

impl File {
    /// Reads some bytes at the cursor: at most 1 MiB per call. Returns 0 only at the end of the
    /// file or for an empty slice.
    ///
    /// # Errors
    /// Those of the system, such as `IsADirectory`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has taken nothing. See [the
    /// table](super#what-a-dropped-call-leaves-behind).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("poem");
    /// # heist::fs::write(&path, "roses are red").await?;
    /// let mut file = heist::fs::File::open(&path).await?;
    /// let mut word = [0; 6];
    /// file.read_exact(&mut word).await?;
    /// let mut rest = String::new();
    /// file.read_to_string(&mut rest).await?;
    /// assert_eq!((&word, rest.as_str()), (b"roses ", "are red"));
    /// assert_eq!(file.read(&mut word).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut held = self.hold();
        poll_fn(|cx| held.poll_read(cx, buf)).await
    }

    /// Fills `buf` from the cursor on.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends earlier; the cursor has moved then.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it may have moved the cursor part of the way.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello, disk").await?;
    /// file.rewind().await?;
    /// let mut word = [0; 5];
    /// file.read_exact(&mut word).await?;
    /// assert_eq!(&word, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read(&mut buf[filled..]).await {
                Ok(0) => return Err(end_came_early(filled, buf.len())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Appends everything from the cursor to the end to `bytes`, and returns how many bytes that
    /// is. [`read`](File::read) has an example of the family.
    ///
    /// # Errors
    /// Those of the system; the bytes that were read before are in `bytes`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it has moved the cursor by as many bytes as it appended.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello, disk").await?;
    /// file.rewind().await?;
    /// let mut bytes = Vec::new();
    /// assert_eq!(file.read_to_end(&mut bytes).await?, 11);
    /// assert_eq!(bytes, b"hello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let start_len = bytes.len();
        let mut room = FIRST_ROOM_BYTES;
        let mut held = self.hold();
        loop {
            let filled = bytes.len();
            bytes.resize(filled + room, 0);
            let result = poll_fn(|cx| held.poll_read(cx, &mut bytes[filled..])).await;
            bytes.truncate(filled + result.as_ref().copied().unwrap_or(0));
            match result {
                Ok(0) => return Ok(filled - start_len),
                Ok(count) if count == room => room = (room * 2).min(BORROWED_BYTES_MAX),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Appends everything from the cursor to the end to `text`, if it is UTF-8.
    ///
    /// # Errors
    /// `InvalidData` if it is not UTF-8; `text` is unchanged then.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it has moved the cursor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello, disk").await?;
    /// file.rewind().await?;
    /// let mut text = String::new();
    /// assert_eq!(file.read_to_string(&mut text).await?, 11);
    /// assert_eq!(text, "hello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        let mut bytes = Vec::new();
        let count = self.read_to_end(&mut bytes).await?;
        text.push_str(&utf8(bytes)?);
        Ok(count)
    }

    /// Writes some bytes at the cursor: at most 1 MiB per call. When it is ready, the kernel has
    /// them.
    ///
    /// # Errors
    /// Those of the system, such as `StorageFull`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it may have written; the cursor has not moved. See [the
    /// table](super#what-a-dropped-call-leaves-behind).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("poem");
    /// let mut file = heist::fs::File::create(&path).await?;
    /// file.write_all(b"roses ").await?;
    /// let lines = [std::io::IoSlice::new(b"are "), std::io::IoSlice::new(b"red")];
    /// assert_eq!(file.write_vectored(&lines).await?, 7);
    /// assert_eq!(heist::fs::read(&path).await?, b"roses are red");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut held = self.hold();
        poll_fn(|cx| held.poll_write(cx, buf)).await
    }

    /// Writes all of `buf` at the cursor.
    ///
    /// # Errors
    /// Those of the system; the cursor is then behind the last byte that was written.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it may have written a part and moved the cursor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello").await?;
    /// assert_eq!(file.metadata().await?.len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        let mut held = self.hold();
        while !buf.is_empty() {
            match poll_fn(|cx| held.poll_write(cx, buf)).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => buf = &buf[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads some bytes at `offset`, in bytes from the beginning of the file: at most 1 MiB per
    /// call. Returns 0 only at the end of the file or for an empty slice.
    ///
    /// # Errors
    /// Those of the system; `InvalidInput` for an offset of 2^63 or more, and for a misaligned one
    /// with `O_DIRECT`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all_at(b"hello, disk", 0).await?;
    /// assert_eq!(file.write_at(b"H", 0).await?, 1);
    ///
    /// let (mut first, mut second) = ([0; 5], [0; 4]);
    /// let reads = futures::join!(file.read_exact_at(&mut first, 0), file.read_at(&mut second, 7));
    /// let (done, count) = reads;
    /// done?;
    /// assert_eq!((&first, &second[..count?]), (b"Hello", &b"disk"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        check_offset(offset)?;
        let len = buf.len().min(BORROWED_BYTES_MAX);
        let buf = &mut buf[..len];
        if buf.is_empty() {
            return Ok(0);
        }
        self.quiet(Touch::Nothing).await;
        if let Some(result) = self.now(|file| file.descriptor.read_now(buf, offset)).await {
            return result;
        }
        let room = Staging::default().with_room(len, self.descriptor.align());
        let landed = file::read(&self.descriptor, room, offset).await;
        let count = landed.result.map_err(|error| self.explain(error, None, len, offset))?;
        buf[..count].copy_from_slice(&given_back(landed.resources));
        Ok(count)
    }

    /// Fills `buf` from `offset` on, in bytes from the beginning of the file.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends earlier.
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all_at(b"hello, disk", 0).await?;
    /// let mut word = [0; 4];
    /// file.read_exact_at(&mut word, 7).await?;
    /// assert_eq!(&word, b"disk");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read_at(&mut buf[filled..], offset.saturating_add(filled as u64)).await {
                Ok(0) => return Err(end_came_early(filled, buf.len())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes some bytes at `offset`: at most 1 MiB per call. In a file opened for append they go
    /// to the end.
    ///
    /// # Errors
    /// Those of the system; `InvalidInput` for an offset of 2^63 or more, and for a misaligned one
    /// with `O_DIRECT`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it may have written.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// assert_eq!(file.write_at(b"disk", 7).await?, 4);
    /// // Bytes that were never written are zero.
    /// assert_eq!(file.metadata().await?.len(), 11);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        check_offset(offset)?;
        let buf = &buf[..buf.len().min(BORROWED_BYTES_MAX)];
        if buf.is_empty() {
            return Ok(0);
        }
        self.quiet(Touch::Bytes).await;
        let bytes = Staging::default().with_bytes(buf, self.descriptor.align());
        let landed =
            self.cursor_turns.watched(|mark| file::write(&self.descriptor, bytes, mark, offset)).await;
        landed.result.map_err(|error| self.explain(error, None, buf.len(), offset))
    }

    /// Writes all of `buf` from `offset` on.
    ///
    /// # Errors
    /// Those of the system; a part may be written then.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all_at(b"hello, disk", 0).await?;
    /// assert_eq!(file.metadata().await?.len(), 11);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let mut written = 0;
        while written < buf.len() {
            match self.write_at(&buf[written..], offset.saturating_add(written as u64)).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads at the cursor into the first of several slices that is not empty. `File` reads into
    /// one slice per call; [`read_vectored_owned_at`](File::read_vectored_owned_at) fills several
    /// buffers.
    ///
    /// # Errors
    /// As for [`read`](File::read).
    ///
    /// # Panics
    /// Panics if called outside of a runtime, unless the system has the bytes in memory.
    ///
    /// # Cancel safety
    /// Cancel safe, as [`read`](File::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"hello, disk").await?;
    /// file.rewind().await?;
    /// use std::io::IoSliceMut;
    ///
    /// let (mut first, mut second) = ([0; 5], [0; 5]);
    /// let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// assert_eq!(file.read_vectored(&mut bufs).await?, 5);
    /// assert_eq!(&first, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match bufs.iter_mut().find(|buf| !buf.is_empty()) {
            Some(buf) => self.read(buf).await,
            None => Ok(0),
        }
    }

    /// Writes several slices at the cursor, as one write of at most 1 MiB.
    ///
    /// # Errors
    /// As for [`write`](File::write).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// As for [`write`](File::write).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = heist::fs::File::from_std(tempfile::tempfile()?);
    /// use std::io::IoSlice;
    ///
    /// let count = file.write_vectored(&[IoSlice::new(b"hello, "), IoSlice::new(b"disk")]).await?;
    /// assert_eq!(count, 11);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&gather(bufs, BORROWED_BYTES_MAX)).await
    }

    /// Tries once to get bytes without waiting. The bytes that it copied are charged to the budget,
    /// so that copies one after the other do not block the worker.
    pub(super) async fn now(
        &self,
        mut call: impl FnMut(&File) -> Option<io::Result<usize>>,
    ) -> Option<io::Result<usize>> {
        if !self.descriptor.may_read_now() {
            return None;
        }
        poll_fn(|cx| {
            let charge = ready!(coop::poll_proceed(cx));
            let result = call(self);
            if let Some(result) = &result {
                charge.made_progress();
                coop::spend_bytes(result.as_ref().copied().unwrap_or(0));
            }
            Poll::Ready(result)
        })
        .await
    }

    /// Explains the alignment that `O_DIRECT` requires, because the system reports no more than
    /// that the call was wrong.
    pub(super) fn explain(
        &self,
        error: io::Error,
        address: Option<usize>,
        len: usize,
        offset: u64,
    ) -> io::Error {
        const SECTOR_BYTES: usize = 512;
        let is_aligned = address.unwrap_or(0) % SECTOR_BYTES == 0
            && len % SECTOR_BYTES == 0
            && offset % SECTOR_BYTES as u64 == 0;
        if !self.descriptor.is_direct() || is_aligned || error.kind() != io::ErrorKind::InvalidInput {
            return error;
        }
        let place = address.map_or(String::new(), |address| format!("the address {address:#x}, "));
        let text = format!(
            "the file was opened with O_DIRECT, which moves whole sectors only: {place}the length {len} and the offset \
             {offset} must be multiples of 512 or 4096 bytes; AlignedBuf has such an address"
        );
        io::Error::new(error.kind(), text)
    }
}

pub(super) fn check_offset(offset: u64) -> io::Result<()> {
    if i64::try_from(offset).is_ok() { Ok(()) } else { Err(invalid_offset()) }
}

fn end_came_early(filled: usize, wanted: usize) -> io::Error {
    let text = format!("the file ended after {filled} of {wanted} bytes");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// The bytes of the slices, up to what one write takes.
pub(super) fn gather(bufs: &[IoSlice<'_>], bytes_max: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for buf in bufs {
        let room = bytes_max - bytes.len();
        bytes.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    bytes
}

pub(super) fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
}
