//! The messages of a channel: linked blocks of slots, many senders, one receiver.
//!
//! A sender claims a position by a change of the word, writes its message into the slot of that
//! position and publishes it. The sender that claims the last slot of a block links the next block.
//! The receiver takes the slots in order. If the next slot is empty, it leaves its mark there; the
//! sender that finds the mark wakes it.
#![expect(unsafe_code, reason = "blocks that several threads reach by pointers")]

use super::block::{InSlot, SLOTS_COUNT, SlotBlock};
use super::receiver_waker::ReceiverWaker;
use super::word::{Kind, Word, WordClaim, WordSeen, following};
use crate::primitive::atomic::{AtomicPtr, Ordering};
use crate::primitive::cell::UnsafeCell;
use crate::sync::spin::Spin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

/// Bits of a pointer to a block that hold the low bits of the block's number.
const TAG_BITS: usize = 63;

/// What the senders change.
#[repr(align(64))]
struct SendersSide<T, K> {
    word: Word<K>,
    /// The block of the next position, tagged with the low bits of its number. Null before the
    /// first one; behind while the claimer of a last slot links the next block.
    block: AtomicPtr<SlotBlock<T>>,
}

/// What the receiver changes.
#[repr(align(64))]
struct ReceiverSide<T> {
    cursor: UnsafeCell<Cursor<T>>,
    waker: ReceiverWaker,
}

struct Cursor<T> {
    /// The position of the next message.
    position: u64,
    /// Its block. Null before the receiver has looked at the first one.
    block: *mut SlotBlock<T>,
}

pub(super) struct Queue<T, K> {
    senders: SendersSide<T, K>,
    receiver: ReceiverSide<T>,
    first: AtomicPtr<SlotBlock<T>>,
    /// A block that the receiver has done with, or null.
    spare: AtomicPtr<SlotBlock<T>>,
}

/// A slot that a sender has claimed.
#[must_use]
pub(super) struct ClaimedSlot<T> {
    block: NonNull<SlotBlock<T>>,
    place: usize,
}

/// What the receiver has taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<T> {
    Message(T),
    /// No message will come.
    End,
    Nothing,
}

// SAFETY: slots hand messages from one thread to another, and each message is taken once.
unsafe impl<T: Send, K> Send for Queue<T, K> {}
// SAFETY: as above. No reference to a message is shared. The cursor is the receiver's.
unsafe impl<T: Send, K> Sync for Queue<T, K> {}

fn place_of(position: u64) -> usize {
    (position % SLOTS_COUNT) as usize
}

/// The low bits of the number of the block that holds a position.
fn tag_of(position: u64) -> usize {
    (position / SLOTS_COUNT) as usize & TAG_BITS
}

fn tagged<T>(block: *mut SlotBlock<T>, position: u64) -> *mut SlotBlock<T> {
    block.map_addr(|address| address | tag_of(position))
}

impl<T, K: Kind> Queue<T, K> {
    pub(super) fn new() -> Queue<T, K> {
        Queue {
            senders: SendersSide { word: Word::new(), block: AtomicPtr::new(ptr::null_mut()) },
            receiver: ReceiverSide {
                cursor: UnsafeCell::new(Cursor { position: 0, block: ptr::null_mut() }),
                waker: ReceiverWaker::new(),
            },
            first: AtomicPtr::new(ptr::null_mut()),
            spare: AtomicPtr::new(ptr::null_mut()),
        }
    }

    #[inline]
    pub(super) fn word(&self) -> &Word<K> {
        &self.senders.word
    }

    /// The block of a position that is claimed next, or whose claim the word allows now. None if
    /// another sender has still to link it.
    fn block_of(&self, position: u64) -> Option<NonNull<SlotBlock<T>>> {
        // Ordering: [mpsc-block] Acquire: what the pointer leads to is initialized.
        let block = self.senders.block.load(Ordering::Acquire);
        let block = if block.is_null() { self.start() } else { block };
        let is_right = block.addr() & TAG_BITS == tag_of(position);
        is_right.then(|| NonNull::new(block.map_addr(|address| address & !TAG_BITS))).flatten()
    }

    /// Makes the first block, unless another thread has. Returns the senders' block with its tag.
    #[cold]
    fn start(&self) -> *mut SlotBlock<T> {
        let first = self.first_block();
        // Ordering: [mpsc-block] AcqRel: the pointer publishes the block. Acquire if there is one.
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        match self.senders.block.compare_exchange(ptr::null_mut(), first, success, failure) {
            Ok(_) => first,
            Err(block) => block,
        }
    }

