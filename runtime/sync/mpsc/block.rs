//! A block of slots, the unit in which a queue grows.
#![expect(unsafe_code, reason = "slots whose state says who may touch the value")]

use crate::primitive::atomic::{AtomicPtr, AtomicU8, Ordering};
use crate::primitive::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;

/// Slots per block. Models have few steps, and are to see more than one block.
pub(super) const SLOTS_COUNT: u64 = if cfg!(rt_loom) { 2 } else { 16 };

const EMPTY: u8 = 0;
/// The receiver waits for this slot.
const WAITING: u8 = 1;
/// A message is there.
const FULL: u8 = 2;
/// No message will be there, nor behind it.
const END: u8 = 3;

/// What the receiver finds in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InSlot {
    Nothing,
    /// Nothing, and the receiver has left its mark.
    OwnMark,
    Message,
    End,
}

struct MessageSlot<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// Aligned so that a pointer to it has six bits to spare.
#[repr(align(64))]
pub(super) struct SlotBlock<T> {
    slots: [MessageSlot<T>; SLOTS_COUNT as usize],
    next: AtomicPtr<SlotBlock<T>>,
}

impl<T> SlotBlock<T> {
    pub(super) fn new() -> Box<SlotBlock<T>> {
        Box::new(SlotBlock {
            slots: std::array::from_fn(|_| MessageSlot {
                state: AtomicU8::new(EMPTY),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }),
            next: AtomicPtr::new(ptr::null_mut()),
        })
    }

    /// Makes a block whose messages were all received a new one.
    pub(super) fn reset(&self) {
        for slot in &self.slots {
            // Ordering: Relaxed: the block is the receiver's, which publishes it with a Release.
            slot.state.store(EMPTY, Ordering::Relaxed);
        }
        // Ordering: Relaxed, as above.
        self.next.store(ptr::null_mut(), Ordering::Relaxed);
    }

    pub(super) fn next(&self) -> *mut SlotBlock<T> {
        // Ordering: Relaxed: the receiver has taken the message of the last slot, which was
        // published after the pointer ([mpsc-message]).
        self.next.load(Ordering::Relaxed)
    }

    pub(super) fn set_next(&self, next: *mut SlotBlock<T>) {
        // Ordering: Relaxed, as above.
        self.next.store(next, Ordering::Relaxed);
    }

    /// Publishes a message. Returns true if the receiver has left its mark and is to be woken.
    /// This is the sender's last access to the block.
    ///
    /// # Safety
    /// The caller has claimed the slot, and does this once.
    pub(super) unsafe fn publish(&self, place: usize, value: T) -> bool {
        let slot = &self.slots[place];
        // SAFETY: a claimed slot is the claimer's until the swap below.
        slot.value.with_mut(|place| unsafe { (*place).write(value) });
        // Ordering: [mpsc-message] Release publishes the message. [mpsc-waker] Acquire takes over
        // the receiver's waker.
        slot.state.swap(FULL, Ordering::AcqRel) == WAITING
    }

    /// Publishes that no message will come. Returns as `publish`.
    pub(super) fn publish_end(&self, place: usize) -> bool {
        // Ordering: [mpsc-message] Release, and [mpsc-waker] Acquire, as for a message.
        self.slots[place].state.swap(END, Ordering::AcqRel) == WAITING
    }

    pub(super) fn look(&self, place: usize) -> InSlot {
        // Ordering: [mpsc-message] Acquire: what is seen may be a message.
        Self::found(self.slots[place].state.load(Ordering::Acquire))
    }

    fn found(state: u8) -> InSlot {
        match state {
            EMPTY => InSlot::Nothing,
            WAITING => InSlot::OwnMark,
            FULL => InSlot::Message,
            _ => InSlot::End,
        }
    }

    /// Leaves the receiver's mark in a slot. If a message or the end has come, returns false.
    pub(super) fn mark(&self, place: usize) -> bool {
        // Ordering: [mpsc-waker] Release publishes the waker to the sender that finds the mark.
        // Relaxed if it fails, because the caller looks again.
        let state = &self.slots[place].state;
        state.compare_exchange(EMPTY, WAITING, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Takes the receiver's mark back. If a message or the end has come, returns false.
    pub(super) fn unmark(&self, place: usize) -> bool {
        // Ordering: Relaxed: the receiver takes over nothing but its own waker.
        let state = &self.slots[place].state;
        state.compare_exchange(WAITING, EMPTY, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// # Safety
    /// The caller is the receiver, has found a message in the slot, and takes it once.
    pub(super) unsafe fn take(&self, place: usize) -> T {
        // SAFETY: as the caller promises.
        self.slots[place].value.with(|place| unsafe { (*place).assume_init_read() })
    }
}
