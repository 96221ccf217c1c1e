//! Reads, writes and seeks at the cursor, which is the kernel's.
//!
//! An operation on a file with offsets goes to the cursor's offset, and the cursor moves when its
//! result is fetched [cursor-moves-last]. A stream, and a write that appends, use the kernel's
//! cursor itself.
//!
//! All handles to an open file share what is in flight at the cursor (`lanes.rs`). The next caller
//! first drives it to its end [one-at-a-time], because its owner may not poll it again.

use std::fmt;
use std::io::{self, SeekFrom};
use std::mem::{MaybeUninit, take};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::lanes::{CursorOpKind, Lanes, Operation, ResultOwner, SPARE_BYTES_MAX, Touch, invalid_offset};
use super::notice::{Mark, Notice, Watched};
use super::results::{finish_read, finish_write, is_about, is_answer, is_refused, read_now};
use super::turn::Turn;
use crate::driver::file::{self as ops, AT_CURSOR, Descriptor, StatTarget};
use crate::primitive::sync::Mutex;
use crate::system::describe::describe_file;
use crate::task::{WaitReason, coop};

/// The most bytes of a borrowed slice that one call copies: a copy blocks its worker. For the
/// traits of other crates the file has a limit of its own.
pub(super) const BORROWED_BYTES_MAX: usize = 1024 * 1024;

/// The turns at the cursor, shared by the clones of a file.
pub(super) struct CursorTurns {
    notice: Arc<Notice>,
    /// Wakes every waiter of the notice.
    waker: Waker,
    lanes: Mutex<Lanes>,
}

impl CursorTurns {
    pub(super) fn new() -> CursorTurns {
        let notice = Arc::new(Notice::new());
        let waker = Waker::from(notice.clone());
        CursorTurns { notice, waker, lanes: Mutex::new(Lanes::default()) }
    }

    /// Looks first. If the step is pending, registers the waker and looks again, so that whatever
    /// ends from then on wakes this caller [nobody-sleeps-on].
    fn poll_turn<R>(
        &self,
        turn: &mut Turn,
        cx: &Context<'_>,
        looks_first: bool,
        mut step: impl FnMut(&mut Lanes, &mut Turn) -> Poll<R>,
    ) -> Poll<R> {
        let mut polled = Poll::Pending;
        if looks_first && turn.waiter.is_none() {
            polled = self.step(turn, &mut step);
        }
        if polled.is_pending() {
            self.notice.add_waiter(&mut turn.waiter, cx);
            polled = self.step(turn, &mut step);
        }
        if polled.is_ready() {
            self.notice.remove_waiter(&mut turn.waiter);
        }
        polled
    }

    fn step<R>(&self, turn: &mut Turn, step: &mut impl FnMut(&mut Lanes, &mut Turn) -> Poll<R>) -> Poll<R> {
        let mut lanes = self.lanes.lock();
        let polled = step(&mut lanes, turn);
        self.notice.mark(lanes.is_marked());
        polled
    }

    /// Reads some bytes; `buf` is not empty. `WouldBlock` is an error here: see `nonblocking.rs`.
    pub(super) fn poll_read_once(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if !file.may_read_now() {
            return self
                .poll_turn(turn, cx, true, |lanes, turn| self.read(file, lanes, turn, buf, &mut false));
        }
        let reason = move || WaitReason::Operation { operation: "read", object: describe_file(file.file()) };
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        let mut is_copied = false;
        let polled =
            self.poll_turn(turn, cx, true, |lanes, turn| self.read(file, lanes, turn, buf, &mut is_copied));
        if let (Poll::Ready(Ok(count)), true) = (&polled, is_copied) {
            charge.made_progress();
            coop::spend_bytes(*count);
        }
        polled
    }

