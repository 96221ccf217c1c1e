//! The operations in flight at the cursor of one open file, and the results that nobody has
//! fetched.
//!
//! A file with offsets has one lane. A stream has two, because a read of it may wait for ever and
//! must not block a write.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::metadata::Metadata;
use crate::buf::Staging;
use crate::driver::file::{Descriptor, FileOp, Landed, Stat};

/// The most bytes that an open file keeps of the buffer of its last operation.
pub(super) const SPARE_BYTES_MAX: usize = 64 * 1024;

/// Names an operation at the cursor, so that nobody else gets its result [own-result].
pub(super) type OpNumber = u64;

/// The one who may fetch a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResultOwner {
    /// A future of this crate: dropping it gives the operation up.
    Future,
    /// A caller of a trait, who may or may not poll again.
    Trait,
    /// The operation was given up.
    Nobody,
}

/// The change that an operation makes to the open file, as far as earlier results are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Nothing,
    /// Bytes at an offset.
    Bytes,
    Length,
    Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CursorOpKind {
    Read,
    Write,
    /// Asks for the end; the cursor goes this many bytes behind it.
    End(i64),
}

#[derive(Debug)]
pub(super) enum Operation {
    Read(FileOp<Staging>),
    Write(FileOp<(Staging, ())>),
    End(FileOp<Box<Stat>>, i64),
}

#[derive(Debug)]
struct Flying {
    number: OpNumber,
    owner: ResultOwner,
    /// The offset that it uses. None: the kernel's cursor, which moves by itself.
    from: Option<u64>,
    operation: Operation,
}

/// An operation that is over.
#[derive(Debug)]
pub(super) struct Ended {
    number: OpNumber,
    pub(super) owner: ResultOwner,
    pub(super) kind: CursorOpKind,
    pub(super) from: Option<u64>,
    /// The number of bytes, or the offset of the end.
    pub(super) result: io::Result<u64>,
    /// The bytes that were read, or were to be written.
    pub(super) bytes: Staging,
    /// A later operation has moved the cursor for it.
    pub(super) is_moved: bool,
    /// A later operation may have undone it.
    pub(super) is_stale: bool,
}

#[derive(Debug, Default)]
pub(super) struct Lanes {
    flying: [Option<Flying>; 2],
    ended: Vec<Ended>,
    last_number: OpNumber,
    /// Bytes that reads took from a stream although they were given up.
    pub(super) unread: Vec<u8>,
    /// The buffer of the last operation, for the next one.
    pub(super) spare: Staging,
}

impl Ended {
    fn of(
        number: OpNumber,
        owner: ResultOwner,
        from: Option<u64>,
        kind: CursorOpKind,
        end: (io::Result<u64>, Staging),
    ) -> Ended {
        let (result, bytes) = end;
        Ended { number, owner, kind, from, result, bytes, is_moved: false, is_stale: false }
    }

    /// The offset of the cursor after it. None: the cursor stays.
    pub(super) fn target(&self) -> Option<io::Result<u64>> {
        let (from, &count) = (self.from?, self.result.as_ref().ok()?);
        let target = match self.kind {
            CursorOpKind::Read | CursorOpKind::Write if count == 0 => return None,
            CursorOpKind::Read | CursorOpKind::Write => from.checked_add(count),
            CursorOpKind::End(offset) => count.checked_add_signed(offset),
        };
        Some(target.filter(|&target| i64::try_from(target).is_ok()).ok_or_else(invalid_offset))
    }

    /// Moves the cursor behind it.
    pub(super) fn advance(&mut self, file: &Descriptor) {
        let Some(target) = self.target().filter(|_| !self.is_moved) else { return };
        match target.and_then(|target| file.seek(SeekFrom::Start(target))) {
            Ok(_) => self.is_moved = true,
            Err(error) => self.result = Err(error),
        }
    }

    /// Moves the cursor back to where it was, unless someone else has moved it since.
    fn retreat(&mut self, file: &Descriptor) {
        let (Some(from), Some(Ok(target))) = (self.from, self.target()) else { return };
        if self.is_moved && file.position().is_ok_and(|position| position == target) {
            self.is_moved = file.seek(SeekFrom::Start(from)).is_err();
        }
    }

