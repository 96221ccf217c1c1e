//! Models of `Shared`, the handle that threads share.

use core::pin::Pin;
use std::sync::Arc;

use super::{AlreadyExecuting, Next, Resume, Shared, State, Step};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::model;
use crate::primitive::thread::{spawn, yield_now};

const ITEMS_COUNT: usize = 3;

/// Counts by a plain field: if two threads were in it at once, loom would see both in the cell
/// around it.
struct Counter {
    next: usize,
}

impl Resume for Counter {
    type Yield = usize;
    type Argument = Next;
    type Return = ();

    fn state(&self) -> State {
        if self.next == ITEMS_COUNT { State::Closed } else { State::Suspended }
    }

    fn resume(mut self: Pin<&mut Self>, _: Option<Next>) -> Step<usize, ()> {
        self.next += 1;
        // A step takes time, during which other threads may call.
        yield_now();
        Step::Yielded(self.next)
    }

    fn abort(mut self: Pin<&mut Self>) {
        self.next = ITEMS_COUNT;
    }
}

/// `[one-claim]`: each item goes to one thread; a thread is refused only while another is inside.
#[test]
fn each_item_goes_to_one_thread() {
    model(|| {
        let shared = Shared::new(Counter { next: 0 });
        let sum = Arc::new(AtomicUsize::new(0));
        let other = {
            let (shared, sum) = (shared.clone(), sum.clone());
            spawn(move || take(&shared, &sum))
        };
        let here_count = take(&shared, &sum);
        let there_count = other.join().unwrap();
        assert!(here_count + there_count > 0, "somebody is let in");
        // Now no other thread uses it.
        while let Ok(Some(item)) = shared.try_next() {
            sum.fetch_add(item, Ordering::Relaxed);
        }
        assert_eq!(sum.load(Ordering::Relaxed), 1 + 2 + 3);
        assert_eq!((shared.try_next(), shared.state()), (Ok(None), State::Closed));
    });
}

fn take(shared: &Shared<Counter>, sum: &AtomicUsize) -> usize {
    match shared.try_next() {
        Ok(Some(item)) => {
            sum.fetch_add(item, Ordering::Relaxed);
            1
        }
        Ok(None) => unreachable!("there are more items than calls"),
        Err(AlreadyExecuting) => 0,
    }
}

/// `[one-claim]`: a thread that sees a body closed, without claiming it, sees what the body did.
#[test]
fn a_thread_that_sees_a_body_closed_sees_what_it_did() {
    model(|| {
        let shared = Shared::new(Counter { next: ITEMS_COUNT - 1 });
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let (shared, work) = (shared.clone(), work.clone());
            spawn(move || {
                let mut claim = shared.try_lock().expect("nobody else claims it");
                // Relaxed on purpose: the end of the claim must publish it.
                work.store(1, Ordering::Relaxed);
                claim.as_mut().abort();
            })
        };
        // A thread of its own, started last: otherwise loom would never schedule its load after the
        // end of the claim.
        let watcher = spawn(move || {
            if shared.state() == State::Closed {
                assert_eq!(work.load(Ordering::Relaxed), 1, "it is closed, and has done nothing");
            }
        });
        other.join().unwrap();
        watcher.join().unwrap();
    });
}