    fn read(
        &self,
        file: &Arc<Descriptor>,
        lanes: &mut Lanes,
        turn: &mut Turn,
        buf: &mut [u8],
        is_copied: &mut bool,
    ) -> Poll<io::Result<usize>> {
        loop {
            match ready!(lanes.poll_own(&mut turn.number, &self.waker)) {
                Some(ended) if is_refused(file, &ended) => {}
                Some(ended) if ended.kind == CursorOpKind::Read && !ended.is_stale => {
                    return Poll::Ready(finish_read(file, lanes, ended, turn, buf));
                }
                Some(ended) => lanes.discard(file, ended),
                None => {}
            }
            let has_offsets = file.has_offsets();
            ready!(lanes.poll_clear(file, 0, &self.waker));
            if has_offsets && self.notice.has_strays() {
                return Poll::Pending;
            }
            if !lanes.unread.is_empty() {
                return Poll::Ready(Ok(lanes.take_leftover(buf)));
            }
            // Bytes in the page cache need no operation: a copy costs what an operation of a bare
            // ring does, and no buffer. The kernel moves the cursor with it.
            if let Some(result) = read_now(file, buf) {
                *is_copied = true;
                return Poll::Ready(result);
            }
            let from = if has_offsets { Some(file.position()?) } else { None };
            turn.has_large_buffer |= buf.len() > SPARE_BYTES_MAX;
            let room = take(&mut lanes.spare).with_room(buf.len(), file.align());
            let work = ops::read(file, room, from.unwrap_or(AT_CURSOR));
            turn.number = Some(lanes.begin(0, turn.owner, from, Operation::Read(work)));
        }
    }

    /// Reads bytes of the page cache into memory that need not be initialised, and initialises as
    /// many as it returns. None: [`poll_read`](CursorTurns::poll_read) has to do it.
    pub(super) fn read_cached(
        &self,
        file: &Descriptor,
        room: &mut [MaybeUninit<u8>],
    ) -> Option<io::Result<usize>> {
        let lanes = self.lanes.lock();
        if !lanes.is_idle() || self.notice.has_strays() {
            return None;
        }
        file.read_now_uninit(room)
    }

    /// Writes some bytes; `buf` is not empty. Once ready, the kernel has them [done-is-done].
    pub(super) fn poll_write_once(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Most writes have to wait: do not look first.
        self.poll_turn(turn, cx, false, |lanes, turn| self.write(file, lanes, turn, buf))
    }