    /// The caller wanted no more than `count` bytes.
    pub(super) fn cut(&mut self, file: &Descriptor, count: u64) {
        self.retreat(file);
        self.result = Ok(count);
    }

    fn is_undone_by(&self, touch: Touch) -> bool {
        let is_open = self.owner == ResultOwner::Trait && !self.is_stale;
        is_open
            && match touch {
                Touch::Nothing => false,
                Touch::Bytes | Touch::Cursor => self.from.is_some(),
                Touch::Length => true,
            }
    }
}

impl Flying {
    /// Whether it changes nothing.
    fn is_harmless(&self) -> bool {
        self.from.is_some() && matches!(self.operation, Operation::Read(_) | Operation::End(..))
    }

    fn poll_end(&mut self, waker: &Waker) -> Poll<Ended> {
        let cx = &mut Context::from_waker(waker);
        let (kind, end) = match &mut self.operation {
            Operation::Read(work) => {
                let Landed { result, resources, .. } = ready!(Pin::new(work).poll(cx));
                (CursorOpKind::Read, (result.map(|count| count as u64), resources.unwrap_or_default()))
            }
            Operation::Write(work) => {
                let Landed { result, resources, .. } = ready!(Pin::new(work).poll(cx));
                let bytes = resources.map(|(bytes, ())| bytes).unwrap_or_default();
                (CursorOpKind::Write, (result.map(|count| count as u64), bytes))
            }
            Operation::End(work, offset) => {
                let end = Metadata::of(ready!(Pin::new(work).poll(cx))).map(|metadata| metadata.len());
                (CursorOpKind::End(*offset), (end, Staging::default()))
            }
        };
        Poll::Ready(Ended::of(self.number, self.owner, self.from, kind, end))
    }
}

impl Lanes {
    /// Copies bytes that reads took from a stream although they were given up.
    pub(super) fn take_leftover(&mut self, buf: &mut [u8]) -> usize {
        let count = self.unread.len().min(buf.len());
        buf[..count].copy_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
        if self.unread.is_empty() {
            self.unread = Vec::new();
        }
        count
    }

    /// An open file that nobody uses keeps no large buffer.
    pub(super) fn give_back(&mut self, is_large: bool) {
        if is_large && self.spare.capacity() > SPARE_BYTES_MAX {
            drop(std::mem::take(&mut self.spare));
        }
    }

    pub(super) fn begin(
        &mut self,
        lane: usize,
        owner: ResultOwner,
        from: Option<u64>,
        operation: Operation,
    ) -> OpNumber {
        debug_assert!(self.flying[lane].is_none(), "[one-at-a-time]");
        self.last_number += 1;
        self.flying[lane] = Some(Flying { number: self.last_number, owner, from, operation });
        self.last_number
    }

    /// Nothing at the cursor is in flight or waits to be fetched, and no bytes are left over.
    pub(super) fn is_idle(&self) -> bool {
        self.flying.iter().all(Option::is_none) && self.ended.is_empty() && self.unread.is_empty()
    }

    /// The next operation of this lane to end. None: nothing is in flight there.
    fn poll_land(&mut self, lane: usize, waker: &Waker) -> Poll<Option<Ended>> {
        let Some(flying) = &mut self.flying[lane] else { return Poll::Ready(None) };
        let ended = ready!(flying.poll_end(waker));
        self.flying[lane] = None;
        Poll::Ready(Some(ended))
    }

    /// Waits for the operation with this ticket. None: there is no ticket.
    #[inline]
    pub(super) fn poll_own(&mut self, number: &mut Option<OpNumber>, waker: &Waker) -> Poll<Option<Ended>> {
        match *number {
            Some(wanted) => self.poll_wanted(wanted, number, waker),
            None => Poll::Ready(None),
        }
    }

    fn poll_wanted(
        &mut self,
        wanted: OpNumber,
        number: &mut Option<OpNumber>,
        waker: &Waker,
    ) -> Poll<Option<Ended>> {
        let lane = self.lane_of(wanted);
        let ended = match lane {
            Some(lane) => ready!(self.poll_land(lane, waker)),
            None => self.take_ended(wanted),
        };
        *number = None;
        Poll::Ready(ended)
    }

