//! What is counted of the future of a `block_on`.

use std::panic::Location;
use std::time::Duration;

use super::activity::TaskActivity;
use super::census::SeenTask;
use super::id::Id;
use super::stats::TaskStats;
use super::time_stamp::nanos_now;
use crate::primitive::atomic::{AtomicU64, Ordering};

/// What is counted of a future of `block_on`. Only the thread that polls it writes.
pub(super) struct RootRecord {
    id: Id,
    location: &'static Location<'static>,
    began: u64,
    /// When the poll that goes on has begun. Zero: none goes on.
    polled_since: AtomicU64,
    polls: AtomicU64,
    busy: AtomicU64,
}

/// A poll that goes on. It ends when this is dropped, also by a panic.
pub(super) struct RootPoll<'a> {
    record: &'a RootRecord,
    began: u64,
}

impl RootRecord {
    pub(super) fn new(location: &'static Location<'static>) -> RootRecord {
        RootRecord {
            id: Id::next(),
            location,
            began: nanos_now(),
            polled_since: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            busy: AtomicU64::new(0),
        }
    }

    pub(super) fn begin_poll(&self) -> RootPoll<'_> {
        // Zero would mean that no poll goes on.
        let began = nanos_now().max(1);
        // Ordering: Relaxed, all of this file: hints for dumps, which only this thread writes.
        self.polls.store(self.polls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.polled_since.store(began, Ordering::Relaxed);
        RootPoll { record: self, began }
    }

    pub(super) fn seen(&self) -> SeenTask {
        let now = nanos_now();
        // Ordering: Relaxed, as in `begin_poll`.
        let since = self.polled_since.load(Ordering::Relaxed);
        let is_running = since != 0;
        let ongoing = if is_running { now.saturating_sub(since) } else { 0 };
        // Ordering: Relaxed, as in `begin_poll`.
        let busy = self.busy.load(Ordering::Relaxed) + ongoing;
        let age = now.saturating_sub(self.began);
        let stats = TaskStats {
            parent: None,
            // Ordering: Relaxed, as in `begin_poll`.
            polls: self.polls.load(Ordering::Relaxed),
            busy: Duration::from_nanos(busy),
            scheduled: Duration::ZERO,
            idle: Duration::from_nanos(age.saturating_sub(busy)),
            age: Duration::from_nanos(age.max(busy)),
            worker: None,
            moves: 0,
        };
        let activity = if is_running { TaskActivity::Running } else { TaskActivity::Waiting };
        let (id, location) = (self.id, self.location);
        SeenTask { id, name: None, location, activity, stats: Some(stats), notes: Vec::new() }
    }
}

impl Drop for RootPoll<'_> {
    fn drop(&mut self) {
        let RootRecord { busy, polled_since, .. } = self.record;
        let length = nanos_now().saturating_sub(self.began);
        // Ordering: Relaxed, as in `begin_poll`. A dump that looks in between takes the poll for
        // shorter than it was, and never counts it twice.
        polled_since.store(0, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        busy.store(busy.load(Ordering::Relaxed) + length, Ordering::Relaxed);
    }
}
