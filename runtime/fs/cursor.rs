//! Reads, writes and seeks at the cursor.
//!
//! The cursor of a file that can seek is ours: an operation is sent to a place, and the cursor moves when its result is
//! fetched [cursor-moves-last]. A pipe, a terminal and a file that appends have none but the kernel's.
//!
//! An operation stays with the file until it is over, even when the future that began it is dropped: the next one comes
//! after it [one-at-a-time].

use std::future::Future;
use std::io::{self, Seek, SeekFrom};
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::file::File;
use super::work::{self, Work};
use crate::buf::Staging;
use crate::driver::file::{AT_CURSOR, Descriptor, Landed};
use crate::primitive::sync::Mutex;
use crate::task::coop;

/// The most bytes of a borrowed slice that one call moves: they are copied, and a copy should not hold up the worker.
pub(super) const BORROWED_BYTES_MAX: usize = 1024 * 1024;

/// Shared by clones of a file.
#[derive(Debug)]
pub(super) struct Cursor(Mutex<Position>);

#[derive(Clone, Copy, Debug)]
enum Position {
    /// Nobody has asked yet.
    Unknown,
    Ours(u64),
    Kernels,
}

/// What is in flight for this file.
#[derive(Debug)]
pub(super) enum Pending {
    Read {
        work: Work<Staging>,
        at: u64,
    },
    Write {
        work: Work<Staging>,
        at: u64,
    },
    /// The resources are the position that it ends at.
    Seek {
        work: Work<u64>,
        to: SeekFrom,
    },
}

impl Cursor {
    pub(super) fn new() -> Cursor {
        Cursor(Mutex::new(Position::Unknown))
    }

    /// Where the next operation goes: a place, or [`AT_CURSOR`].
    fn place(&self, descriptor: &Descriptor) -> u64 {
        let mut position = self.0.lock();
        if let Position::Unknown = *position {
            *position = match descriptor.file().stream_position() {
                Ok(start) if !descriptor.is_append() => Position::Ours(start),
                _ => Position::Kernels,
            };
        }
        match *position {
            Position::Ours(place) => place,
            Position::Kernels | Position::Unknown => AT_CURSOR,
        }
    }

    /// The kernel's cursor moves by itself.
    fn move_to(&self, place: u64) {
        let mut position = self.0.lock();
        if let Position::Ours(_) = *position {
            *position = Position::Ours(place);
        }
    }

    /// Gives the kernel's cursor the place of ours.
    pub(super) fn hand_over(&self, mut file: &std::fs::File) -> io::Result<()> {
        match *self.0.lock() {
            Position::Ours(place) => file.seek(SeekFrom::Start(place)).map(drop),
            Position::Kernels | Position::Unknown => Ok(()),
        }
    }
}

impl File {
    fn place(&self) -> u64 {
        self.cursor.place(&self.descriptor)
    }

