//! What the handles to one open file tell each other without a lock: whether an operation is to be waited for, and that
//! one has ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use crate::driver::file::Landed;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;

/// The cursor has an operation that was given up, or whose owner may have done so.
const MARK: usize = 1;
/// One operation at a place that was given up and is not over: a stray.
const STRAY: usize = 2;

/// Shared by the clones of a file, and by the operations that were given up.
pub(super) struct Notice {
    /// A [`MARK`] and a number of [`STRAY`]s. Zero: nothing is to be waited for.
    attention: AtomicUsize,
    seats: Mutex<Vec<Seat>>,
}

#[derive(Debug)]
enum Seat {
    Free,
    /// None: its waker was woken since it last looked.
    Taken(Option<Waker>),
}

impl Notice {
    pub(super) fn new() -> Notice {
        Notice { attention: AtomicUsize::new(0), seats: Mutex::new(Vec::new()) }
    }

    /// Whether nothing was given up that may not be over [after-what-was-given-up].
    pub(super) fn is_quiet(&self) -> bool {
        // Ordering: Acquire: pairs with the end of a stray, so that what it has done is done [after-what-was-given-up].
        self.attention.load(Ordering::Acquire) == 0
    }

    pub(super) fn has_strays(&self) -> bool {
        // Ordering: Acquire: as above [after-what-was-given-up].
        self.attention.load(Ordering::Acquire) >= STRAY
    }

    /// Called with the lanes locked.
    #[inline]
    pub(super) fn mark(&self, is_marked: bool) {
        // Ordering: Relaxed: [after-what-was-given-up] is about those who come after the giving up, and see it for that.
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
            // Ordering: Release: what ended the operation is seen by those who see no mark [after-what-was-given-up].
            self.attention.fetch_and(!MARK, Ordering::Release);
        }
    }

    pub(super) fn begin_stray(&self) {
        // Ordering: Relaxed: as for `mark` [after-what-was-given-up].
        let before = self.attention.fetch_add(STRAY, Ordering::Relaxed);
        if before == 0_usize.wrapping_sub(STRAY) {
            // It had ended already.
            self.ring();
        }
    }

    fn end_stray(&self) {
        // Ordering: Release: the operation is over for those who do not see it any more [after-what-was-given-up].
        self.attention.fetch_sub(STRAY, Ordering::Release);
        self.ring();
    }

    /// To be woken when something ends. The caller looks at what it waits for after it has sat down [nobody-sleeps-on].
    pub(super) fn sit(&self, seat: &mut Option<usize>, cx: &Context<'_>) {
        // A waker's clone and drop are user code: they run with the lock released [wake-outside].
        let taken = Seat::Taken(Some(cx.waker().clone()));
        let mut seats = self.seats.lock();
        let index = *seat.get_or_insert_with(|| {
            seats.iter().position(|seat| matches!(seat, Seat::Free)).unwrap_or_else(|| {
                seats.push(Seat::Free);
                seats.len() - 1
            })
        });
        let before = std::mem::replace(&mut seats[index], taken);
        drop(seats);
        drop(before);
    }

    #[inline]
    pub(super) fn rise(&self, seat: &mut Option<usize>) {
        if let Some(index) = seat.take() {
            self.vacate(index);
        }
    }

    fn vacate(&self, index: usize) {
        let before = std::mem::replace(&mut self.seats.lock()[index], Seat::Free);
        drop(before);
    }

    /// Wakes all who sit.
    pub(super) fn ring(&self) {
        for index in 0.. {
            let waker = match self.seats.lock().get_mut(index) {
                None => return,
                Some(Seat::Free) => None,
                Some(Seat::Taken(waker)) => waker.take(),
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// The waker of the operation in flight at the cursor: whoever waits is woken, for its owner may not look.
impl Wake for Notice {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("attention", &self.attention).finish_non_exhaustive()
    }
}

/// What an operation at a place holds while it is with the kernel. Dropped by whom nobody waits for, it ends a stray.
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

/// An operation at a place. Dropped before its end it is a stray until the kernel or the pool is done with it.
#[derive(Debug)]
pub(super) struct Watched<'a, W> {
    notice: &'a Notice,
    /// None once it came back.
    work: Option<W>,
}

impl<'a, W> Watched<'a, W> {
    pub(super) fn new(notice: &'a Notice, work: W) -> Watched<'a, W> {
        Watched { notice, work: Some(work) }
    }
}

impl<R, W: Future<Output = Landed<(R, Mark)>> + Unpin> Future for Watched<'_, W> {
    type Output = Landed<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<R>> {
        let this = self.get_mut();
        let work = this.work.as_mut().expect("polled after its end");
        let Landed { result, resources, opened } = ready!(Pin::new(work).poll(cx));
        this.work = None;
        let resources = match resources {
            Some((resources, mark)) => {
                mark.fetched();
                Some(resources)
            }
            None => {
                // The runtime is gone, and the mark is with whoever still uses the resources.
                this.notice.begin_stray();
                None
            }
        };
        Poll::Ready(Landed { result, resources, opened })
    }
}

impl<W> Drop for Watched<'_, W> {
    fn drop(&mut self) {
        if self.work.is_some() {
            // Before the mark can be dropped.
            self.notice.begin_stray();
        }
    }
}