    fn write(
        &self,
        file: &Arc<Descriptor>,
        lanes: &mut Lanes,
        turn: &mut Turn,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match ready!(lanes.poll_own(&mut turn.number, &self.waker)) {
                Some(ended) if is_refused(file, &ended) => {}
                Some(ended) if is_answer(&ended, buf) => {
                    return Poll::Ready(finish_write(file, lanes, ended, turn));
                }
                Some(ended) => lanes.discard(file, ended),
                None => {}
            }
            let has_offsets = file.has_offsets();
            let lane = usize::from(!has_offsets);
            ready!(lanes.poll_clear(file, lane, &self.waker));
            if has_offsets && self.notice.has_strays() {
                return Poll::Pending;
            }
            let from = if has_offsets && !file.is_append() { Some(file.position()?) } else { None };
            turn.has_large_buffer |= buf.len() > SPARE_BYTES_MAX;
            let bytes = take(&mut lanes.spare).with_bytes(buf, file.align());
            let work = ops::write(file, bytes, (), from.unwrap_or(AT_CURSOR));
            turn.number = Some(lanes.begin(lane, turn.owner, from, Operation::Write(work)));
        }
    }

    /// Moves the cursor.
    pub(super) fn poll_seek(
        &self,
        file: &Arc<Descriptor>,
        turn: &mut Turn,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.poll_turn(turn, cx, true, |lanes, turn| self.seek(file, lanes, turn, to))
    }

    fn seek(
        &self,
        file: &Arc<Descriptor>,
        lanes: &mut Lanes,
        turn: &mut Turn,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        if !file.has_offsets() {
            return Poll::Ready(seek_stream(file, lanes, to));
        }
        loop {
            match ready!(lanes.poll_own(&mut turn.number, &self.waker)) {
                Some(mut ended) if !ended.is_stale && is_about(ended.kind, to) => {
                    ended.advance(file);
                    return Poll::Ready(match ended.target() {
                        Some(target) => target,
                        None => ended.result,
                    });
                }
                Some(ended) => lanes.discard(file, ended),
                None => {}
            }
            ready!(lanes.poll_clear(file, 0, &self.waker));
            if self.notice.has_strays() {
                return Poll::Pending;
            }
            // Nothing is in flight, so nothing can be freed.
            let _: bool = lanes.touch(file, Touch::Cursor);
            match to {
                // A remote file system has to be asked for the end.
                SeekFrom::End(offset) if file.is_remote() => {
                    let from = Some(file.position()?);
                    let work = ops::stat(StatTarget::File(file.clone()));
                    turn.number = Some(lanes.begin(0, turn.owner, from, Operation::End(work, offset)));
                }
                SeekFrom::Start(offset) if i64::try_from(offset).is_err() => {
                    return Poll::Ready(Err(invalid_offset()));
                }
                to => return Poll::Ready(file.seek(to)),
            }
        }
    }

    /// Waits until nothing is in flight that could write.
    pub(super) fn poll_flush(&self, file: &Descriptor, turn: &mut Turn, cx: &mut Context<'_>) -> Poll<()> {
        let lane = usize::from(!file.has_offsets());
        self.poll_turn(turn, cx, true, |lanes, _| {
            ready!(lanes.poll_clear(file, lane, &self.waker));
            if lane == 0 && self.notice.has_strays() { Poll::Pending } else { Poll::Ready(()) }
        })
    }

    /// Whether [`quiet`](CursorTurns::quiet) has nothing to wait for.
    pub(super) fn is_quiet(&self, file: &Descriptor) -> bool {
        self.notice.is_quiet() || !file.has_offsets()
    }

    /// Waits for what was given up, before an operation at an offset or on the file as a whole
    /// [after-what-was-given-up].
    pub(super) async fn quiet(&self, file: &Arc<Descriptor>, touch: Touch) {
        if self.is_quiet(file) {
            return;
        }
        let mut held = Held { cursor_turns: self, file, turn: Turn::new(ResultOwner::Future) };
        let mut is_freed = false;
        std::future::poll_fn(|cx| {
            self.poll_turn(&mut held.turn, cx, true, |lanes, _| {
                ready!(lanes.poll_clear_given_up(file, &self.waker));
                if self.notice.has_strays() {
                    return Poll::Pending;
                }
                is_freed |= lanes.touch(file, touch);
                Poll::Ready(())
            })
        })
        .await;
        if is_freed {
            self.notice.wake_all();
        }
    }

    /// The future of an operation at an offset that changes the file. If it is given up, the next
    /// operation of this open file waits for its end.
    pub(super) fn watched<W>(&self, begin: impl FnOnce(Mark) -> W) -> Watched<'_, W> {
        Watched::new(&self.notice, begin)
    }

    /// This caller does not return.
    #[inline]
    pub(super) fn leave(&self, file: &Descriptor, turn: &mut Turn) {
        self.notice.remove_waiter(&mut turn.waiter);
        turn.readiness = None;
        if turn.number.is_some() || turn.has_large_buffer {
            self.leave_lanes(file, turn);
        }
    }

    fn leave_lanes(&self, file: &Descriptor, turn: &mut Turn) {
        let mut lanes = self.lanes.lock();
        let mut is_freed = false;
        if let Some(number) = turn.number.take() {
            is_freed = lanes.give_up(file, number);
            self.notice.mark(lanes.is_marked());
        }
        lanes.give_back(take(&mut turn.has_large_buffer));
        drop(lanes);
        if is_freed {
            self.notice.wake_all();
        }
    }
}

/// A turn at the cursor that ends with its future.
pub(super) struct Held<'a> {
    pub(super) cursor_turns: &'a CursorTurns,
    pub(super) file: &'a Arc<Descriptor>,
    pub(super) turn: Turn,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.cursor_turns.leave(self.file, &mut self.turn);
    }
}

impl Held<'_> {
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let len = buf.len().min(BORROWED_BYTES_MAX);
        self.cursor_turns.poll_read(self.file, &mut self.turn, cx, &mut buf[..len])
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let buf = &buf[..buf.len().min(BORROWED_BYTES_MAX)];
        self.cursor_turns.poll_write(self.file, &mut self.turn, cx, buf)
    }
}

/// A stream that has a cursor is some device, or returns 0 and means nothing by it.
fn seek_stream(file: &Descriptor, lanes: &mut Lanes, to: SeekFrom) -> io::Result<u64> {
    let before = file.position()?;
    // The kernel's cursor has passed the bytes that were read ahead of the caller.
    let ahead_count = if before == 0 { 0 } else { lanes.unread.len() as i64 };
    let offset = match to {
        SeekFrom::Current(offset) => file.seek(SeekFrom::Current(offset.saturating_sub(ahead_count)))?,
        SeekFrom::Start(offset) if i64::try_from(offset).is_err() => return Err(invalid_offset()),
        to => file.seek(to)?,
    };
    if ahead_count > 0 {
        lanes.unread.clear();
    }
    Ok(offset)
}

impl fmt::Debug for CursorTurns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorTurns").field("notice", &self.notice).finish_non_exhaustive()
    }
}
