//! The flags of one watched descriptor, and its waiters.
//!
//! ```text
//! bits 0..6  flags, as in `Ready`: set by events, taken off by the owner
//! bit 7      SHUT   the driver has shut down
//! 8..64      tick, raised by every event
//! ```
//!
//! | transition | from | to | outcome |
//! |---|---|---|---|
//! | `observe(mask)` | SHUT | same | the error of a driver that has shut down |
//! | `observe(mask)` | a flag of the mask | same | the flags of the mask, with the tick |
//! | `clear(seen, flags)` | at the tick that was seen | `flags` off, but never the closed ones | |
//! | `clear(seen, flags)` | any other | same: an event came that the caller has not seen [clear-at-tick] | |
//! | `event(flags)` | any | `flags` on, tick + 1 | |
//! | `shut` | any | SHUT | |

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::Mutex;
use crate::task::{WaitReason, coop};

use crate::driver::errors::closed;
use crate::driver::ready::Ready;
use crate::driver::slots::{SlotId, Slots};
use crate::driver::{Direction, Interest};

const SHUT: u64 = 1 << 7;
const TICK_ONE: u64 = 1 << TICK_SHIFT;
const TICK_SHIFT: u32 = 8;

/// What was seen ready, and the tick at which it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) ready: Ready,
    tick: u64,
}

impl ReadyEvent {
    /// The event without these flags, unless nothing is left.
    pub(crate) fn without(self, flags: Ready) -> Option<ReadyEvent> {
        let left = ReadyEvent { ready: self.ready - flags, ..self };
        (!left.ready.is_empty()).then_some(left)
    }
}

#[derive(Debug)]
pub(crate) struct FdFlags {
    word: AtomicU64,
    waiting: Mutex<FdWaiters>,
}

#[derive(Debug)]
struct FdWaiters {
    /// The last callers of the poll functions.
    reader: Option<Waker>,
    writer: Option<Waker>,
    listed: Slots<Listed>,
}

/// A future that waits for one of these flags.
#[derive(Debug)]
struct Listed {
    mask: Ready,
    waker: Waker,
}

/// Where a waiter is stored.
enum WakerPlace<'a> {
    Poll(Direction),
    List(Ready, &'a mut Option<SlotId>),
}

impl FdWaiters {
    /// Returns the waker that this one replaces.
    fn store(&mut self, place: &mut WakerPlace<'_>, fresh: Waker) -> Option<Waker> {
        match place {
            WakerPlace::Poll(direction) => self.last(*direction).replace(fresh),
            WakerPlace::List(mask, id) => {
                if let Some(listed) = id.and_then(|id| self.listed.get_mut(id)) {
                    return Some(std::mem::replace(&mut listed.waker, fresh));
                }
                **id = Some(self.listed.insert(Listed { mask: *mask, waker: fresh }));
                None
            }
        }
    }

    fn last(&mut self, direction: Direction) -> &mut Option<Waker> {
        match direction {
            Direction::Read => &mut self.reader,
            Direction::Write => &mut self.writer,
        }
    }

    /// Takes those that wait for one of these flags.
    fn take(&mut self, ready: Ready, wakers: &mut Vec<Waker>) {
        if ready.is_readable() {
            wakers.extend(self.reader.take());
        }
        if ready.is_writable() {
            wakers.extend(self.writer.take());
        }
        if self.listed.len() == 0 {
            return;
        }
        let ids: Vec<SlotId> = self.listed.ids().collect();
        for id in ids {
            let waits = self.listed.get_mut(id).is_some_and(|listed| !(listed.mask & ready).is_empty());
            if waits {
                wakers.extend(self.listed.remove(id).map(|listed| listed.waker));
            }
        }
    }
}

impl FdFlags {
    /// Nothing is ready until an event says so.
    pub(in crate::driver) fn new() -> FdFlags {
        let waiting = FdWaiters { reader: None, writer: None, listed: Slots::new() };
        FdFlags { word: AtomicU64::new(0), waiting: Mutex::new(waiting) }
    }

    /// The flags of the mask that are set, if any is.
    pub(crate) fn observe(&self, mask: Ready) -> Option<io::Result<ReadyEvent>> {
        // Ordering: Acquire pairs with the Release of `event` [event-wakes]: the caller sees what
        // the thread did that has seen the event.
        let word = self.word.load(Ordering::Acquire);
        if word & SHUT != 0 {
            return Some(Err(closed()));
        }
        let ready = Ready::from_bits(word) & mask;
        if ready.is_empty() { None } else { Some(Ok(ReadyEvent { ready, tick: word >> TICK_SHIFT })) }
    }

