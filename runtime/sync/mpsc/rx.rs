//! What the receivers of both kinds do.
#![expect(unsafe_code, reason = "there is one receiver, and it is had mutably")]

use super::chan::{Capacity, Chan, EndWaiters, Rx};
use super::error::TryRecvError;
use super::queue::Taken;
use super::word::distance;
use crate::sync::spin::Spin;
use crate::sync::wait_until::wake_all;
use crate::task::WaitReason;
use crate::task::coop::poll_proceed_for;
use std::task::{Context, Poll, ready};

impl<T, K: Capacity> Rx<T, K> {
    pub(super) fn chan(&self) -> &Chan<T, K> {
        &self.0
    }

    #[inline]
    fn take(&mut self) -> Taken<T> {
        // SAFETY: there is one receiver, and this is it.
        let taken = unsafe { self.0.queue.take() };
        if let Taken::Message(_) = taken {
            K::passed(&self.0, 1);
        }
        taken
    }

    fn wait_reason(&self) -> WaitReason {
        WaitReason::of_sync("mpsc channel, for a message", &*self.0)
    }

    #[inline]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &*self;
        let restore = ready!(poll_proceed_for(cx, move || this.wait_reason()));
        loop {
            match self.take() {
                Taken::Message(value) => {
                    restore.made_progress();
                    return Poll::Ready(Some(value));
                }
                Taken::End => {
                    restore.made_progress();
                    return Poll::Ready(None);
                }
                // SAFETY: there is one receiver, and this is it.
                Taken::Nothing => ready!(unsafe { self.0.queue.poll_mark(cx) }),
            }
        }
    }

    /// Takes up to `limit` messages, or waits if there is none. Zero at the end.
    pub(super) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        let this = &*self;
        let restore = ready!(poll_proceed_for(cx, move || this.wait_reason()));
        if limit == 0 {
            restore.made_progress();
            return Poll::Ready(0);
        }
        loop {
            let (count, is_at_end) = self.take_many(buffer, limit);
            if count > 0 || is_at_end {
                restore.made_progress();
                return Poll::Ready(count);
            }
            // SAFETY: there is one receiver, and this is it.
            ready!(unsafe { self.0.queue.poll_mark(cx) });
        }
    }

    fn take_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> (usize, bool) {
        /// Counts the messages, also if the buffer cannot grow.
        struct Passed<'a, T, K: Capacity>(&'a Chan<T, K>, usize);

        impl<T, K: Capacity> Drop for Passed<'_, T, K> {
            fn drop(&mut self) {
                if self.1 > 0 {
                    K::passed(self.0, self.1 as u64);
                }
            }
        }

        let mut passed = Passed(&*self.0, 0);
        while passed.1 < limit {
            // SAFETY: there is one receiver, and this is it.
            match unsafe { self.0.queue.take() } {
                Taken::Message(value) => {
                    passed.1 += 1;
                    buffer.push(value);
                }
                Taken::End => return (passed.1, true),
                Taken::Nothing => break,
            }
        }
        (passed.1, false)
    }

    pub(super) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut pause = Spin::new();
        loop {
            match self.take() {
                Taken::Message(value) => return Ok(value),
                Taken::End => return Err(TryRecvError::Disconnected),
                Taken::Nothing => {}
            }
            let seen = self.0.seen();
            if self.len() == 0 && !seen.is_at_end() {
                return Err(TryRecvError::Empty);
            }
            // A sender has claimed a position, or the end is due: it is there in a few steps.
            pause.wait();
        }
    }

    /// How many messages are there or being sent.
    pub(super) fn len(&self) -> usize {
        // SAFETY: there is one receiver, and nobody has it mutably meanwhile.
        let head = unsafe { self.0.queue.head() };
        distance::<K>(head, self.0.seen().position()) as usize
    }

    /// Lets no message in from now on, except with a permit that is out.
    pub(super) fn close(&mut self) {
        /// Wakes those who wait for the end also if a waker of those who wait for room panics.
        struct Told<'a>(&'a EndWaiters);

        impl Drop for Told<'_> {
            fn drop(&mut self) {
                wake_all(self.0);
            }
        }

        let _told = Told(&self.0.closing);
        self.0.close();
        K::refuse_all(&self.0);
    }
}

impl<T, K: Capacity> Drop for Rx<T, K> {
    fn drop(&mut self) {
        /// Goes on with the messages behind one whose destructor panics, and after a waker that
        /// panics.
        struct Drain<'a, T, K: Capacity>(&'a mut Rx<T, K>);

        impl<T, K: Capacity> Drop for Drain<'_, T, K> {
            fn drop(&mut self) {
                while let Taken::Message(_) = self.0.take() {}
            }
        }

        let drain = Drain(self);
        drain.0.close();
        // SAFETY: there is one receiver, and this is it.
        unsafe { drain.0.0.queue.forget_waker() };
        while let Taken::Message(_) = drain.0.take() {}
    }
}
