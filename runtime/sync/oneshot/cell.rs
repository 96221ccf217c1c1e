//! The one allocation of a channel for one value, and the two halves that own it together.
#![expect(unsafe_code, reason = "two owners of a cell, whose state says who may touch what")]

use super::state::{Closed, OneState, SenderEnd, Snapshot};
use crate::primitive::cell::UnsafeCell;
use crate::task::WaitReason;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use std::task::{Poll, Waker};

/// First the sender's waker, if it waits for the end of the receiver; then the value. Few senders
/// wait: their waker is boxed, so that a small value makes a small cell.
#[expect(dead_code, reason = "it gives size and alignment; casts reach the places")]
union ValueOrWaker<T> {
    value: ManuallyDrop<T>,
    waker: ManuallyDrop<Box<Waker>>,
}

pub(super) struct OneCell<T> {
    state: OneState,
    receiver_waker: UnsafeCell<MaybeUninit<Waker>>,
    slot: UnsafeCell<MaybeUninit<ValueOrWaker<T>>>,
}

#[cfg(all(not(rt_loom), not(rt_shuttle), target_pointer_width = "64"))]
const _: () = assert!(size_of::<OneCell<u64>>() == 32, "a word, a waker and a small value, no more");

// SAFETY: the state admits one side to each place at a time; a value goes from one thread to
// another, and wakers may be used by any.
unsafe impl<T: Send> Send for OneCell<T> {}
// SAFETY: as above. No reference to a value is shared.
unsafe impl<T: Send> Sync for OneCell<T> {}

/// The sender's half of the cell. It leaves when it is dropped.
pub(super) struct SenderHalf<T>(NonNull<OneCell<T>>);

/// The receiver's half of the cell. It closes and leaves when it is dropped.
pub(super) struct ReceiverHalf<T>(NonNull<OneCell<T>>);

// SAFETY: as for the cell, which the halves share like an Arc.
unsafe impl<T: Send> Send for SenderHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SenderHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for ReceiverHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for ReceiverHalf<T> {}

pub(super) fn new<T>() -> (SenderHalf<T>, ReceiverHalf<T>) {
    let cell = Box::new(OneCell {
        state: OneState::new(),
        receiver_waker: UnsafeCell::new(MaybeUninit::uninit()),
        slot: UnsafeCell::new(MaybeUninit::uninit()),
    });
    let cell = NonNull::from(Box::leak(cell));
    (SenderHalf(cell), ReceiverHalf(cell))
}

impl<T> OneCell<T> {
    fn put_value(&self, value: T) {
        // SAFETY: the caller is the sender, whose waker is not in the slot. Until its end nobody
        // else touches the slot.
        self.slot.with_mut(|slot| unsafe { slot.cast::<T>().write(value) });
    }

    /// # Safety
    /// The slot holds a value that is the caller's.
    unsafe fn take_value(&self) -> T {
        // SAFETY: as the caller promises.
        self.slot.with_mut(|slot| unsafe { slot.cast::<T>().read() })
    }

    /// # Safety
    /// The slot holds the sender's waker, which is the caller's to drop.
    unsafe fn drop_sender_waker(&self) {
        // SAFETY: as the caller promises.
        drop(self.slot.with_mut(|slot| unsafe { slot.cast::<Box<Waker>>().read() }));
    }

    /// # Safety
    /// The place holds a waker that is the caller's.
    unsafe fn take_receiver_waker(&self) -> Waker {
        // SAFETY: as the caller promises. Its words stay: the receiver may be comparing them.
        self.receiver_waker.with(|place| unsafe { (*place).assume_init_read() })
    }
}

/// # Safety
/// Both sides have left, and the caller learned it by leaving last.
unsafe fn free<T>(cell: NonNull<OneCell<T>>) {
    // SAFETY: as the caller promises; `new` leaked a box.
    let mut cell = unsafe { Box::from_raw(cell.as_ptr()) };
    let last = cell.state.last();
    if last.receiver_waits() {
        // SAFETY: the waker is there, and nobody else is.
        drop(unsafe { cell.take_receiver_waker() });
    }
    if last.sender_waits() {
        // SAFETY: as above. A sender takes its waker back before it puts a value there.
        unsafe { cell.drop_sender_waker() };
    }
}

impl<T> SenderHalf<T> {
    fn cell(&self) -> &OneCell<T> {
        // SAFETY: the cell lives until both halves have left.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn load(&self) -> Snapshot {
        self.cell().state.load()
    }

    /// Sends, or gives the value back if the receiver does not want it.
    pub(super) fn send(self, value: T) -> Result<(), T> {
        let cell = self.cell();
        if cell.state.load().sender_waits() {
            if !cell.state.sender_takes_back() {
                return Err(value);
            }
            // SAFETY: the waker was there, and the transition made it ours.
            unsafe { cell.drop_sender_waker() };
        }
        cell.put_value(value);
        match cell.state.send() {
            // SAFETY: the channel is closed, so the receiver leaves the slot to us.
            SenderEnd::Refused => Err(unsafe { cell.take_value() }),
            ended => {
                let this = ManuallyDrop::new(self);
                // SAFETY: the transition has just ended the sender; nothing touches the half any
                // more.
                unsafe { leave(this.0, ended) };
                Ok(())
            }
        }
    }

    pub(super) fn wait_reason(&self) -> WaitReason {
        WaitReason::of_sync("oneshot channel, to close", self.cell())
    }

