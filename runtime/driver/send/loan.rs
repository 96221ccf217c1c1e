//! A buffer that is lent to the kernel, perhaps for several sends. Each send may begin before the
//! one before it has given the buffer back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::primitive::sync::Mutex;

/// Shared by the future that waits for the buffer and by every operation for which the kernel reads
/// it.
pub(in crate::driver) struct Loan<B>(Mutex<Account<B>>);

struct Account<B> {
    /// None once it was given back, or if the kernel did not release it.
    buf: Option<B>,
    /// How many operations have it.
    lent_count: usize,
    is_copied: bool,
    waker: Option<Waker>,
}

/// The part of a loan that an operation needs: everything but the type of the buffer.
pub(in crate::driver) trait AnyLoan: fmt::Debug + Send + Sync {
    /// One operation has ended, and the kernel reads nothing more for it. `is_copied`: the kernel
    /// copied bytes nevertheless.
    fn end(&self, is_copied: bool, wakers: &mut Vec<Waker>);

    /// The kernel does not release the buffer: it is neither given back nor freed. `end` is called
    /// nevertheless.
    #[cfg(target_os = "linux")]
    fn abandon(&self);
}

impl<B> Loan<B> {
    pub(in crate::driver) fn new(buf: B) -> Loan<B> {
        Loan(Mutex::new(Account { buf: Some(buf), lent_count: 0, is_copied: false, waker: None }))
    }

    /// Lends it to one more operation; `look` returns the part.
    pub(in crate::driver) fn lend<R>(&self, look: impl FnOnce(&B) -> R) -> R {
        let mut account = self.0.lock();
        account.lent_count += 1;
        look(account.buf.as_ref().expect("it is given back once, at the end"))
    }

    /// Whether the kernel is known to have copied bytes of it.
    pub(in crate::driver) fn is_copied(&self) -> bool {
        self.0.lock().is_copied
    }

    /// Waits for the buffer. None if the kernel does not release it.
    pub(in crate::driver) fn returned(&self) -> Returned<'_, B> {
        Returned(self)
    }

    fn poll_returned(&self, cx: &mut Context<'_>) -> Poll<Option<B>> {
        // Cloned before the lock is taken, because a clone runs user code as well [wake-outside].
        let fresh = cx.waker().clone();
        let mut account = self.0.lock();
        if account.lent_count == 0 {
            // No operation has it any more [owned-until-terminal].
            let buf = account.buf.take();
            drop(account);
            return Poll::Ready(buf);
        }
        let old = account.waker.replace(fresh);
        drop(account);
        // Dropping a waker runs user code, so the lock is released first [wake-outside].
        drop(old);
        Poll::Pending
    }
}

/// See [`Loan::returned`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub(in crate::driver) struct Returned<'a, B>(&'a Loan<B>);

impl<B> Future for Returned<'_, B> {
    type Output = Option<B>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<B>> {
        self.0.poll_returned(cx)
    }
}

impl<B> Drop for Returned<'_, B> {
    /// The future waits no more, and the loan may last: it must not keep the task.
    fn drop(&mut self) {
        let waker = self.0.0.lock().waker.take();
        drop(waker);
    }
}

impl<B: Send> AnyLoan for Loan<B> {
    fn end(&self, is_copied: bool, wakers: &mut Vec<Waker>) {
        let mut account = self.0.lock();
        account.is_copied |= is_copied;
        account.lent_count -= 1;
        if account.lent_count == 0 {
            wakers.extend(account.waker.take());
        }
    }

    #[cfg(target_os = "linux")]
    fn abandon(&self) {
        std::mem::forget(self.0.lock().buf.take());
    }
}

impl<B> fmt::Debug for Loan<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}
