//! One worker's timers: its wheel behind a lock, and the words that can be read without
//! the lock.
use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use super::clock::Clock;
use super::slab::Key;
use super::wheel::{FireWatch, Rearmed, Wheel};
use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};
use crate::task::ObservedWorker;

/// The maximum number of wakers that one call of `fire` collects. After that many wake-ups the run
/// loop must look after I/O again.
///
/// With a limit of 1, models see a wheel that is half-way through a slot after the first node.
pub(super) const FIRE_COUNT_MAX: usize = if cfg!(any(rt_loom, rt_shuttle)) { 1 } else { 1024 };

/// The part that the timers of all workers of one runtime share. It is written once.
pub(super) struct TimersShared {
    pub(super) clock: Clock,
    /// Makes a parked worker read its deadline again.
    pub(super) unpark: Box<dyn Fn(usize) + Send + Sync>,
}

pub(super) struct WorkerTimers {
    index: usize,
    shared: Arc<TimersShared>,
    /// The tick at which `fire` has work. Written only under the lock.
    next: AtomicU64,
    /// No node beyond this tick has fired. `NEVER` once closed. Written only under the lock; never
    /// decreases.
    reached: AtomicU64,
    /// Every node up to this tick, inclusive, has fired. It is one behind `reached` while a slot is
    /// half fired.
    settled: AtomicU64,
    locked: Mutex<Locked>,
}

struct Locked {
    wheel: Wheel,
    /// A copy of the words outside the lock. `publish` compares with this copy and not with the
    /// words: in a model, loom takes a thread's load before its own store for the last one that
    /// matters, and would not try that store before the loads of other threads.
    shown: Shown,
    /// `FIRE_COUNT_MAX`, or none: a wheel that is watched has a limit of its own.
    fire_count_max: usize,
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

impl fmt::Debug for WorkerTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerTimers").field("index", &self.index).finish_non_exhaustive()
    }
}

impl WorkerTimers {
    pub(super) fn new(index: usize, shared: Arc<TimersShared>) -> Self {
        let wheel = Wheel::new();
        let shown = Shown::of(&wheel);
        WorkerTimers {
            index,
            shared,
            next: AtomicU64::new(shown.next),
            reached: AtomicU64::new(shown.reached),
            settled: AtomicU64::new(shown.settled),
            locked: Mutex::new(Locked { wheel, shown, fire_count_max: FIRE_COUNT_MAX }),
        }
    }

    /// From now on `observed` counts how late these timers fire: from the tick to which a deadline
    /// was rounded up.
    pub(super) fn observe(&self, observed: Arc<ObservedWorker>) {
        let shared = self.shared.clone();
        let note = move |tick, count| {
            let due = shared.clock.instant_of(tick);
            let late = due.map(|due| shared.clock.now().saturating_duration_since(due));
            late.into_iter().for_each(|late| observed.timers.note_times(late, count));
        };
        let mut locked = self.locked.lock();
        locked.wheel.watch(FireWatch { count_max: FIRE_COUNT_MAX, note: Box::new(note) });
        locked.fire_count_max = 0;
    }

    pub(super) fn shared(&self) -> &Arc<TimersShared> {
        &self.shared
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Returns the tick at which `fire` has work.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        // Ordering: [no-lost-deadline] Relaxed. A thread that stores an earlier tick calls `unpark`
        // afterwards. A worker that loads too early is woken by that call, which also publishes the
        // store to the worker's next load.
        self.next.load(Ordering::Relaxed)
    }

    /// Returns whether a node armed for `tick` has certainly fired. `false` may be out of date.
    #[inline]
    pub(super) fn has_settled(&self, tick: u64) -> bool {
        // Ordering: [fires-once] Acquire pairs with the Release in `publish`: a sleeper that sees
        // its tick settled also sees everything that the firing thread did before.
        self.settled.load(Ordering::Acquire) >= tick
    }

