//! The wait for a notification, whatever leads to the notifier.

use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::definition::{Notification, Notify};
use super::state::{Arrival, Calls};
use crate::sync::wait_list::{HomeRef, Left, Waiter, WaiterStage};

#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitProgress {
    /// It was not polled, and not enabled.
    New,
    /// It is in the list, or was chosen.
    Waiting,
    Done,
}

pin_project! {
    pub(super) struct NotifyWait<H>
    where
        H: HomeRef,
        H: Deref<Target = Notify>,
    {
        #[pin]
        waiter: Waiter<H>,
        // The calls of `notify_waiters` when it was created.
        calls: Calls,
        progress: WaitProgress,
    }

    impl<H> PinnedDrop for NotifyWait<H>
    where
        H: HomeRef,
        H: Deref<Target = Notify>,
    {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            if this.progress == WaitProgress::Waiting {
                this.give_up();
            }
        }
    }
}

impl<H: HomeRef + Deref<Target = Notify>> NotifyWait<H> {
    #[inline]
    pub(super) fn new(notify: H) -> NotifyWait<H> {
        let calls = notify.state.calls();
        NotifyWait { waiter: Waiter::new(notify), calls, progress: WaitProgress::New }
    }

    /// Enters the list without a waker. Returns whether it was notified.
    pub(super) fn enable(self: Pin<&mut Self>) -> bool {
        self.poll_with(None).is_ready()
    }

    #[inline]
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_with(Some(cx))
    }

    fn poll_with(mut self: Pin<&mut Self>, cx: Option<&mut Context<'_>>) -> Poll<()> {
        let is_ready = match self.progress {
            WaitProgress::New => self.as_mut().is_notified_or_enters(cx.map(|cx| cx.waker())),
            WaitProgress::Waiting => self.as_mut().was_notified(cx),
            WaitProgress::Done => true,
        };
        let progress = self.project().progress;
        *progress = if is_ready { WaitProgress::Done } else { WaitProgress::Waiting };
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_notified_or_enters(self: Pin<&mut Self>, waker: Option<&Waker>) -> bool {
        let this = self.project();
        let notify = &**this.waiter.home();
        if notify.state.arrive(*this.calls) == Arrival::Notified {
            return true;
        }
        // A clone is user code, as its destructor is: both are called without the lock.
        let waker = waker.cloned();
        let mut locked = this.waiter.lock();
        match notify.state.arrive_or_wait(*this.calls) {
            Arrival::Notified => {
                drop(locked);
                true
            }
            Arrival::Waits => {
                this.waiter.as_ref().enter(&mut locked, Notification::Nothing, waker);
                false
            }
        }
    }

    fn was_notified(self: Pin<&mut Self>, cx: Option<&mut Context<'_>>) -> bool {
        let this = self.project();
        if this.waiter.stage() != WaiterStage::Chosen && this.waiter.home().state.calls() != *this.calls {
            // A call for all has begun, and has not come to this one.
            let mut locked = this.waiter.lock();
            let left = this.waiter.as_ref().leave(&mut locked);
            drop(locked);
            drop(left);
            return true;
        }
        match cx {
            Some(cx) => this.waiter.poll_chosen(cx).is_ready(),
            None => this.waiter.take_outcome().is_some(),
        }
    }

    /// Leaves the list, and passes on what was for one.
    #[cold]
    fn give_up(self: Pin<&mut Self>) {
        let this = self.project();
        let notify = &**this.waiter.home();
        let mut locked = this.waiter.lock();
        let left = this.waiter.as_ref().leave(&mut locked);
        drop(locked);
        if let Some(Left::Chosen(Notification::One(which))) = left {
            notify.notify(which);
        }
    }
}
