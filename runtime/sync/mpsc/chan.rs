//! What the handles of a channel share.

use super::queue::Queue;
use super::word::{Bounded, Kind, Unbounded, WordClaim, WordSeen};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::sync::wait_list::{Home, WaitList};
use crate::sync::wait_until::wait_until;
use std::convert::Infallible;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

pub(super) struct Chan<T, K: Capacity> {
    pub(super) queue: Queue<T, K>,
    pub(super) room: K::Room,
    senders_count: AtomicUsize,
    weak_count: AtomicUsize,
    /// Those who wait for the end of the receiver.
    pub(super) closing: EndWaiters,
}

/// What a kind does about room.
pub(super) trait Capacity: Kind {
    type Room: Send + Sync;

    /// The receiver has taken so many messages.
    fn passed<T>(chan: &Chan<T, Self>, count: u64)
    where
        Self: Sized;
    /// The channel is closed: those who wait for room wait in vain.
    fn refuse_all<T>(chan: &Chan<T, Self>)
    where
        Self: Sized;
}

impl Capacity for Unbounded {
    type Room = ();

    #[inline]
    fn passed<T>(_chan: &Chan<T, Self>, _count: u64) {}

    fn refuse_all<T>(_chan: &Chan<T, Self>) {}
}

impl Capacity for Bounded {
    type Room = super::room::Room;

    #[inline]
    fn passed<T>(chan: &Chan<T, Self>, count: u64) {
        if chan.room.pass(count) {
            chan.give_room();
        }
    }

    fn refuse_all<T>(chan: &Chan<T, Self>) {
        chan.refuse_waiters();
    }
}

pub(super) struct EndWaiters(WaitList<(), ()>);

impl Home for EndWaiters {
    type State = ();
    type Wish = ();

    const NAME: &'static str = "mpsc channel, to close";

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.0
    }
}

// A panic in a destructor of a message leaves the channel as it was.
impl<T, K: Capacity> UnwindSafe for Chan<T, K> {}
impl<T, K: Capacity> RefUnwindSafe for Chan<T, K> {}

/// The senders' side: counts itself.
pub(super) struct Tx<T, K: Capacity>(Arc<Chan<T, K>>);

/// A sender that does not keep the channel open.
pub(super) struct WeakTx<T, K: Capacity>(Arc<Chan<T, K>>);

/// The receiver's side. There is one per channel.
pub(super) struct Rx<T, K: Capacity>(pub(super) Arc<Chan<T, K>>);

pub(super) fn new<T, K: Capacity>(room: K::Room) -> (Tx<T, K>, Rx<T, K>) {
    let chan = Arc::new(Chan {
        queue: Queue::new(),
        room,
        senders_count: AtomicUsize::new(1),
        weak_count: AtomicUsize::new(0),
        closing: EndWaiters(WaitList::new(())),
    });
    (Tx(chan.clone()), Rx(chan))
}

impl<T, K: Capacity> Chan<T, K> {
    pub(super) fn seen(&self) -> WordSeen<K> {
        self.queue.word().load()
    }

    /// Closes the channel, unless it is. No message follows those that were sent and those for
    /// which a permit is out.
    pub(super) fn close(&self) {
        let before = self.queue.word().close();
        if !before.is_closed() && before.permits_count() == 0 {
            self.queue.publish_end();
        }
    }

    /// The last sender is gone. So is whoever could give a permit back: one that is still out was
    /// forgotten.
    fn end(&self) {
        let before = self.queue.word().close();
        if !before.is_closed() || before.permits_count() > 0 {
            self.queue.publish_end();
        }
    }

    /// Sends a message for which a permit is out.
    pub(super) fn send_for_permit(&self, value: T) {
        let claim = self.queue.claim(WordClaim::MessageForPermit, |_| Ok::<(), Infallible>(()));
        let Ok((slot, after)) = claim;
        self.queue.publish(slot, value);
        if after.is_at_end() {
            self.queue.publish_end();
        }
    }

    pub(super) fn strong_count(&self) -> usize {
        // Ordering: [mpsc-end] Acquire: a receiver that sees no sender sees all messages.
        // No mutant: for users that look at the messages after the count; the channel itself does
        // not.
        self.senders_count.load(Ordering::Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        // Ordering: Relaxed: a figure for users.
        self.weak_count.load(Ordering::Relaxed)
    }

    /// Waits until the receiver closes the channel.
    pub(super) async fn closed(&self) {
        wait_until(&self.closing, || self.seen().is_closed().then_some(())).await;
    }
}

impl<T, K: Capacity> Tx<T, K> {
    #[inline]
    pub(super) fn chan(&self) -> &Chan<T, K> {
        &self.0
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn downgrade(&self) -> WeakTx<T, K> {
        WeakTx::new(self.0.clone())
    }
}

impl<T, K: Capacity> Clone for Tx<T, K> {
    fn clone(&self) -> Self {
        // Ordering: Relaxed: the caller has a sender, so the count does not reach zero.
        self.0.senders_count.fetch_add(1, Ordering::Relaxed);
        Tx(self.0.clone())
    }
}

impl<T, K: Capacity> Drop for Tx<T, K> {
    fn drop(&mut self) {
        // Ordering: [mpsc-end] AcqRel: the end comes after the messages of all senders.
        // No mutant: closing changes the word, and that change sees all claims that come before it.
        if self.0.senders_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.end();
        }
    }
}

impl<T, K: Capacity> WeakTx<T, K> {
    fn new(chan: Arc<Chan<T, K>>) -> Self {
        // Ordering: Relaxed: a figure for users.
        chan.weak_count.fetch_add(1, Ordering::Relaxed);
        WeakTx(chan)
    }

    pub(super) fn chan(&self) -> &Chan<T, K> {
        &self.0
    }

    /// Fails if no sender is left.
    pub(super) fn upgrade(&self) -> Option<Tx<T, K>> {
        let count = &self.0.senders_count;
        // Ordering: Relaxed: the count alone decides, and the Arc keeps the channel. [mpsc-end]
        // rests on the decrement.
        let next = |count: usize| (count > 0).then(|| count + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Tx(self.0.clone()))
    }
}

impl<T, K: Capacity> Clone for WeakTx<T, K> {
    fn clone(&self) -> Self {
        WeakTx::new(self.0.clone())
    }
}

impl<T, K: Capacity> Drop for WeakTx<T, K> {
    fn drop(&mut self) {
        // Ordering: Relaxed: a figure for users.
        self.0.weak_count.fetch_sub(1, Ordering::Relaxed);
    }
}
