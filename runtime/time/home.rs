//! The home of one worker's timers: its wheel behind a lock, and beside the lock what may be read without it.
use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use super::clock::Clock;
use super::slab::Key;
use super::wheel::{Moved, Wheel};
use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

/// How many wakers one call of `fire` collects: after so many wake-ups it is time to look after I/O again.
///
/// Models see a wheel that is half-way through a slot after the first.
pub(super) const FIRE_COUNT_MAX: usize = if cfg!(all(test, any(rt_loom, rt_shuttle))) { 1 } else { 1024 };

/// What all homes of one runtime share. Written once.
pub(super) struct Shared {
    pub(super) clock: Clock,
    /// Makes a parked worker look at its deadline again.
    pub(super) unpark: Box<dyn Fn(usize) + Send + Sync>,
}

pub(super) struct Home {
    index: usize,
    shared: Arc<Shared>,
    /// The tick at which `fire` has work. Written under the lock only.
    next: AtomicU64,
    /// No node beyond this tick has fired. `NEVER` once closed. Written under the lock only, never falls.
    reached: AtomicU64,
    /// Every node up to this tick, inclusive, has fired. It lags behind `reached` by one while a slot is half fired.
    settled: AtomicU64,
    locked: Mutex<Locked>,
}

struct Locked {
    wheel: Wheel,
    /// What stands beside the lock. Compared here and not there: in a model, loom takes a thread's load before its own
    /// store for the last one that matters, and would not try that store before the loads of others.
    shown: Shown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Shown {
    next: u64,
    reached: u64,
    settled: u64,
}

impl Shown {
    fn of(wheel: &Wheel) -> Self {
        Shown { next: wheel.next(), reached: wheel.reached(), settled: wheel.settled() }
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Home {
    pub(super) fn new(index: usize, shared: Arc<Shared>) -> Self {
        let wheel = Wheel::new();
        let shown = Shown::of(&wheel);
        Home {
            index,
            shared,
            next: AtomicU64::new(shown.next),
            reached: AtomicU64::new(shown.reached),
            settled: AtomicU64::new(shown.settled),
            locked: Mutex::new(Locked { wheel, shown }),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The tick at which `fire` has work.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        // Ordering: [no-lost-deadline] Relaxed. Whoever stores an earlier tick calls `unpark` afterwards; the worker
        // that loads too early is woken by that call, which also publishes the store to its next look.
        self.next.load(Ordering::Relaxed)
    }

    /// Whether a node armed for `tick` has fired, for sure. False may be out of date.
    #[inline]
    pub(super) fn has_settled(&self, tick: u64) -> bool {
        // Ordering: [fires-once] Acquire pairs with the Release in `publish`: the sleeper that sees its tick settled
        // also sees what the firing thread did before.
        self.settled.load(Ordering::Acquire) >= tick
    }

    /// Whether a node armed for `tick` may have fired. False is certain for whoever holds, or was given the memory of, the
    /// waker that it wakes.
    #[inline]
    pub(super) fn has_reached(&self, tick: u64) -> bool {
        // Ordering: [same-waker] Relaxed. The store precedes the fired waker's wake-up and drop, hence all that follows
        // from those, such as its memory being used anew; and no load sees a value older than one that precedes it.
        self.reached.load(Ordering::Relaxed) >= tick
    }

    /// Arms a node; the present is `now` or later. `None` if `tick` is past. `is_owner` says that the worker of this home
    /// is calling.
    #[inline]
    pub(super) fn arm(&self, tick: u64, now: u64, waker: Waker, is_owner: bool) -> Option<Key> {
        let mut locked = self.locked.lock();
        locked.wheel.catch_up(now);
        let armed = locked.wheel.insert(tick, waker);
        let is_earlier = self.publish(&mut locked);
        drop(locked);
        if is_earlier && !is_owner {
            (self.shared.unpark)(self.index);
        }
        // [no-foreign-code] A refused waker is dropped here, after the lock.
        armed.ok()
    }

    /// Takes a node out. Does nothing if it has fired.
    #[inline]
    pub(super) fn disarm(&self, key: Key) {
        let mut locked = self.locked.lock();
        let waker = locked.wheel.remove(key);
        self.publish(&mut locked);
        drop(locked);
        // [no-foreign-code] The last handle of a task may be among the wakers: dropped after the lock.
        drop(waker);
    }

    /// Moves a node to `tick`; if the wheel is past that, wakes its waker. False if the node is gone, now or before.
    pub(super) fn rearm(&self, key: Key, tick: u64, is_owner: bool) -> bool {
        let mut locked = self.locked.lock();
        let moved = locked.wheel.relink(key, tick);
        let is_earlier = self.publish(&mut locked);
        drop(locked);
        if is_earlier && !is_owner {
            (self.shared.unpark)(self.index);
        }
        match moved {
            Moved::Armed => true,
            Moved::Due(waker) => {
                waker.into_iter().for_each(Waker::wake);
                false
            }
            Moved::Gone => false,
        }
    }

    /// Has the node wake `waker` from now on. False if it has fired.
    pub(super) fn replace_waker(&self, key: Key, waker: Waker) -> bool {
        let mut locked = self.locked.lock();
        let replaced = locked.wheel.replace_waker(key, waker);
        drop(locked);
        // [no-foreign-code] Whichever waker is left over is dropped here, after the lock.
        replaced.is_ok()
    }

    /// Collects the wakers of what is due at `now`, at most `FIRE_COUNT_MAX` of them.
    pub(super) fn fire(&self, now: u64, wakers: &mut Vec<Waker>) {
        self.fire_locked(self.locked.lock(), now, wakers);
    }

    /// The same, unless another thread holds the lock.
    pub(super) fn try_fire(&self, now: u64, wakers: &mut Vec<Waker>) -> bool {
        let Some(locked) = self.locked.try_lock() else { return false };
        self.fire_locked(locked, now, wakers);
        true
    }

    fn fire_locked(&self, mut locked: MutexGuard<'_, Locked>, now: u64, wakers: &mut Vec<Waker>) {
        locked.wheel.fire(now, FIRE_COUNT_MAX, wakers);
        self.publish(&mut locked);
    }

    /// The first armed tick, exactly.
    pub(super) fn earliest(&self) -> u64 {
        self.locked.lock().wheel.earliest()
    }

    /// Takes all wakers out; from now on every tick is past.
    pub(super) fn close(&self, wakers: &mut Vec<Waker>) {
        let mut locked = self.locked.lock();
        locked.wheel.close(wakers);
        self.publish(&mut locked);
    }

    /// Keeps the lock taken.
    #[cfg(test)]
    pub(super) fn hold(&self) -> impl Sized {
        self.locked.lock()
    }

    /// How many nodes are armed.
    pub(super) fn live_count(&self) -> usize {
        self.locked.lock().wheel.live_count()
    }

    /// Shows beside the lock what the wheel is at. True if the next tick is an earlier one now.
    #[inline]
    fn publish(&self, locked: &mut MutexGuard<'_, Locked>) -> bool {
        let (before, shown) = (locked.shown, Shown::of(&locked.wheel));
        if before == shown {
            return false;
        }
        locked.shown = shown;
        // Ordering: [no-lost-deadline] Relaxed: `unpark`, called after it, is what publishes.
        self.next.store(shown.next, Ordering::Relaxed);
        // Ordering: [same-waker] Relaxed, as argued at the load.
        self.reached.store(shown.reached, Ordering::Relaxed);
        // Ordering: [fires-once] Release pairs with the Acquire in `has_settled`.
        self.settled.store(shown.settled, Ordering::Release);
        shown.next < before.next
    }
}
