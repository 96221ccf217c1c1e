//! The bounded ring, which has one owner and any number of thieves.
#![expect(unsafe_code, reason = "slots are read and written by index under the ring's claims")]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::primitive::cell::UnsafeCell;

/// Slots in a ring: a power of two. Models use four, so that they wrap and overflow soon.
pub(crate) const CAPACITY: usize = if cfg!(any(rt_loom, rt_shuttle)) { 4 } else { 256 };
const MASK: u32 = CAPACITY as u32 - 1;
const _: () = assert!(CAPACITY.is_power_of_two());

/// The two indices in the head word. They grow without bound and wrap as `u32`; the slot of an
/// index is `index & MASK`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    /// The first slot that a thief may still be reading.
    claimed: u32,
    /// The next slot to be popped or claimed.
    front: u32,
}

impl Head {
    fn unpack(word: u64) -> Head {
        Head { claimed: (word >> 32) as u32, front: word as u32 }
    }

    fn pack(self) -> u64 {
        u64::from(self.claimed) << 32 | u64::from(self.front)
    }

    fn is_being_stolen_from(self) -> bool {
        self.claimed != self.front
    }

    /// Returns the head after `front` moved by `count`, without disturbing a theft.
    fn advanced(self, count: u32) -> Head {
        let front = self.front.wrapping_add(count);
        Head { claimed: if self.is_being_stolen_from() { self.claimed } else { front }, front }
    }
}

struct RingBuffer<T> {
    head: CachePadded<AtomicU64>,
    tail: CachePadded<AtomicU32>,
    slots: Box<[UnsafeCell<MaybeUninit<T>>; CAPACITY]>,
}

// SAFETY: [ring-owner] and [ring-claim] give every slot one reader or one writer at a time, so a
// value crosses threads only by being moved, which `T: Send` allows.
unsafe impl<T: Send> Send for RingBuffer<T> {}
// SAFETY: as above; `&RingBuffer` gives access to no `&T`.
unsafe impl<T: Send> Sync for RingBuffer<T> {}

/// The owner's end. Not `Sync` and not `Clone`, because there is one owner.
pub(crate) struct Owner<T> {
    ring: Arc<RingBuffer<T>>,
    /// True after another end took its place.
    is_handed_on: Cell<bool>,
}

/// A thief's end.
pub(crate) struct Stealer<T> {
    ring: Arc<RingBuffer<T>>,
}

/// Makes a ring and returns its two ends.
pub(crate) fn new<T: Send>() -> (Owner<T>, Stealer<T>) {
    let slots: Box<[_]> = (0..CAPACITY).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect();
    let ring = Arc::new(RingBuffer {
        head: CachePadded::new(AtomicU64::new(0)),
        tail: CachePadded::new(AtomicU32::new(0)),
        slots: slots.try_into().unwrap_or_else(|_| unreachable!("it has as many slots")),
    });
    (Owner { ring: ring.clone(), is_handed_on: Cell::new(false) }, Stealer { ring })
}

impl<T> RingBuffer<T> {
    /// # Safety
    /// The caller owns slot `index` for writing: `[ring-owner]`.
    unsafe fn write(&self, index: u32, value: T) {
        self.slots[(index & MASK) as usize].with_mut(|slot| {
            // SAFETY: as the caller promises; the slot holds no live value, so none is lost.
            unsafe { slot.write(MaybeUninit::new(value)) }
        });
    }

    /// # Safety
    /// The caller claimed slot `index` for reading: `[ring-claim]`. The slot counts as empty
    /// afterwards.
    unsafe fn read(&self, index: u32) -> T {
        self.slots[(index & MASK) as usize].with(|slot| {
            // SAFETY: as the caller promises; slots between `claimed` and `tail` are initialised.
            unsafe { slot.read().assume_init() }
        })
    }

    /// Returns how many values wait. Exact for the owner, a hint for others.
    fn len(&self) -> usize {
        // Ordering: Relaxed is enough for a hint, [len-hint]. A caller that must not miss an item
        // fences before this call.
        let head = Head::unpack(self.head.load(Ordering::Relaxed));
        let tail = self.tail.load(Ordering::Relaxed);
        // The two loads are not atomic together: a front that overtook the tail we saw means that
        // the ring was empty.
        let len = tail.wrapping_sub(head.front);
        if len > CAPACITY as u32 { 0 } else { len as usize }
    }
}