    /// Waits for the end of the receiver.
    pub(super) fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        let cell = self.cell();
        let seen = cell.state.load();
        if seen.is_closed() {
            return Poll::Ready(());
        }
        if seen.sender_waits() {
            let same = |slot: *const MaybeUninit<ValueOrWaker<T>>| {
                // SAFETY: the waker is there, and only the sender removes it.
                unsafe { (*slot.cast::<Box<Waker>>()).will_wake(waker) }
            };
            if cell.slot.with(same) {
                return Poll::Pending;
            }
            if !cell.state.sender_takes_back() {
                return Poll::Ready(());
            }
            // SAFETY: the transition made the waker ours.
            unsafe { cell.drop_sender_waker() };
        }
        let waker = Box::new(waker.clone());
        // SAFETY: the slot is empty, and nobody looks at it before the transition below.
        cell.slot.with_mut(|slot| unsafe { slot.cast::<Box<Waker>>().write(waker) });
        if cell.state.sender_waits() {
            return Poll::Pending;
        }
        // SAFETY: the channel is closed, and the waker was not published.
        unsafe { cell.drop_sender_waker() };
        Poll::Ready(())
    }
}

/// # Safety
/// `ended` is the outcome of the transition that ended the sender. The caller does not use its half
/// any more.
unsafe fn leave<T>(pointer: NonNull<OneCell<T>>, ended: SenderEnd) {
    // SAFETY: unless the sender has left, the cell lives.
    let cell = || unsafe { pointer.as_ref() };
    let is_last = match ended {
        SenderEnd::Left => false,
        SenderEnd::Refused => cell().state.leave_closed(),
        SenderEnd::Wake => {
            // SAFETY: the receiver published its waker, and the transition made it ours.
            let waker = unsafe { cell().take_receiver_waker() };
            let is_last = cell().state.leave_after_wake();
            if is_last {
                // SAFETY: the receiver has left, and so have we.
                unsafe { free(pointer) };
            }
            waker.wake();
            return;
        }
    };
    if is_last {
        // SAFETY: as above.
        unsafe { free(pointer) };
    }
}

impl<T> Drop for SenderHalf<T> {
    fn drop(&mut self) {
        let ended = self.cell().state.end();
        // SAFETY: the transition has just ended the sender.
        unsafe { leave(self.0, ended) };
    }
}

impl<T> ReceiverHalf<T> {
    fn cell(&self) -> &OneCell<T> {
        // SAFETY: the cell lives until both halves have left.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn load(&self) -> Snapshot {
        self.cell().state.load()
    }

    pub(super) fn wait_reason(&self) -> WaitReason {
        WaitReason::of_sync("oneshot channel, for its value", self.cell())
    }

    /// Takes what has come: the value, or None if none will come. The caller has seen one of the
    /// two.
    pub(super) fn finish(self) -> Option<T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: a value that was sent is taken once: only here and in `drop`, and both end the
        // half.
        let value = this.load().is_sent().then(|| unsafe { this.cell().take_value() });
        this.end();
        value
    }

    fn end(&self) {
        if self.cell().state.leave_as_receiver() {
            // SAFETY: the sender has left, and so have we.
            unsafe { free(self.0) };
        }
    }

    /// Returns ready if a value has come, or none will.
    pub(super) fn poll(&self, waker: &Waker) -> Poll<()> {
        let cell = self.cell();
        let seen = cell.state.load();
        if seen.is_sent() || seen.is_without_value() {
            return Poll::Ready(());
        }
        if seen.receiver_waits() {
            let same = |place: *const MaybeUninit<Waker>| {
                // SAFETY: only the receiver fills the place. The sender may be taking the waker
                // out, which leaves its two words; comparing them touches nothing else.
                unsafe { (*place).assume_init_ref().will_wake(waker) }
            };
            if cell.receiver_waker.with(same) {
                return Poll::Pending;
            }
            if cell.state.receiver_takes_back().is_err() {
                return Poll::Ready(());
            }
            // SAFETY: the transition made the waker ours.
            drop(unsafe { cell.take_receiver_waker() });
        }
        let waker = waker.clone();
        cell.receiver_waker.with_mut(|place| {
            // SAFETY: the place is empty, and nobody looks at it before the transition below.
            unsafe { (*place).write(waker) };
        });
        if cell.state.receiver_waits().is_ok() {
            return Poll::Pending;
        }
        // SAFETY: the waker was not published.
        drop(unsafe { cell.take_receiver_waker() });
        Poll::Ready(())
    }

    pub(super) fn close(&self) {
        let cell = self.cell();
        let Closed::Done { drops_own, wakes_sender } = cell.state.close() else { return };
        // SAFETY: the transition made our waker ours.
        let own = drops_own.then(|| unsafe { cell.take_receiver_waker() });
        if wakes_sender {
            // SAFETY: the waker stays in the slot of a closed channel until the cell is freed.
            cell.slot.with(|slot| unsafe { (*slot.cast::<Box<Waker>>()).wake_by_ref() });
        }
        drop(own);
    }
}

impl<T> Drop for ReceiverHalf<T> {
    fn drop(&mut self) {
        self.close();
        // SAFETY: as in `finish`.
        let value = self.load().is_sent().then(|| unsafe { self.cell().take_value() });
        self.end();
        drop(value);
    }
}