    #[cold]
    fn first_block(&self) -> *mut SlotBlock<T> {
        // Ordering: [mpsc-block] Acquire: what the pointer leads to is initialized.
        // No mutant: the sides that use it have it from `senders.block` as well, or made it.
        let first = self.first.load(Ordering::Acquire);
        if !first.is_null() {
            return first;
        }
        let block = Box::into_raw(SlotBlock::new());
        // Ordering: [mpsc-block] AcqRel: the pointer publishes the block. Acquire if there is one.
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        match self.first.compare_exchange(ptr::null_mut(), block, success, failure) {
            Ok(_) => block,
            Err(first) => {
                // SAFETY: it was made above, and nobody has seen it.
                drop(unsafe { Box::from_raw(block) });
                first
            }
        }
    }

    /// Makes the claim of a position if `may` allows it, which sees the word that the claim is made
    /// on. Returns the slot and the word after the claim.
    #[inline]
    pub(super) fn claim<E>(
        &self,
        claim: WordClaim,
        mut may: impl FnMut(WordSeen<K>) -> Result<(), E>,
    ) -> Result<(ClaimedSlot<T>, WordSeen<K>), E> {
        let mut pause = Spin::new();
        let mut next: Option<Box<SlotBlock<T>>> = None;
        loop {
            let seen = self.word().load();
            may(seen)?;
            let position = seen.position();
            let Some(block) = self.block_of(position) else {
                pause.wait();
                continue;
            };
            let place = place_of(position);
            let is_last = place + 1 == SLOTS_COUNT as usize;
            if is_last && next.is_none() {
                next = Some(self.spare_block());
            }
            if !self.word().claim(seen, claim) {
                continue;
            }
            if let Some(next) = next.filter(|_| is_last) {
                // SAFETY: the slot is ours and not published, so the receiver has not done with
                // the block.
                unsafe { self.link(block.as_ref(), next, following::<K>(position)) };
            }
            return Ok((ClaimedSlot { block, place }, seen.claimed(claim)));
        }
    }

    fn link(&self, block: &SlotBlock<T>, next: Box<SlotBlock<T>>, position: u64) {
        let next = Box::into_raw(next);
        block.set_next(next);
        // Ordering: [mpsc-block] Release: the pointer publishes the block.
        // No mutant: the block was made before the claim, which publishes it as well.
        self.senders.block.store(tagged(next, position), Ordering::Release);
    }

    #[cold]
    fn spare_block(&self) -> Box<SlotBlock<T>> {
        // Ordering: [mpsc-block] Acquire: the receiver has done with the block and reset it.
        let spare = self.spare.swap(ptr::null_mut(), Ordering::Acquire);
        if spare.is_null() {
            return SlotBlock::new();
        }
        // SAFETY: the swap took the only pointer to a block that nobody uses.
        unsafe { Box::from_raw(spare) }
    }

    /// Publishes the message of a claimed slot, and wakes the receiver if it waits for it.
    #[inline]
    pub(super) fn publish(&self, slot: ClaimedSlot<T>, value: T) {
        // SAFETY: the slot was claimed, and is published here only. Until then the block lives.
        if unsafe { slot.block.as_ref().publish(slot.place, value) } {
            self.receiver.waker.wake();
        }
    }

    /// Publishes the end behind the last message. The word is at its end, and the caller is the one
    /// that has brought it there.
    pub(super) fn publish_end(&self) {
        let position = self.word().load().position();
        let mut pause = Spin::new();
        let block = loop {
            match self.block_of(position) {
                Some(block) => break block,
                None => pause.wait(),
            }
        };
        // SAFETY: the slot of the position is not published, so the receiver has not done with the
        // block.
        if unsafe { block.as_ref() }.publish_end(place_of(position)) {
            self.receiver.waker.wake();
        }
    }
}

/// What only the receiver calls, in one thread at a time: each call needs that promise.
impl<T, K: Kind> Queue<T, K> {
    /// # Safety
    /// The caller is the receiver.
    unsafe fn cursor(&self) -> (u64, &SlotBlock<T>) {
        self.receiver.cursor.with_mut(|cursor| {
            // SAFETY: the cursor is the receiver's.
            let cursor = unsafe { &mut *cursor };
            if cursor.block.is_null() {
                cursor.block = self.first_block();
            }
            // SAFETY: the receiver frees blocks, and this one only when it goes to the next.
            (cursor.position, unsafe { &*cursor.block })
        })
    }