impl<T: Send> Owner<T> {
    /// Returns an end that takes the place of this one, for another thread.
    ///
    /// # Safety
    /// `[ring-owner]`: this end is not used any more, only dropped; or the other end is passed to
    /// [`take_back`](Self::take_back), and this one is used only after that.
    pub(crate) unsafe fn hand_on(&self) -> Owner<T> {
        self.is_handed_on.set(true);
        Owner { ring: self.ring.clone(), is_handed_on: Cell::new(false) }
    }

    /// Makes this end the owner's again: `other` took its place, and is not used any more.
    pub(crate) fn take_back(&self, other: Owner<T>) {
        assert!(Arc::ptr_eq(&self.ring, &other.ring), "an end comes back to its own ring");
        other.is_handed_on.set(true);
        self.is_handed_on.set(false);
    }

    /// Returns how many values wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Returns how many values were added so far, modulo 2^32.
    pub(crate) fn added_count(&self) -> u32 {
        // Ordering: Relaxed, because only we write the tail, [ring-owner].
        self.ring.tail.load(Ordering::Relaxed)
    }

    /// Returns how many more values fit. Slots that a thief is reading count as full.
    pub(crate) fn room(&self) -> usize {
        // Ordering: Relaxed for the tail, which only we write, [ring-owner]. Acquire for the head
        // pairs with the thief's final CAS, [ring-claim]: slots below `claimed` have been read.
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let head = Head::unpack(self.ring.head.load(Ordering::Acquire));
        CAPACITY - tail.wrapping_sub(head.claimed) as usize
    }

    /// Adds a value at the back. If the ring is full, it returns the value, and before it half of
    /// the waiting values if those could be claimed. The caller moves all of them to the overflow,
    /// in this order, so that the ring has room again.
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<(), Vec<T>> {
        // Ordering: as in `room`, [ring-owner], [ring-claim].
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let head = Head::unpack(self.ring.head.load(Ordering::Acquire));
        if tail.wrapping_sub(head.claimed) as usize == CAPACITY {
            return Err(self.overflow(head, value));
        }
        // SAFETY: [ring-owner]: `tail` is less than `claimed + CAPACITY`, so the slot is ours to
        // write.
        unsafe { self.ring.write(tail, value) };
        // Ordering: Release publishes the slot to the thief that acquires this tail, [ring-claim].
        self.ring.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Adds as many values of `values` as there is room for, with one store of the tail, and
    /// returns how many. The rest stay in `values`.
    pub(crate) fn push_batch(&self, values: &mut impl Iterator<Item = T>) -> usize {
        let room = self.room();
        // Ordering: Relaxed, because only we write the tail, [ring-owner].
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let mut count = 0;
        for value in values.by_ref().take(room) {
            // SAFETY: [ring-owner]: at most `room` slots from `tail` on.
            unsafe { self.ring.write(tail.wrapping_add(count), value) };
            count += 1;
        }
        if count > 0 {
            // Ordering: Release publishes all the slots at once, [ring-claim].
            self.ring.tail.store(tail.wrapping_add(count), Ordering::Release);
        }
        count as usize
    }

    /// Claims the front half of a full ring and appends `value`. During a theft it returns only
    /// `value`, because the thief is about to make room.
    #[cold]
    fn overflow(&self, head: Head, value: T) -> Vec<T> {
        const HALF: u32 = CAPACITY as u32 / 2;
        let mut out = Vec::with_capacity(HALF as usize + 1);
        let taken = head.advanced(HALF);
        // Ordering: Relaxed, as for every claim, [ring-claim]. A failure means that a thief was
        // here, which makes room.
        if !head.is_being_stolen_from()
            && self
                .ring
                .head
                .compare_exchange(head.pack(), taken.pack(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            for offset in 0..HALF {
                // SAFETY: [ring-claim]: the CAS claimed these slots, and only we may overwrite them
                // later.
                out.push(unsafe { self.ring.read(head.front.wrapping_add(offset)) });
            }
        }
        out.push(value);
        out
    }

    /// Takes the value that has waited longest.
    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        // Ordering: Relaxed for the tail, because only we write it, [ring-owner]. Relaxed for the
        // first read of the head, because the CAS decides.
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let mut word = self.ring.head.load(Ordering::Relaxed);
        loop {
            let head = Head::unpack(word);
            if head.front == tail {
                return None;
            }
            let next = head.advanced(1).pack();
            // Ordering: Relaxed, [ring-claim]: claims form one order by themselves, and carry on
            // what the end of a theft published. This thread wrote the slot itself.
            match self.ring.head.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                // SAFETY: [ring-claim]: the CAS moved `front` past the slot, so only we may read
                // it.
                Ok(_) => return Some(unsafe { self.ring.read(head.front) }),
                Err(seen) => word = seen,
            }
        }
    }
}

