//! What the handles of the channel share: the value, its version, and those who wait.

use super::value_lock::ValueLock;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::RwLockReadGuard as ReadGuard;
use crate::sync::wait_list::{Home, WaitList};
use crate::sync::wait_until::{wait_until, wake_all};

/// All senders are gone.
const CLOSED: usize = 1;
const VERSION: usize = 2;

/// Which value a receiver has seen. Versions wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(usize);

impl Version {
    pub(super) const FIRST: Version = Version(0);

    /// Another version than this one.
    pub(super) fn outdated(self) -> Version {
        Version(self.0.wrapping_sub(VERSION))
    }
}

/// The state at one point in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateSeen(usize);

impl StateSeen {
    pub(super) fn version(self) -> Version {
        Version(self.0 & !CLOSED)
    }

    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }
}

pub(super) struct WatchWaiters(WaitList<(), ()>);

impl Home for WatchWaiters {
    type State = ();
    type Wish = ();

    const NAME: &'static str = "watch";

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.0
    }
}

pub(super) struct WatchShared<T> {
    value: ValueLock<T>,
    /// Version and flag. The version changes under the lock of the value.
    state: AtomicUsize,
    receivers_count: AtomicUsize,
    senders_count: AtomicUsize,
    /// Receivers that wait for another version, or for the end of the senders.
    changed: WatchWaiters,
    /// Senders that wait for the end of the receivers.
    abandoned: WatchWaiters,
}

impl<T> WatchShared<T> {
    /// Counts one sender and no receiver.
    pub(super) fn new(value: T) -> WatchShared<T> {
        WatchShared {
            value: ValueLock::new(value),
            state: AtomicUsize::new(Version::FIRST.0),
            receivers_count: AtomicUsize::new(0),
            senders_count: AtomicUsize::new(1),
            changed: WatchWaiters(WaitList::new(())),
            abandoned: WatchWaiters(WaitList::new(())),
        }
    }

    pub(super) fn seen(&self) -> StateSeen {
        // Ordering: [watch-version] Acquire: a receiver that sees a version, or the end, reads
        // that value or a later one.
        // No mutant: the lock of the value orders what a version stands for.
        StateSeen(self.state.load(Ordering::Acquire))
    }

    /// The value, and its version.
    pub(super) fn read(&self) -> (ReadGuard<'_, T>, Version) {
        let value = self.value.read();
        (value, self.seen().version())
    }

    /// Changes the value. If `f` returns true, receivers are told.
    pub(super) fn change(&self, f: impl FnOnce(&mut T) -> bool) -> bool {
        let is_changed = self.value.change(|value| {
            let is_changed = f(value);
            if is_changed {
                // Ordering: [watch-version] Release: the version comes after its value.
                // No mutant: as in `seen`.
                self.state.fetch_add(VERSION, Ordering::Release);
            }
            is_changed
        });
        if is_changed {
            wake_all(&self.changed);
        }
        is_changed
    }

    /// Waits until `check` returns something for the state.
    pub(super) async fn wait_for_change<R>(&self, mut check: impl FnMut(StateSeen) -> Option<R>) -> R {
        wait_until(&self.changed, || check(self.seen())).await
    }

    pub(super) async fn wait_until_abandoned(&self) {
        wait_until(&self.abandoned, || (self.receivers_count() == 0).then_some(())).await;
    }

    pub(super) fn receivers_count(&self) -> usize {
        // Ordering: Relaxed: a figure for users. Those who wait for zero look under the lock that
        // the last receiver takes afterwards.
        self.receivers_count.load(Ordering::Relaxed)
    }

    pub(super) fn senders_count(&self) -> usize {
        // Ordering: Relaxed: a figure for users.
        self.senders_count.load(Ordering::Relaxed)
    }

    pub(super) fn add_receiver(&self) {
        // Ordering: Relaxed, as in `receivers_count`.
        self.receivers_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_receiver(&self) {
        // Ordering: Relaxed, as in `receivers_count`.
        if self.receivers_count.fetch_sub(1, Ordering::Relaxed) == 1 {
            wake_all(&self.abandoned);
        }
    }

    pub(super) fn add_sender(&self) {
        // Ordering: Relaxed: the caller has a sender, so the count does not reach zero.
        self.senders_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_sender(&self) {
        // Ordering: [watch-version] AcqRel: the end comes after the last values of all senders.
        // No mutant: as in `seen`.
        if self.senders_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Ordering: [watch-version] Release, as above.
            // No mutant: as in `seen`.
            self.state.fetch_or(CLOSED, Ordering::Release);
            wake_all(&self.changed);
        }
    }
}