    /// Reads at the cursor.
    pub(super) fn poll_read_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let len = buf.len().min(BORROWED_BYTES_MAX);
        let buf = &mut buf[..len];
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let place = self.place();
        loop {
            if !self.leftover.is_empty() {
                return Poll::Ready(Ok(self.take_leftover(buf)));
            }
            match &mut self.pending {
                Some(Pending::Read { work, at }) if *at == place => {
                    let landed = ready!(Pin::new(work).poll(cx));
                    self.pending = None;
                    return Poll::Ready(self.finish_read(landed, place, buf));
                }
                Some(_) => ready!(self.poll_settle(cx)),
                None => {
                    if let Some(result) = ready!(self.poll_read_now(cx, buf, place)) {
                        return Poll::Ready(result);
                    }
                    let room = take(&mut self.spare).with_room(buf.len(), self.descriptor.align());
                    let work = work::read(&self.descriptor, room, place);
                    self.pending = Some(Pending::Read { work, at: place });
                }
            }
        }
    }

    /// What the page cache has needs no operation: measured 2026-11, a copy at once costs what an operation of a bare
    /// ring does, and no buffer.
    fn poll_read_now(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        place: u64,
    ) -> Poll<Option<io::Result<usize>>> {
        if !self.descriptor.may_read_now() {
            return Poll::Ready(None);
        }
        let charge = ready!(coop::poll_proceed(cx));
        let result = self.descriptor.read_now(buf, place);
        if let Some(Ok(count)) = result {
            charge.made_progress();
            coop::spend_bytes(count);
            self.cursor.move_to(place.wrapping_add(count as u64));
        }
        Poll::Ready(result)
    }

    fn finish_read(&mut self, landed: Landed<Staging>, place: u64, buf: &mut [u8]) -> io::Result<usize> {
        landed.result?;
        let bytes = work::given_back(landed.resources);
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        self.cursor.move_to(place.wrapping_add(count as u64));
        if place == AT_CURSOR && count < bytes.len() {
            // Taken from the stream for a read that asked for more.
            self.leftover = bytes[count..].to_vec();
        } else {
            self.spare = bytes;
        }
        Ok(count)
    }

    fn take_leftover(&mut self, buf: &mut [u8]) -> usize {
        let count = self.leftover.len().min(buf.len());
        buf[..count].copy_from_slice(&self.leftover[..count]);
        self.leftover.drain(..count);
        count
    }

    /// Writes at the cursor. The bytes are the kernel's when it is ready.
    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let buf = &buf[..buf.len().min(BORROWED_BYTES_MAX)];
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let place = self.place();
        loop {
            match &mut self.pending {
                Some(Pending::Write { work, at }) => {
                    let is_here = *at == place;
                    let landed = ready!(Pin::new(work).poll(cx));
                    self.pending = None;
                    // Other bytes: of a write that was given up.
                    let is_same = landed.resources.as_ref().is_none_or(|bytes| buf.starts_with(bytes));
                    self.spare = landed.resources.unwrap_or_default();
                    if is_here && is_same {
                        let count = landed.result?;
                        self.cursor.move_to(place.wrapping_add(count as u64));
                        return Poll::Ready(Ok(count));
                    }
                }
                Some(_) => ready!(self.poll_settle(cx)),
                None => {
                    let bytes = take(&mut self.spare).with_bytes(buf, self.descriptor.align());
                    let work = work::write(&self.descriptor, bytes, place);
                    self.pending = Some(Pending::Write { work, at: place });
                }
            }
        }
    }

    /// Moves the cursor.
    pub(super) fn poll_seek_to(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let place = self.place();
        if place != AT_CURSOR {
            let target = match to {
                SeekFrom::Start(start) => Some(start),
                SeekFrom::Current(offset) => place.checked_add_signed(offset),
                SeekFrom::End(_) => return self.poll_seek_by_kernel(cx, to),
            };
            return Poll::Ready(match target.filter(|&target| i64::try_from(target).is_ok()) {
                Some(target) => {
                    self.cursor.move_to(target);
                    Ok(target)
                }
                None => Err(invalid_place()),
            });
        }
        self.poll_seek_by_kernel(cx, to)
    }

    /// A file system far away may have to be asked for the end.
    fn poll_seek_by_kernel(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        loop {
            match &mut self.pending {
                Some(Pending::Seek { work, to: wanted }) if *wanted == to => {
                    let landed = ready!(Pin::new(work).poll(cx));
                    self.pending = None;
                    landed.result?;
                    let place = work::given_back(landed.resources);
                    self.leftover.clear();
                    self.cursor.move_to(place);
                    return Poll::Ready(Ok(place));
                }
                Some(_) => ready!(self.poll_settle(cx)),
                None => {
                    // What was read ahead of the caller is behind the kernel's cursor.
                    let ahead_count = self.leftover.len() as i64;
                    let by_kernel = match to {
                        SeekFrom::Current(offset) => SeekFrom::Current(offset.saturating_sub(ahead_count)),
                        to => to,
                    };
                    let work = work::seek(&self.descriptor, by_kernel);
                    self.pending = Some(Pending::Seek { work, to });
                }
            }
        }
    }

    /// Waits until nothing is in flight: an operation that somebody gave up must not be overtaken `[one-at-a-time]`.
    pub(super) fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.pending {
            None => return Poll::Ready(()),
            // A read from a place takes nothing away: whoever wants it again asks again.
            Some(Pending::Read { at, .. }) if *at != AT_CURSOR => {}
            Some(Pending::Read { work, .. }) => {
                let landed = ready!(Pin::new(work).poll(cx));
                if let (Ok(_), Some(bytes)) = (landed.result, landed.resources) {
                    self.leftover.extend_from_slice(&bytes);
                }
            }
            Some(Pending::Write { work, .. }) => drop(ready!(Pin::new(work).poll(cx))),
            Some(Pending::Seek { work, .. }) => drop(ready!(Pin::new(work).poll(cx))),
        }
        self.pending = None;
        Poll::Ready(())
    }
}

/// A place that no file has.
pub(super) fn invalid_place() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no file has a place before its beginning or beyond 2^63 - 1")
}