impl<T> Drop for Owner<T> {
    /// Drops the values that still wait, unless another end has them. Thieves may be active, so
    /// values are claimed as in `pop`.
    fn drop(&mut self) {
        if self.is_handed_on.get() {
            return;
        }
        // Ordering: as in `pop`, [ring-owner], [ring-claim].
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let mut word = self.ring.head.load(Ordering::Relaxed);
        loop {
            let head = Head::unpack(word);
            if head.front == tail {
                return;
            }
            let next = head.advanced(1).pack();
            match self.ring.head.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    // SAFETY: [ring-claim], as in `pop`.
                    drop(unsafe { self.ring.read(head.front) });
                    word = next;
                }
                Err(seen) => word = seen,
            }
        }
    }
}

impl<T> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Stealer { ring: self.ring.clone() }
    }
}

impl<T: Send> Stealer<T> {
    /// Returns how many values seem to wait: [len-hint].
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Moves half of the waiting values, rounded up, into `into`, and returns one of them, to be
    /// run at once. Returns `None` if nothing waits, or if another thief is active here.
    pub(crate) fn steal_half(&self, into: &Owner<T>) -> Option<T> {
        let room = into.room();
        let (first, count) = self.claim(room)?;
        // Ordering: Relaxed, because the thief owns the tail of `into`, [ring-owner].
        let tail = into.ring.tail.load(Ordering::Relaxed);
        for offset in 0..count - 1 {
            // SAFETY: [ring-claim] for the read: `claim` gave us these slots. [ring-owner] for the
            // write: `claim` took at most `room + 1` values, and the last one is not written.
            unsafe { into.ring.write(tail.wrapping_add(offset), self.ring.read(first.wrapping_add(offset))) };
        }
        // SAFETY: [ring-claim], the last slot of the claim.
        let last = unsafe { self.ring.read(first.wrapping_add(count - 1)) };
        self.finish();
        if count > 1 {
            // Ordering: Release publishes the copied slots to thieves of `into`, [ring-claim].
            into.ring.tail.store(tail.wrapping_add(count - 1), Ordering::Release);
        }
        Some(last)
    }

    /// Claims up to half of the waiting values. Returns the first index and a count of at least
    /// one.
    fn claim(&self, room: usize) -> Option<(u32, u32)> {
        // Ordering: Relaxed, [ring-claim]: a guess that the exchange below checks. With a tail that
        // is older than the head it finds that nothing waits.
        let mut word = self.ring.head.load(Ordering::Relaxed);
        loop {
            let head = Head::unpack(word);
            // Ordering: Acquire pairs with `push`, [ring-claim]: the slots below this tail are
            // written.
            let tail = self.ring.tail.load(Ordering::Acquire);
            let waiting = tail.wrapping_sub(head.front);
            if head.is_being_stolen_from() || waiting == 0 || waiting > CAPACITY as u32 {
                return None;
            }
            let count = (waiting - waiting / 2).min(room as u32 + 1);
            let claimed = Head { claimed: head.front, front: head.front.wrapping_add(count) };
            // Ordering: Relaxed, [ring-claim]: from here on the owner cannot reuse the slots, and
            // no other thief can begin. The tail published the contents of the slots.
            match self.ring.head.compare_exchange_weak(
                word,
                claimed.pack(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some((head.front, count)),
                Err(seen) => word = seen,
            }
        }
    }

    /// Ends the theft, after the slots have been read.
    fn finish(&self) {
        // Ordering: Relaxed for the first read, because the CAS decides. Release, [ring-claim],
        // publishes to the owner's next push that the slots were read.
        let mut word = self.ring.head.load(Ordering::Relaxed);
        loop {
            let front = Head::unpack(word).front;
            let next = Head { claimed: front, front }.pack();
            match self.ring.head.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
    }
}