    /// Returns whether a node armed for `tick` may have fired. `false` is certain if the caller
    /// holds the waker that the node wakes, or was given the memory of that waker.
    #[inline]
    pub(super) fn has_reached(&self, tick: u64) -> bool {
        // Ordering: [same-waker] Relaxed. The store happens before the fired waker is woken and
        // dropped, and so before everything that follows from that, such as the reuse of its
        // memory. No load returns a value older than one that happened before the load.
        self.reached.load(Ordering::Relaxed) >= tick
    }

    /// Arms a node; the present is `now` or later. Returns `None` if `tick` has passed. `is_owner`
    /// means that the worker of these timers is calling.
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
        // [no-foreign-code] The waker may be the last handle of a task: dropped after the lock.
        drop(waker);
    }

    /// Moves a node to `tick`; if the wheel is past that, wakes its waker. Returns `false` if the
    /// node is gone, now or before.
    pub(super) fn rearm(&self, key: Key, tick: u64, is_owner: bool) -> bool {
        let mut locked = self.locked.lock();
        let moved = locked.wheel.relink(key, tick);
        let is_earlier = self.publish(&mut locked);
        drop(locked);
        if is_earlier && !is_owner {
            (self.shared.unpark)(self.index);
        }
        match moved {
            Rearmed::Armed => true,
            Rearmed::Due(waker) => {
                waker.into_iter().for_each(Waker::wake);
                false
            }
            Rearmed::Gone => false,
        }
    }

    /// Makes the node wake `waker` from now on. Returns `false` if it has fired.
    pub(super) fn replace_waker(&self, key: Key, waker: Waker) -> bool {
        let mut locked = self.locked.lock();
        let replaced = locked.wheel.replace_waker(key, waker);
        drop(locked);
        // [no-foreign-code] The waker that is left over is dropped here, after the lock.
        replaced.is_ok()
    }

    /// Collects the wakers of the nodes that are due at `now`, at most `FIRE_COUNT_MAX` of them.
    pub(super) fn fire(&self, now: u64, wakers: &mut Vec<Waker>) {
        self.fire_locked(self.locked.lock(), now, wakers);
    }

    /// Does the same, unless another thread holds the lock.
    pub(super) fn try_fire(&self, now: u64, wakers: &mut Vec<Waker>) -> bool {
        let Some(locked) = self.locked.try_lock() else { return false };
        self.fire_locked(locked, now, wakers);
        true
    }

    fn fire_locked(&self, mut locked: MutexGuard<'_, Locked>, now: u64, wakers: &mut Vec<Waker>) {
        let fire_count_max = locked.fire_count_max;
        locked.wheel.fire(now, fire_count_max, wakers);
        self.publish(&mut locked);
    }

    /// Returns the exact tick of the first armed node.
    pub(super) fn earliest(&self) -> u64 {
        self.locked.lock().wheel.earliest()
    }

    /// Takes all wakers out. From now on every tick has passed.
    pub(super) fn close(&self, wakers: &mut Vec<Waker>) {
        let mut locked = self.locked.lock();
        locked.wheel.close(wakers);
        self.publish(&mut locked);
    }

    /// Takes the lock and keeps it.
    #[cfg(test)]
    pub(super) fn hold(&self) -> impl Sized {
        self.locked.lock()
    }

    /// Returns how many nodes are armed.
    pub(super) fn live_count(&self) -> usize {
        self.locked.lock().wheel.live_count()
    }

    /// Copies the state of the wheel into the words outside the lock. Returns `true` if the next
    /// tick is earlier than before.
    #[inline]
    fn publish(&self, locked: &mut MutexGuard<'_, Locked>) -> bool {
        let (before, shown) = (locked.shown, Shown::of(&locked.wheel));
        if before == shown {
            return false;
        }
        locked.shown = shown;
        // Ordering: [no-lost-deadline] Relaxed: `unpark`, called after it, publishes this store.
        self.next.store(shown.next, Ordering::Relaxed);
        // Ordering: [same-waker] Relaxed, for the reason given at the load.
        self.reached.store(shown.reached, Ordering::Relaxed);
        // Ordering: [fires-once] Release pairs with the Acquire in `has_settled`.
        self.settled.store(shown.settled, Ordering::Release);
        shown.next < before.next
    }
}
