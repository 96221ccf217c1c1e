//! One direction of a socket: its readiness word, its waiters, and its order with the back end.
//!
//! Under the side's lock, an event takes every waiter and raises the version. So if the version has
//! changed since a waiter was listed, the waiter is no longer listed, and it can find that out
//! without the lock [event-empties].
//!
//! A server with thousands of connections finds most of them outside of the cache, line by line.
//! Therefore the data that the usual wait touches lies in one piece: the only waiter is stored
//! inline, and a list on the heap exists only once a second waiter comes. `DESIGN.md` has the
//! measurement.

use std::mem;
use std::task::Waker;

use crate::primitive::sync::Mutex;

use super::readiness::{Arm, Claimed, Cleared, Readiness, Seen, Verdict};
use super::slots::{SlotId, Slots};
use super::ticket::Ticket;

#[derive(Debug)]
#[repr(C)]
pub(super) struct Side {
    readiness: Readiness,
    waiting: Mutex<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    /// The one waiter of the poll-style traits. The last waker wins, as `AsyncRead` demands.
    primary: Option<Waker>,
    /// The first of any number of futures, each of which has its own entry.
    first: Option<Waker>,
    /// The operation in flight, which is needed to cancel it.
    ticket: Option<Ticket>,
    /// Futures that came while `first` was taken.
    others: Option<Box<Slots<Waker>>>,
}

/// Where a waiter is stored.
pub(super) enum WaiterRef<'a> {
    Primary,
    Listed(&'a mut Listing),
}

/// Which of the listed waiters a future is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Listing {
    #[default]
    None,
    /// The first one, for as long as the side stays at this version [event-empties].
    First(Seen),
    Other(SlotId),
}

impl WaiterRef<'_> {
    /// The side was seen ready.
    #[inline]
    pub(super) fn pass(&mut self, seen: Seen) {
        if let WaiterRef::Listed(listing) = self {
            listing.pass(seen);
        }
    }
}

impl Listing {
    /// The side was seen ready. If its version differs from the one at which the waiter was listed,
    /// an event has taken the waiter, so there is nothing to remove [event-empties].
    #[inline]
    pub(super) fn pass(&mut self, seen: Seen) {
        if matches!(self, Listing::First(then) if *then != seen) {
            *self = Listing::None;
        }
    }
}

impl Waiting {
    /// Lists the waiter at version `now`, or keeps its entry if it is still listed. Returns the
    /// waker that it replaces.
    fn list(&mut self, listing: &mut Listing, fresh: Waker, now: Seen) -> Option<Waker> {
        match *listing {
            Listing::First(then) if then == now => return self.first.replace(fresh),
            Listing::Other(id) => {
                if let Some(waker) = self.others.as_mut().and_then(|others| others.get_mut(id)) {
                    return Some(mem::replace(waker, fresh));
                }
            }
            Listing::First(_) | Listing::None => {}
        }
        if self.first.is_none() {
            self.first = Some(fresh);
            *listing = Listing::First(now);
        } else {
            *listing = Listing::Other(self.others.get_or_insert_default().insert(fresh));
        }
        None
    }

    fn take_all(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.primary.take());
        wakers.extend(self.first.take());
        if let Some(others) = &mut self.others {
            wakers.extend(others.drain());
        }
    }
}

impl Side {
    pub(super) fn new() -> Side {
        let waiting = Waiting { primary: None, first: None, ticket: None, others: None };
        Side { readiness: Readiness::new(), waiting: Mutex::new(waiting) }
    }

    #[inline]
    pub(super) fn observe(&self) -> Option<Seen> {
        self.readiness.observe()
    }

    pub(super) fn clear(&self, seen: Seen, verdict: Verdict) -> Cleared {
        self.readiness.clear(seen, verdict)
    }

    pub(super) fn clear_short(&self, seen: Seen) {
        self.readiness.clear_short(seen);
    }

    pub(super) fn clear_level(&self, verdict: Verdict) {
        self.readiness.clear_level(verdict);
    }

    pub(super) fn is_armed(&self) -> bool {
        self.readiness.is_armed()
    }

    pub(super) fn trust(&self) {
        self.readiness.trust();
    }

    pub(super) fn distrust(&self) {
        self.readiness.distrust();
    }

    /// Stores the waiter, then checks whether it must wait [event-wakes].
    pub(super) fn wait(&self, waiter: &mut WaiterRef<'_>, fresh: Waker) -> Arm {
        let mut waiting = self.waiting.lock();
        let old = match waiter {
            WaiterRef::Primary => waiting.primary.replace(fresh),
            WaiterRef::Listed(listing) => waiting.list(listing, fresh, self.readiness.version()),
        };
        let arm = self.readiness.arm();
        drop(waiting);
        // Dropping a waker runs user code, so the lock is released first [wake-outside].
        drop(old);
        arm
    }

    /// Places an order without a waiter, unless the side is ready.
    pub(super) fn order(&self) -> Arm {
        let _waiting = self.waiting.lock();
        self.readiness.arm()
    }

    /// Claims the side for an operation on the ring; see [`Readiness::claim`].
    pub(super) fn claim(&self) -> Claimed {
        let _waiting = self.waiting.lock();
        self.readiness.claim()
    }

    /// Removes a listed waiter.
    #[inline]
    pub(super) fn forget(&self, listing: Listing) {
        if listing != Listing::None {
            self.unlist(listing);
        }
    }

    fn unlist(&self, listing: Listing) {
        let mut waiting = self.waiting.lock();
        let waker = match listing {
            Listing::First(then) if then == self.readiness.version() => waiting.first.take(),
            Listing::Other(id) => waiting.others.as_mut().and_then(|others| others.remove(id)),
            // The first waiter is another one by now, or there is none.
            Listing::First(_) | Listing::None => None,
        };
        drop(waiting);
        drop(waker);
    }

    /// The order that `wait` asked for could not be placed.
    pub(super) fn disarm(&self) {
        let waiting = self.waiting.lock();
        self.readiness.disarm();
        drop(waiting);
    }

    #[cfg(target_os = "linux")]
    #[must_use]
    pub(super) fn take_ticket(&self, ticket: Ticket) -> bool {
        let mut waiting = self.waiting.lock();
        if self.readiness.is_shut() {
            self.readiness.disarm();
            return false;
        }
        waiting.ticket = Some(ticket);
        true
    }

    /// The kernel reported an event: collects every waiter. `last`: the kernel reports no more
    /// events unless asked.
    pub(super) fn event(&self, last: bool, wakers: &mut Vec<Waker>) {
        let mut waiting = self.waiting.lock();
        self.readiness.event(last);
        if last {
            waiting.ticket = None;
        }
        waiting.take_all(wakers);
    }

    /// Refuses every later order [shut-or-ticket]. The caller must cancel the operation in flight
    /// and drop the wakers. Does not wait for the lock unless `is_ours`: in a forked child, the
    /// thread that had it at the fork is not there.
    pub(super) fn shut(&self, wakers: &mut Vec<Waker>, is_ours: impl FnOnce() -> bool) -> Option<Ticket> {
        let mut waiting = match self.waiting.try_lock() {
            Some(waiting) => waiting,
            None if is_ours() => self.waiting.lock(),
            None => return None,
        };
        self.readiness.shut();
        waiting.take_all(wakers);
        waiting.ticket.take()
    }
}
