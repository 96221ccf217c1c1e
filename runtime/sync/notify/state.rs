//! The word of a [`Notify`](super::Notify). Every change of it is here.

use crate::primitive::atomic::{AtomicUsize, Ordering};

/// There is no permit, and nobody waits.
const EMPTY: usize = 0;
/// There is no permit, and somebody may wait for one. Only the holder of the list's lock sets and
/// ends it [waited-locked].
const WAITED: usize = 1;
/// There is a permit, and nobody waits.
const PERMIT: usize = 2;
const MASK: usize = 3;
/// The rest counts the calls of `notify_waiters`, and wraps.
const CALL: usize = 4;

/// How many calls of `notify_waiters` there were.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Calls(usize);

#[derive(Clone, Copy)]
struct NotifyWord(usize);

impl NotifyWord {
    fn what(self) -> usize {
        self.0 & MASK
    }

    fn calls(self) -> Calls {
        Calls(self.0 & !MASK)
    }

    fn with(self, what: usize) -> NotifyWord {
        NotifyWord(self.0 & !MASK | what)
    }
}

/// What a future that begins to wait finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It was notified: there was a permit, which it took, or a call since it was created.
    Notified,
    /// It has to wait, in the list.
    Waits,
}

pub(super) struct NotifyState(AtomicUsize);

impl NotifyState {
    #[cfg(not(rt_loom))]
    pub(super) const fn new() -> NotifyState {
        NotifyState(AtomicUsize::new(EMPTY))
    }

    #[cfg(rt_loom)]
    pub(super) fn new() -> NotifyState {
        NotifyState(AtomicUsize::new(EMPTY))
    }

    #[inline]
    pub(super) fn calls(&self) -> Calls {
        // Ordering: Relaxed: one that finds another number takes the lock, which the call held.
        NotifyWord(self.0.load(Ordering::Relaxed)).calls()
    }

    fn load(&self) -> NotifyWord {
        // Ordering: Relaxed: a guess, which an exchange checks.
        NotifyWord(self.0.load(Ordering::Relaxed))
    }

    /// Leaves a permit. Returns false if somebody waits: then nothing is changed.
    #[inline]
    pub(super) fn leave_permit(&self) -> bool {
        let mut word = self.load();
        while word.what() != WAITED {
            // Ordering: Release [notified-published]: who takes the permit sees what came before
            // it, also if there was one already.
            let (from, to) = (word.0, word.with(PERMIT).0);
            match self.0.compare_exchange_weak(from, to, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => word = NotifyWord(seen),
            }
        }
        false
    }

    /// Takes the permit, if there is one and there was no call since `calls`.
    #[inline]
    pub(super) fn arrive(&self, calls: Calls) -> Arrival {
        // Ordering: Acquire [notified-published]: who sees a call, or its permit, sees what came
        // before it.
        let word = NotifyWord(self.0.load(Ordering::Acquire));
        if word.calls() != calls {
            return Arrival::Notified;
        }
        if word.what() != PERMIT {
            return Arrival::Waits;
        }
        let (from, to) = (word.0, word.with(EMPTY).0);
        // Ordering: Acquire [notified-published]. No mutant: the load has seen the same, unless
        // another call came in between.
        match self.0.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Arrival::Notified,
            Err(_) => Arrival::Waits,
        }
    }

    /// As `arrive`, and marks that somebody waits. The caller holds the lock of the list, and
    /// enters it if it has to wait.
    #[inline]
    pub(super) fn arrive_or_wait(&self, calls: Calls) -> Arrival {
        loop {
            if self.arrive(calls) == Arrival::Notified {
                return Arrival::Notified;
            }
            let word = self.load();
            match word.what() {
                WAITED => return Arrival::Waits,
                EMPTY => {}
                _ => continue,
            }
            // Ordering: Relaxed: the lock orders it for those who look at the list,
            // [waited-locked].
            let (from, to) = (word.0, word.with(WAITED).0);
            if self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return Arrival::Waits;
            }
        }
    }

    /// Counts a call of `notify_waiters`. The caller holds the lock of the list. A permit stays.
    pub(super) fn call_all(&self) {
        // Ordering: Release [notified-published]: who sees the call sees what came before it.
        self.0.fetch_add(CALL, Ordering::Release);
    }

    /// Leaves a permit in the place of the mark, because nobody waits. The caller holds the lock of
    /// the list, and has seen the mark under it.
    pub(super) fn end_waiting(&self) {
        // Ordering: Release [notified-published], as in `leave_permit`. Nobody else changes the
        // word while the mark stands [waited-locked]. No mutant: the models have not noticed a
        // weaker one so far.
        self.0.store(self.load().with(PERMIT).0, Ordering::Release);
    }
}
