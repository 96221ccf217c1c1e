//! A child that nobody waits for, until it is reaped.
//!
//! An orphan is a waker: the event that the child has ended calls it, and it reaps the child. No
//! task and no thread is needed. The registration of the event holds the orphan, and the orphan
//! holds the registration, until the child has ended.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::primitive::sync::Mutex;

/// A child that nobody waits for.
pub(in crate::process) trait Dying: Send + 'static {
    /// Ready when the child is reaped, or if its end cannot be waited for. Otherwise the waker is
    /// called when that may have changed.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

pub(in crate::process) struct Orphan<D> {
    place: Mutex<OrphanPlace<D>>,
    /// Called once, with the child that is reaped or cannot be waited for.
    end: fn(D),
}

/// Where the child of an orphan is.
enum OrphanPlace<D> {
    Here(D),
    /// A thread is polling it.
    Out,
    /// A thread is polling it, and the waker was called meanwhile: it polls once more
    /// [called-again].
    OutAndCalled,
    Over,
}

impl<D> OrphanPlace<D> {
    /// Here -> Out, Out -> OutAndCalled.
    fn take(&mut self) -> Option<D> {
        match mem::replace(self, OrphanPlace::OutAndCalled) {
            OrphanPlace::Here(dying) => {
                *self = OrphanPlace::Out;
                Some(dying)
            }
            OrphanPlace::Out | OrphanPlace::OutAndCalled => None,
            OrphanPlace::Over => {
                *self = OrphanPlace::Over;
                None
            }
        }
    }

    /// Out -> Here, or OutAndCalled -> Out, which gives the child back.
    fn put_back(&mut self, dying: D) -> Option<D> {
        match self {
            OrphanPlace::OutAndCalled => {
                *self = OrphanPlace::Out;
                Some(dying)
            }
            OrphanPlace::Out | OrphanPlace::Here(_) | OrphanPlace::Over => {
                *self = OrphanPlace::Here(dying);
                None
            }
        }
    }
}

impl<D: Dying> Orphan<D> {
    /// Reaps the child now, or when it has ended.
    pub(in crate::process) fn adopt(dying: D, end: fn(D)) {
        let orphan = Arc::new(Orphan { place: Mutex::new(OrphanPlace::Here(dying)), end });
        orphan.attend();
    }

    /// Polls the child, whose waker this orphan is. The poll is made without the lock, because it
    /// calls into the driver, which may call or drop wakers.
    fn attend(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut next = self.place.lock().take();
        while let Some(mut dying) = next {
            match dying.poll_over(&mut Context::from_waker(&waker)) {
                Poll::Pending => next = self.place.lock().put_back(dying),
                Poll::Ready(()) => {
                    *self.place.lock() = OrphanPlace::Over;
                    (self.end)(dying);
                    return;
                }
            }
        }
    }
}

impl<D: Dying> Wake for Orphan<D> {
    fn wake(self: Arc<Self>) {
        self.attend();
    }
}
