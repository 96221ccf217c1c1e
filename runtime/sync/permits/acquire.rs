//! The permits, and the future that waits for some.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::error::{AcquireError, TryAcquireError};
use super::holder::Holder;
use super::state::{Giving, PERMITS_COUNT_MAX, PermitsState, Taking};
use crate::sync::wait_list::{Home, Left, Locked, WaitList, Waiter, WaiterStage};
use crate::task::coop::poll_proceed_for;
use crate::task::{Note, WaitReason};

/// The permits that are there, and those who wait for some.
pub(crate) struct Permits {
    state: PermitsState,
    /// The wish is the number of permits that a waiter still needs.
    waiters: WaitList<(), usize>,
}

impl Home for Permits {
    type State = ();
    type Wish = usize;

    const NAME: &'static str = "Semaphore";

    #[inline]
    fn wait_list(&self) -> &WaitList<(), usize> {
        &self.waiters
    }
}

impl Permits {
    #[cfg(not(rt_loom))]
    pub(crate) const fn new(count: usize) -> Permits {
        Permits { state: PermitsState::new(count), waiters: WaitList::new(()) }
    }

    #[cfg(rt_loom)]
    pub(crate) fn new(count: usize) -> Permits {
        Permits { state: PermitsState::new(count), waiters: WaitList::new(()) }
    }

    /// No permits, and there will be none.
    #[cfg(not(rt_loom))]
    pub(crate) const fn new_closed() -> Permits {
        Permits { state: PermitsState::new_closed(), waiters: WaitList::new(()) }
    }

    #[cfg(rt_loom)]
    pub(crate) fn new_closed() -> Permits {
        Permits { state: PermitsState::new_closed(), waiters: WaitList::new(()) }
    }

    pub(crate) fn count(&self) -> usize {
        self.state.count()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Takes `count` permits, or none.
    #[inline]
    pub(crate) fn try_acquire(&self, count: usize) -> Result<(), TryAcquireError> {
        match self.state.take(count) {
            Taking::Taken => Ok(()),
            Taking::TooFew(_) => Err(TryAcquireError::NoPermits),
            Taking::Closed => Err(TryAcquireError::Closed),
        }
    }

    /// Waits until it has `count` permits.
    #[inline]
    pub(crate) fn acquire<'a>(&'a self, count: usize, of: PermitsOf<'a>) -> Acquire<'a> {
        Acquire { waiter: Waiter::new(self), count, of }
    }

    /// Gives permits back, or adds new ones.
    ///
    /// # Panics
    /// Panics if there would be more than [`PERMITS_COUNT_MAX`].
    #[inline]
    pub(crate) fn release(&self, count: usize) {
        match self.state.give(count) {
            Giving::Given => {}
            Giving::HasWaiters => self.distribute(self.waiters.lock(), count),
            Giving::TooMany => too_many(count),
        }
    }

    /// Takes up to `count` permits for ever. Returns how many.
    pub(crate) fn forget(&self, count: usize) -> usize {
        self.state.forget(count)
    }

    /// Lets nobody take permits any more, and wakes all who wait.
    pub(crate) fn close(&self) {
        let locked = self.waiters.lock();
        self.state.close();
        locked.wake_while(|locked| {
            let chosen = locked.choose_first(|_needed| ());
            if chosen.is_none() {
                self.state.end_waiting(0);
            }
            chosen
        });
    }

    /// Gives `count` permits to those who wait, in their order, and what is left to all.
    #[inline(never)]
    fn distribute(&self, locked: Locked<'_, (), usize>, added: usize) {
        let mut count = added;
        let mut giving = Giving::Given;
        locked.wake_while(|locked| {
            match locked.first_wish() {
                // Somebody takes permits again without the lock [waiters-take-all].
                None => giving = self.state.end_waiting(std::mem::take(&mut count)),
                Some(needed) => {
                    let given = count.min(*needed);
                    count -= given;
                    *needed -= given;
                    if *needed == 0 {
                        return locked.choose_first(|_needed| ());
                    }
                }
            }
            None
        });
        if giving == Giving::TooMany {
            too_many(added);
        }
    }
}

#[cold]
fn too_many(count: usize) -> ! {
    panic!("number of added permits ({count}) would overflow MAX_PERMITS ({PERMITS_COUNT_MAX})")
}

/// What the permits are of, for dumps.
pub(crate) enum PermitsOf<'a> {
    Semaphore,
    OnceCell,
    RwLock,
    Mutex(&'a Holder),
}

pin_project! {
    /// The future returned by [`Permits::acquire`]. It is done once.
    #[must_use = "futures do nothing unless polled or awaited"]
    pub(crate) struct Acquire<'a> {
        #[pin]
        waiter: Waiter<&'a Permits>,
        count: usize,
        of: PermitsOf<'a>,
    }

    impl PinnedDrop for Acquire<'_> {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            if this.waiter.stage() != WaiterStage::Idle {
                this.give_up();
            }
        }
    }
}

impl Acquire<'_> {
    fn wait_note(&self) -> Note {
        let (primitive, holder, taking) = match self.of {
            PermitsOf::Semaphore => ("Semaphore", None, 0),
            PermitsOf::OnceCell => ("OnceCell", None, 0),
            PermitsOf::RwLock => ("RwLock", None, 0),
            PermitsOf::Mutex(holder) => ("Mutex", holder.task(), holder.taking()),
        };
        let address = std::ptr::from_ref(*self.waiter.home()).addr();
        Note { reason: WaitReason::Sync { primitive, address, holder }, taking }
    }

    /// Passes on what the waiter has so far.
    #[cold]
    fn give_up(self: Pin<&mut Self>) {
        let this = self.project();
        let permits = *this.waiter.home();
        let mut locked = permits.waiters.lock();
        match this.waiter.as_ref().leave(&mut locked) {
            Some(Left::Unchosen(needed, waker)) => {
                permits.distribute(locked, *this.count - needed);
                drop(waker);
            }
            Some(Left::Chosen(needed)) => {
                drop(locked);
                permits.release(*this.count - needed);
            }
            None => {}
        }
    }

    #[inline(never)]
    fn poll_enter(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let this = self.project();
        let permits = *this.waiter.home();
        // A clone is user code, as its destructor is: both are called without the lock.
        let waker = cx.waker().clone();
        let mut locked = permits.waiters.lock();
        let outcome = match permits.state.take_or_wait(*this.count) {
            Taking::TooFew(taken) => {
                this.waiter.as_ref().enter(&mut locked, *this.count - taken, Some(waker));
                return Poll::Pending;
            }
            Taking::Taken => Ok(()),
            Taking::Closed => Err(AcquireError::closed()),
        };
        drop(locked);
        Poll::Ready(outcome)
    }

    #[inline]
    fn poll_entered(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let this = self.project();
        let permits = *this.waiter.home();
        let needed = ready!(this.waiter.poll_chosen(cx));
        if needed > 0 || permits.is_closed() {
            permits.release(*this.count - needed);
            return Poll::Ready(Err(AcquireError::closed()));
        }
        Poll::Ready(Ok(()))
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let this = &*self;
        let restore = ready!(poll_proceed_for(cx, move || this.wait_note()));
        let outcome = if self.waiter.stage() == WaiterStage::Idle {
            match self.waiter.home().state.take(self.count) {
                Taking::Taken => Ok(()),
                Taking::Closed => Err(AcquireError::closed()),
                Taking::TooFew(_) => ready!(self.poll_enter(cx)),
            }
        } else {
            ready!(self.poll_entered(cx))
        };
        restore.made_progress();
        Poll::Ready(outcome)
    }
}
