//! The word of a number of permits. Every change of it is here.

use crate::primitive::atomic::{AtomicUsize, Ordering};

/// The most permits that a word counts.
pub(crate) const PERMITS_COUNT_MAX: usize = usize::MAX >> 3;

const CLOSED: usize = 1;
/// Somebody waits, or a thread is about to look: the count is zero [waiters-take-all].
const WAITED: usize = 2;
const SHIFT: u32 = 2;

/// The count, whether there are waiters, and whether it is closed.
#[derive(Clone, Copy)]
struct PermitsWord(usize);

impl PermitsWord {
    fn count(self) -> usize {
        self.0 >> SHIFT
    }

    fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    fn is_waited_for(self) -> bool {
        self.0 & WAITED != 0
    }

    fn with_count(self, count: usize) -> PermitsWord {
        PermitsWord(count << SHIFT | self.0 & (CLOSED | WAITED))
    }

    /// `None` if the sum is too large to count.
    fn plus(self, added: usize) -> Option<PermitsWord> {
        let sum = self.count().checked_add(added).filter(|sum| *sum <= PERMITS_COUNT_MAX)?;
        Some(self.with_count(sum))
    }

    fn without_waiters(self) -> PermitsWord {
        PermitsWord(self.0 & !WAITED)
    }
}

pub(super) struct PermitsState(AtomicUsize);

/// What became of an attempt to take permits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    Taken,
    /// Fewer were there. This many were taken, which is none unless the caller is going to wait.
    TooFew(usize),
    Closed,
}

/// What became of permits that are given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Giving {
    Given,
    /// None was given, because there are waiters.
    HasWaiters,
    /// None was given, because the sum is too large.
    TooMany,
}

impl PermitsState {
    #[cfg(not(rt_loom))]
    pub(super) const fn new(count: usize) -> PermitsState {
        PermitsState(AtomicUsize::new(count << SHIFT))
    }

    #[cfg(rt_loom)]
    pub(super) fn new(count: usize) -> PermitsState {
        PermitsState(AtomicUsize::new(count << SHIFT))
    }

    #[cfg(not(rt_loom))]
    pub(super) const fn new_closed() -> PermitsState {
        PermitsState(AtomicUsize::new(CLOSED))
    }

    #[cfg(rt_loom)]
    pub(super) fn new_closed() -> PermitsState {
        PermitsState(AtomicUsize::new(CLOSED))
    }

    pub(super) fn count(&self) -> usize {
        // Ordering: Acquire [permits-published]: the former users of the permits that it sees are
        // done. No mutant: a count promises nothing about what comes next.
        PermitsWord(self.0.load(Ordering::Acquire)).count()
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        // Ordering: Acquire [closed-published]: who sees it closed sees what came before that.
        PermitsWord(self.0.load(Ordering::Acquire)).is_closed()
    }

    /// Takes `count` permits, or none.
    #[inline]
    pub(super) fn take(&self, count: usize) -> Taking {
        // Ordering: Acquire [closed-published]: as in `is_closed`.
        let mut word = PermitsWord(self.0.load(Ordering::Acquire));
        loop {
            if word.is_closed() {
                return Taking::Closed;
            }
            let Some(rest) = word.count().checked_sub(count) else { return Taking::TooFew(0) };
            match self.exchange_taking(word, word.with_count(rest)) {
                Ok(()) => return Taking::Taken,
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes `count` permits, or all that there are and marks that somebody waits. The caller holds
    /// the lock of the waiters and enters the list in the second case.
    pub(super) fn take_or_wait(&self, count: usize) -> Taking {
        // Ordering: Relaxed: a guess, which the exchange checks; it is closed under the lock.
        let mut word = PermitsWord(self.0.load(Ordering::Relaxed));
        loop {
            if word.is_closed() {
                return Taking::Closed;
            }
            let taking = match word.count().checked_sub(count) {
                Some(rest) => (word.with_count(rest), Taking::Taken),
                None => (PermitsWord(WAITED), Taking::TooFew(word.count())),
            };
            match self.exchange_taking(word, taking.0) {
                Ok(()) => return taking.1,
                Err(seen) => word = seen,
            }
        }
    }

    #[inline]
    fn exchange_taking(&self, from: PermitsWord, to: PermitsWord) -> Result<(), PermitsWord> {
        // Ordering: Acquire [permits-published]: what the former users of the permits did is seen;
        // and [closed-published] of a word that is closed.
        let outcome = self.0.compare_exchange_weak(from.0, to.0, Ordering::Acquire, Ordering::Acquire);
        outcome.map(drop).map_err(PermitsWord)
    }

    /// Gives `count` permits back, if nobody waits.
    #[inline]
    pub(super) fn give(&self, count: usize) -> Giving {
        // Ordering: Relaxed: a guess, which the exchange checks.
        let mut word = PermitsWord(self.0.load(Ordering::Relaxed));
        loop {
            if word.is_waited_for() {
                return Giving::HasWaiters;
            }
            let Some(sum) = word.plus(count) else { return Giving::TooMany };
            match self.exchange_giving(word, sum) {
                Ok(()) => return Giving::Given,
                Err(seen) => word = seen,
            }
        }
    }

    /// Gives back what is left for nobody. The caller holds the lock of the waiters, and the list
    /// is empty.
    pub(super) fn end_waiting(&self, count: usize) -> Giving {
        // Ordering: Relaxed: a guess, which the exchange checks.
        let mut word = PermitsWord(self.0.load(Ordering::Relaxed));
        loop {
            let sum = word.plus(count);
            match self.exchange_giving(word, sum.unwrap_or(word).without_waiters()) {
                Ok(()) if sum.is_none() => return Giving::TooMany,
                Ok(()) => return Giving::Given,
                Err(seen) => word = seen,
            }
        }
    }

    #[inline]
    fn exchange_giving(&self, from: PermitsWord, to: PermitsWord) -> Result<(), PermitsWord> {
        // Ordering: Release [permits-published]: the next users see what this one did.
        let outcome = self.0.compare_exchange_weak(from.0, to.0, Ordering::Release, Ordering::Relaxed);
        outcome.map(drop).map_err(PermitsWord)
    }

    /// Takes up to `count` permits for ever. Returns how many.
    pub(super) fn forget(&self, count: usize) -> usize {
        // Ordering: Relaxed: a guess, which the exchange checks.
        let mut word = PermitsWord(self.0.load(Ordering::Relaxed));
        loop {
            let rest = word.count().saturating_sub(count);
            match self.exchange_taking(word, word.with_count(rest)) {
                Ok(()) => return word.count() - rest,
                Err(seen) => word = seen,
            }
        }
    }

    /// The caller holds the lock of the waiters, so nobody begins to wait after this.
    pub(super) fn close(&self) {
        // Ordering: Release [closed-published]: who sees it closed sees what came before that.
        self.0.fetch_or(CLOSED, Ordering::Release);
    }
}