    /// Takes these flags off, unless an event came since they were seen [clear-at-tick]. A closed
    /// half stays closed.
    pub(crate) fn clear(&self, seen: ReadyEvent, ready: Ready) {
        let off = (ready - Ready::READ_CLOSED - Ready::WRITE_CLOSED).to_bits();
        // Ordering: Relaxed load [clear-at-tick]: a guess that the exchange below checks.
        let mut word = self.word.load(Ordering::Relaxed);
        while word >> TICK_SHIFT == seen.tick && word & off != 0 {
            // Ordering: Relaxed [clear-at-tick]: clearing publishes nothing, and the exchange fails
            // if an event came.
            match self.word.compare_exchange_weak(word, word & !off, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// The kernel reported these flags: collects those that wait for one of them.
    pub(in crate::driver) fn event(&self, ready: Ready, wakers: &mut Vec<Waker>) {
        let mut waiting = self.waiting.lock();
        self.set(ready.to_bits(), TICK_ONE);
        waiting.take(ready, wakers);
    }

    /// The driver has shut down: collects every waiter.
    pub(in crate::driver) fn shut(&self, wakers: &mut Vec<Waker>) {
        let mut waiting = self.waiting.lock();
        self.set(SHUT, 0);
        waiting.take(Ready::ALL, wakers);
    }

    /// Called with the waiters locked.
    fn set(&self, bits: u64, tick: u64) {
        // Ordering: Relaxed load [event-wakes]: a guess that the exchange below checks.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let next = (word | bits).wrapping_add(tick);
            // Ordering: Release [event-wakes]: pairs with `observe`.
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Waits for one direction. The last caller is woken.
    pub(crate) fn poll_ready(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let reason = move || WaitReason::of_descriptor(direction.name());
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        let mask = match direction {
            Direction::Read => Interest::READABLE.mask(),
            Direction::Write => Interest::WRITABLE.mask(),
        };
        let result = ready!(self.poll_observe(mask, WakerPlace::Poll(direction), cx));
        charge.made_progress();
        Poll::Ready(result)
    }

    /// Waits for one of these flags, with any number of futures.
    pub(crate) fn ready(&self, interest: Interest) -> WaitFlags<'_> {
        WaitFlags { flags: self, mask: interest.mask(), id: None }
    }

    /// Calls `f` whenever there may be something to do, until it does not return `WouldBlock`.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let seen = self.ready(interest).await?;
            match f() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.clear(seen, seen.ready),
                result => return result,
            }
        }
    }

    /// Calls `f` once, unless it is known that it would block. When the driver has shut down, only
    /// the call can tell.
    pub(crate) fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let Some(seen) = self.observe(interest.mask()) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let result = f();
        if let (Ok(seen), Err(error)) = (seen, &result) {
            if error.kind() == io::ErrorKind::WouldBlock {
                self.clear(seen, seen.ready);
            }
        }
        result
    }

    fn poll_observe(
        &self,
        mask: Ready,
        mut place: WakerPlace<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        if let Some(result) = self.observe(mask) {
            return Poll::Ready(result);
        }
        // Cloned before the lock is taken, because a clone runs user code as well [wake-outside].
        let fresh = cx.waker().clone();
        let mut waiting = self.waiting.lock();
        let old = waiting.store(&mut place, fresh);
        // Events come under the same lock, so this look sees an event, or the event finds the
        // waiter [event-wakes].
        let result = self.observe(mask);
        drop(waiting);
        drop(old);
        result.map_or(Poll::Pending, Poll::Ready)
    }

    fn forget(&self, id: SlotId) {
        let mut waiting = self.waiting.lock();
        let listed = waiting.listed.remove(id);
        drop(waiting);
        drop(listed);
    }
}

/// See [`FdFlags::ready`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub(crate) struct WaitFlags<'a> {
    flags: &'a FdFlags,
    mask: Ready,
    id: Option<SlotId>,
}

impl Future for WaitFlags<'_> {
    type Output = io::Result<ReadyEvent>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        let WaitFlags { flags, mask, id } = &mut *self;
        let charge = ready!(coop::poll_proceed_for(cx, move || WaitReason::of_descriptor("see events")));
        let result = ready!(flags.poll_observe(*mask, WakerPlace::List(*mask, id), cx));
        charge.made_progress();
        Poll::Ready(result)
    }
}

impl Drop for WaitFlags<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.flags.forget(id);
        }
    }
}