    /// The position of the next message to be received.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn head(&self) -> u64 {
        // SAFETY: the cursor is the receiver's.
        self.receiver.cursor.with(|cursor| unsafe { (*cursor).position })
    }

    /// # Safety
    /// The caller is the receiver.
    #[inline]
    pub(super) unsafe fn take(&self) -> Taken<T> {
        // SAFETY: the caller is the receiver.
        let (position, block) = unsafe { self.cursor() };
        let place = place_of(position);
        match block.look(place) {
            InSlot::Nothing | InSlot::OwnMark => return Taken::Nothing,
            InSlot::End => return Taken::End,
            InSlot::Message => {}
        }
        // SAFETY: the message is there, and the cursor moves past it.
        let value = unsafe { block.take(place) };
        let next = if place + 1 == SLOTS_COUNT as usize { block.next() } else { ptr::null_mut() };
        self.receiver.cursor.with_mut(|cursor| {
            // SAFETY: the cursor is the receiver's.
            let cursor = unsafe { &mut *cursor };
            cursor.position = following::<K>(position);
            if !next.is_null() {
                self.retire(std::mem::replace(&mut cursor.block, next));
            }
        });
        Taken::Message(value)
    }

    /// The receiver has done with a block: all of its slots were published and taken.
    #[cold]
    fn retire(&self, block: *mut SlotBlock<T>) {
        // SAFETY: publishing a slot is a sender's last access to its block, and all are published.
        unsafe { (*block).reset() };
        // Ordering: [mpsc-block] Release: whoever takes the block finds it reset.
        let (success, failure) = (Ordering::Release, Ordering::Relaxed);
        if self.spare.compare_exchange(ptr::null_mut(), block, success, failure).is_err() {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(block) });
        }
    }

    /// Leaves a mark in the next slot, by which a sender finds that the receiver waits. Ready if a
    /// message or the end has come meanwhile.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn poll_mark(&self, cx: &Context<'_>) -> Poll<()> {
        // SAFETY: the caller is the receiver.
        let (position, block) = unsafe { self.cursor() };
        let place = place_of(position);
        let waker = &self.receiver.waker;
        match block.look(place) {
            InSlot::Message | InSlot::End => return Poll::Ready(()),
            // SAFETY: the caller is the receiver.
            InSlot::OwnMark if unsafe { waker.is_of(cx.waker()) } => return Poll::Pending,
            InSlot::OwnMark => {
                if !block.unmark(place) {
                    return Poll::Ready(());
                }
                // SAFETY: the caller is the receiver.
                unsafe { waker.mark_taken_back() };
            }
            InSlot::Nothing => {}
        }
        // SAFETY: the caller is the receiver, and its mark is in no slot.
        if !unsafe { waker.prepare(cx.waker()) } {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if block.mark(place) {
            return Poll::Pending;
        }
        // SAFETY: as above.
        unsafe { waker.mark_taken_back() };
        Poll::Ready(())
    }

    /// Takes the mark back, and drops the waker if no sender uses it. The receiver will not wait
    /// any more.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn forget_waker(&self) {
        // SAFETY: the caller is the receiver.
        let (position, block) = unsafe { self.cursor() };
        let place = place_of(position);
        if block.look(place) == InSlot::OwnMark && block.unmark(place) {
            // SAFETY: as above.
            unsafe { self.receiver.waker.mark_taken_back() };
        }
        // SAFETY: as above.
        unsafe { self.receiver.waker.forget() };
    }
}

impl<T, K> Drop for Queue<T, K> {
    fn drop(&mut self) {
        let (mut place, mut block) = self.receiver.cursor.with_mut(|cursor| {
            // SAFETY: nobody else has the queue.
            let cursor = unsafe { &mut *cursor };
            (place_of(cursor.position), cursor.block)
        });
        if block.is_null() {
            // Ordering: Relaxed: nobody else has the queue.
            block = self.first.load(Ordering::Relaxed);
        }
        // Ordering: Relaxed, as above.
        let spare = self.spare.load(Ordering::Relaxed);
        let mut chain = BlockChain { block, spare };
        // SAFETY: the blocks of the chain are the queue's.
        while let Some(block) = unsafe { chain.block.as_ref() } {
            while place < SLOTS_COUNT as usize && block.look(place) == InSlot::Message {
                place += 1;
                // SAFETY: the message is there, and `place` has moved past it.
                drop(unsafe { block.take(place - 1) });
            }
            place = if place == SLOTS_COUNT as usize { 0 } else { place };
            chain.free_one();
        }
    }
}

/// The blocks of a queue that ends. A message whose destructor panics leaves them to this.
struct BlockChain<T> {
    block: *mut SlotBlock<T>,
    spare: *mut SlotBlock<T>,
}

impl<T> BlockChain<T> {
    fn free_one(&mut self) {
        // SAFETY: the caller has looked: the block is there, and the chain owns it.
        let block = unsafe { Box::from_raw(self.block) };
        self.block = block.next();
    }
}

impl<T> Drop for BlockChain<T> {
    fn drop(&mut self) {
        while !self.block.is_null() {
            self.free_one();
        }
        if !self.spare.is_null() {
            // SAFETY: the chain owns it.
            drop(unsafe { Box::from_raw(self.spare) });
        }
    }
}
