//! A buffer that is lent to the kernel, perhaps for several sends, one after the other begun before the one before it has
//! given the buffer back.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::primitive::sync::Mutex;

/// Shared by the future that waits for the buffer and by every operation that the kernel reads it for.
pub(in crate::driver) struct Loan<B>(Mutex<Account<B>>);

struct Account<B> {
    /// None once it was given back, or if the kernel would not let go of it.
    buf: Option<B>,
    /// How many operations have it.
    lent_count: usize,
    is_copied: bool,
    waker: Option<Waker>,
}

/// What an operation knows of the loan: everything but the type of the buffer.
pub(in crate::driver) trait AnyLoan: fmt::Debug + Send + Sync {
    /// One operation has ended, and the kernel reads nothing more for it. `is_copied`: it has copied bytes all the same.
    fn end(&self, is_copied: bool, wakers: &mut Vec<Waker>);

    /// The kernel does not let go: the buffer is never given back, nor freed. `end` is called all the same.
    fn abandon(&self);
}

impl<B> Loan<B> {
    pub(in crate::driver) fn new(buf: B) -> Loan<B> {
        Loan(Mutex::new(Account { buf: Some(buf), lent_count: 0, is_copied: false, waker: None }))
    }

    /// Lends it to one more operation; `look` says of which part.
    pub(in crate::driver) fn lend<R>(&self, look: impl FnOnce(&B) -> R) -> R {
        let mut account = self.0.lock();
        account.lent_count += 1;
        look(account.buf.as_ref().expect("it is given back once, at the end"))
    }

    /// Whether the kernel has copied bytes of it, as far as is known.
    pub(in crate::driver) fn is_copied(&self) -> bool {
        self.0.lock().is_copied
    }

    /// Waits for the buffer; None if the kernel will not let go of it.
    pub(in crate::driver) fn returned(&self) -> Returned<'_, B> {
        Returned(self)
    }

    fn poll_returned(&self, cx: &mut Context<'_>) -> Poll<Option<B>> {
        // Cloned before the lock is taken: a clone is user code as well [wake-outside].
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
        // A waker's drop is user code: it runs with the lock released [wake-outside].
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
    /// Nobody waits any more, and the loan may last: it does not keep the task.
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

    fn abandon(&self) {
        mem::forget(self.0.lock().buf.take());
    }
}

impl<B> fmt::Debug for Loan<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}
