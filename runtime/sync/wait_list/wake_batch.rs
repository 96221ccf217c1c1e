//! Wakers that are collected under a lock and woken without it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

use crate::task::quietly;

const WAKERS_COUNT: usize = 32;

/// The waker of a waiter that was chosen. It is to be woken without the lock.
#[must_use]
pub(crate) struct Chosen(pub(super) Option<Waker>);

impl Chosen {
    #[inline]
    pub(crate) fn wake(self) {
        if let Some(waker) = self.0 {
            waker.wake();
        }
    }
}

/// Up to 32 wakers. None of them is lost: what is left when it is dropped is woken.
pub(super) struct WakeBatch {
    wakers: [Option<Waker>; WAKERS_COUNT],
    count: usize,
    /// The first panic of a waker.
    panic: Option<Box<dyn Any + Send>>,
}

impl WakeBatch {
    pub(super) fn new() -> WakeBatch {
        WakeBatch { wakers: [const { None }; WAKERS_COUNT], count: 0, panic: None }
    }

    pub(super) fn is_full(&self) -> bool {
        self.count == WAKERS_COUNT
    }

    /// There has to be room.
    pub(super) fn push(&mut self, chosen: Chosen) {
        self.wakers[self.count] = chosen.0;
        self.count += 1;
    }

    /// Wakes all, also after one of them has panicked.
    pub(super) fn wake_all(&mut self) {
        for waker in self.wakers[..std::mem::take(&mut self.count)].iter_mut().filter_map(Option::take) {
            let outcome = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            if let Err(payload) = outcome {
                match self.panic {
                    None => self.panic = Some(payload),
                    // Its destructor is user code as well.
                    Some(_) => quietly(|| drop(payload)),
                }
            }
        }
    }

    /// Goes on with the first panic, if there was one.
    pub(super) fn end(mut self) {
        if let Some(payload) = self.panic.take() {
            resume_unwind(payload);
        }
    }
}

impl Drop for WakeBatch {
    fn drop(&mut self) {
        self.wake_all();
    }
}
