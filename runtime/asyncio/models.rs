//! A promise that is completed while waiters enter, change their wakers and leave, with loom's
//! threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::Promise;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::{model, thread};

/// Counts its wakes.
struct Bell(AtomicUsize);

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::new(Bell(AtomicUsize::new(0)))
    }

    fn wakes_count(&self) -> usize {
        // Ordering: Relaxed: read when the other thread is joined.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed, as above.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(waiter: &mut Promise<u32>, bell: &Arc<Bell>) -> bool {
    let waker = Waker::from(bell.clone());
    match Pin::new(waiter).poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(outcome) => {
            assert_eq!(outcome, Ok(7));
            true
        }
        Poll::Pending => false,
    }
}

/// [woken-or-ready]: a waiter that finds no outcome is woken, by the waker of its last poll only.
#[test]
fn a_waiter_that_changes_its_waker_beside_the_end_is_woken_by_the_last() {
    model(|| {
        let mut waiter: Promise<u32> = Promise::new();
        let setter = waiter.clone();
        let thread = thread::spawn(move || setter.set_result(7).unwrap());
        let (first, second) = (Bell::new(), Bell::new());
        let is_ready = poll(&mut waiter, &first) || poll(&mut waiter, &second);
        thread.join().unwrap();
        assert!(is_ready || second.wakes_count() == 1, "nobody told the waiter");
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 1), "a waker is kept");
    });
}

/// [own-key]: a waiter that leaves takes its own waker, also beside the completion and beside a
/// waiter that stays.
#[test]
fn a_waiter_that_goes_beside_the_end_takes_nobody_elses_waker() {
    model(|| {
        let mut stays: Promise<u32> = Promise::new();
        let (setter, mut goes) = (stays.clone(), stays.clone());
        let (gone, here) = (Bell::new(), Bell::new());
        assert!(!poll(&mut stays, &here) && !poll(&mut goes, &gone), "nobody has set it");
        let thread = thread::spawn(move || setter.set_result(7).unwrap());
        drop(goes);
        thread.join().unwrap();
        assert_eq!(here.wakes_count(), 1, "the one that stays was not told");
        assert_eq!((Arc::strong_count(&gone), Arc::strong_count(&here)), (1, 1), "a waker is kept");
    });
}

/// [own-key]: a slot that was given up belongs to the next waiter, beside the one that gave it up.
#[test]
fn a_waiter_that_goes_takes_its_waker_before_the_end() {
    model(|| {
        let promise: Promise<u32> = Promise::new();
        let mut goes = promise.clone();
        let (gone, here) = (Bell::new(), Bell::new());
        assert!(!poll(&mut goes, &gone), "nobody has set it");
        let mut comes = promise.clone();
        let coming = here.clone();
        let thread = thread::spawn(move || {
            assert!(!poll(&mut comes, &coming), "nobody has set it");
            comes
        });
        drop(goes);
        let comes = thread.join().unwrap();
        assert_eq!(Arc::strong_count(&gone), 1, "the waker of a waiter that is gone is kept");
        promise.set_result(7).unwrap();
        assert_eq!((gone.wakes_count(), here.wakes_count()), (0, 1));
        drop(comes);
    });
}
