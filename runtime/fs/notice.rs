//! The state that the handles to one open file share without a lock: whether there is an operation
//! to wait for, and a wake-up for all who wait when one has ended.
//!
//! A waiter has an index in a list of wakers: `add_waiter` registers its waker, `remove_waiter`
//! removes it, and `wake_all` wakes all.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use crate::driver::file::Landed;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crate::task::quietly;

/// An operation at the cursor was given up, or may have been.
const MARK: usize = 1;
/// One stray: an operation at an offset that was given up and is not over.
const STRAY: usize = 2;

/// Shared by the clones of a file, and by the operations that were given up.
pub(super) struct Notice {
    /// A [`MARK`] and a number of [`STRAY`]s. Zero: there is nothing to wait for.
    attention: AtomicUsize,
    waiters: Mutex<Vec<NoticeWaiter>>,
}

#[derive(Debug)]
enum NoticeWaiter {
    Free,
    /// None: its waker was woken since its owner last looked.
    Taken(Option<Waker>),
}

impl Notice {
    pub(super) fn new() -> Notice {
        Notice { attention: AtomicUsize::new(0), waiters: Mutex::new(Vec::new()) }
    }

    /// Whether everything that was given up is over [after-what-was-given-up].
    pub(super) fn is_quiet(&self) -> bool {
        // Ordering: Acquire: pairs with the end of a stray, so that its effects are visible
        // [after-what-was-given-up].
        self.attention.load(Ordering::Acquire) == 0
    }

    pub(super) fn has_strays(&self) -> bool {
        // Ordering: Acquire: as above [after-what-was-given-up].
        self.attention.load(Ordering::Acquire) >= STRAY
    }

    /// The caller holds the lock of the lanes.
    #[inline]
    pub(super) fn mark(&self, is_marked: bool) {
        // Ordering: Relaxed: [after-what-was-given-up] is about callers that come after the giving
        // up, and these see it for that reason.
        let before = self.attention.load(Ordering::Relaxed);
        if (before & MARK != 0) != is_marked {
            self.change_mark(is_marked);
        }
    }

    fn change_mark(&self, is_marked: bool) {
        if is_marked {
            // Ordering: Relaxed: as in `mark` [after-what-was-given-up].
            self.attention.fetch_or(MARK, Ordering::Relaxed);
        } else {
            // Ordering: Release: a caller that sees no mark sees the effects of the operation that
            // ended [after-what-was-given-up].
            self.attention.fetch_and(!MARK, Ordering::Release);
        }
    }

    pub(super) fn begin_stray(&self) {
        // Ordering: Relaxed: as for `mark` [after-what-was-given-up].
        let before = self.attention.fetch_add(STRAY, Ordering::Relaxed);
        if before == 0_usize.wrapping_sub(STRAY) {
            // It has already ended.
            self.wake_all();
        }
    }

    fn end_stray(&self) {
        // Ordering: Release: a caller that no longer sees the stray sees its effects
        // [after-what-was-given-up].
        self.attention.fetch_sub(STRAY, Ordering::Release);
        self.wake_all();
    }

    /// Registers the waker, to be woken when an operation ends. The caller looks at what it waits
    /// for after that [nobody-sleeps-on].
    pub(super) fn add_waiter(&self, waiter: &mut Option<usize>, cx: &Context<'_>) {
        // The clone and the drop of a waker are user code: they run without the lock
        // [wake-outside].
        let taken = NoticeWaiter::Taken(Some(cx.waker().clone()));
        let mut waiters = self.waiters.lock();
        let index = *waiter.get_or_insert_with(|| {
            waiters.iter().position(|waiter| matches!(waiter, NoticeWaiter::Free)).unwrap_or_else(|| {
                waiters.push(NoticeWaiter::Free);
                waiters.len() - 1
            })
        });
        let before = std::mem::replace(&mut waiters[index], taken);
        drop(waiters);
        drop(before);
    }

    /// Removes the waker.
    #[inline]
    pub(super) fn remove_waiter(&self, waiter: &mut Option<usize>) {
        if let Some(index) = waiter.take() {
            self.vacate(index);
        }
    }

    fn vacate(&self, index: usize) {
        let before = std::mem::replace(&mut self.waiters.lock()[index], NoticeWaiter::Free);
        drop(before);
    }

    /// Wakes all waiters. A panic of one keeps no other from being woken.
    pub(super) fn wake_all(&self) {
        for index in 0.. {
            let waker = match self.waiters.lock().get_mut(index) {
                None => return,
                Some(NoticeWaiter::Free) => None,
                Some(NoticeWaiter::Taken(waker)) => waker.take(),
            };
            if let Some(waker) = waker {
                quietly(|| waker.wake());
            }
        }
    }
}

/// The waker of the operation in flight at the cursor. It wakes every waiter, because the owner of
/// the operation may not poll again.
impl Wake for Notice {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("attention", &self.attention).finish_non_exhaustive()
    }
}

/// The token that an operation at an offset holds while the kernel has it. If it is dropped because
/// nobody waits for the operation, it ends a stray.
#[derive(Debug)]
pub(super) struct Mark(Option<Arc<Notice>>);

impl Mark {
    pub(super) fn new(notice: &Arc<Notice>) -> Mark {
        Mark(Some(notice.clone()))
    }

    /// The operation came back to its owner.
    pub(super) fn fetched(mut self) {
        self.0 = None;
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(notice) = self.0.take() {
            notice.end_stray();
        }
    }
}

/// An operation at an offset. If it is dropped before its end, it is a stray until the kernel or
/// the pool has finished with it.
#[derive(Debug)]
pub(super) struct Watched<'a, W> {
    notice: &'a Notice,
    /// None before it has begun, and once it came back.
    work: Option<W>,
    is_back: bool,
}

impl<'a, W> Watched<'a, W> {
    pub(super) fn new(notice: &'a Arc<Notice>, begin: impl FnOnce(Mark) -> W) -> Watched<'a, W> {
        // It stands before the mark does: if `begin` panics, both are dropped, and nothing is left.
        let mut watched = Watched { notice, work: None, is_back: false };
        watched.work = Some(begin(Mark::new(notice)));
        watched
    }
}

impl<R, W: Future<Output = Landed<(R, Mark)>> + Unpin> Future for Watched<'_, W> {
    type Output = Landed<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<R>> {
        let this = self.get_mut();
        let work = this.work.as_mut().expect("polled after its end");
        let Landed { result, resources, found } = ready!(Pin::new(work).poll(cx));
        (this.work, this.is_back) = (None, true);
        let resources = match resources {
            Some((resources, mark)) => {
                mark.fetched();
                Some(resources)
            }
            None => {
                // The runtime is gone. The mark is where the resources are still in use.
                this.notice.begin_stray();
                None
            }
        };
        Poll::Ready(Landed { result, resources, found })
    }
}

impl<W> Drop for Watched<'_, W> {
    fn drop(&mut self) {
        if !self.is_back {
            // This must come before the mark is dropped.
            self.notice.begin_stray();
        }
    }
}