    /// Waits until nothing is in flight in this lane [one-at-a-time]. A result that has an owner is
    /// kept for it.
    #[inline]
    pub(super) fn poll_clear(&mut self, file: &Descriptor, lane: usize, waker: &Waker) -> Poll<()> {
        if self.flying[lane].is_none() { Poll::Ready(()) } else { self.poll_clear_busy(file, lane, waker) }
    }

    fn poll_clear_busy(&mut self, file: &Descriptor, lane: usize, waker: &Waker) -> Poll<()> {
        while let Some(ended) = ready!(self.poll_land(lane, waker)) {
            self.keep(file, ended);
        }
        Poll::Ready(())
    }

    /// The same for an operation that was given up or may have been. One that a future waits for is
    /// left alone.
    pub(super) fn poll_clear_given_up(&mut self, file: &Descriptor, waker: &Waker) -> Poll<()> {
        match &self.flying[0] {
            Some(flying) if flying.owner != ResultOwner::Future && !flying.is_harmless() => {
                self.poll_clear(file, 0, waker)
            }
            _ => Poll::Ready(()),
        }
    }

    fn keep(&mut self, file: &Descriptor, mut ended: Ended) {
        if ended.owner == ResultOwner::Nobody {
            self.discard(file, ended);
        } else {
            ended.advance(file);
            self.ended.push(ended);
        }
    }

    /// A result that nobody wants: as far as possible it is as if the operation had never been
    /// [cursor-moves-last].
    pub(super) fn discard(&mut self, file: &Descriptor, mut ended: Ended) {
        ended.retreat(file);
        if ended.kind == CursorOpKind::Read && ended.from.is_none() && ended.result.is_ok() {
            // These bytes were taken before later ones: they go to the front.
            self.unread.splice(0..0, ended.bytes.iter().copied());
        }
        self.spare = ended.bytes;
    }

    /// Returns true if the lane is free now, and its waiters must be woken.
    #[must_use]
    pub(super) fn give_up(&mut self, file: &Descriptor, number: OpNumber) -> bool {
        let Some(lane) = self.lane_of(number) else {
            if let Some(ended) = self.take_ended(number) {
                self.discard(file, ended);
            }
            return false;
        };
        // A read at an offset changes nothing: nobody has to wait for it.
        let is_harmless = self.flying[lane].as_ref().is_some_and(Flying::is_harmless);
        match &mut self.flying[lane] {
            Some(flying) if !is_harmless => flying.owner = ResultOwner::Nobody,
            place => *place = None,
        }
        is_harmless
    }

    /// Records that the open file changes. A result that a caller of a trait has not fetched is no
    /// longer valid for a caller who starts again [own-result].
    ///
    /// Returns true as [`give_up`](Lanes::give_up) does.
    #[must_use]
    pub(super) fn touch(&mut self, file: &Descriptor, touch: Touch) -> bool {
        for ended in self.ended.iter_mut().filter(|ended| ended.is_undone_by(touch)) {
            ended.retreat(file);
            ended.is_stale = true;
        }
        let is_old = |flying: &Flying| flying.owner == ResultOwner::Trait && flying.is_harmless();
        let is_freed = touch != Touch::Nothing && self.flying[0].as_ref().is_some_and(is_old);
        if is_freed {
            // Its caller reads again, if it returns.
            self.flying[0] = None;
        }
        is_freed
    }

    /// Whether an operation at an offset has to look here first.
    #[inline]
    pub(super) fn is_marked(&self) -> bool {
        self.flying[0].as_ref().is_some_and(|flying| flying.owner != ResultOwner::Future)
            || self.ended.iter().any(|ended| ended.owner == ResultOwner::Trait && !ended.is_stale)
    }

    fn lane_of(&self, number: OpNumber) -> Option<usize> {
        self.flying.iter().position(|flying| flying.as_ref().is_some_and(|flying| flying.number == number))
    }

    fn take_ended(&mut self, number: OpNumber) -> Option<Ended> {
        let index = self.ended.iter().position(|ended| ended.number == number)?;
        Some(self.ended.remove(index))
    }
}

/// The error for an offset that no file has.
pub(super) fn invalid_offset() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no file has an offset below 0 or beyond 2^63 - 1")
}
