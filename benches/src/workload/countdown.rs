//! The end of a workload of many tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::channel::oneshot;

/// Tells one waiter when everyone has reported.
#[derive(Clone)]
pub(super) struct Countdown(Arc<Inner>);

struct Inner {
    remaining_count: AtomicU64,
    done: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

impl Countdown {
    pub(super) fn from(count: u64) -> (Self, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let done = std::sync::Mutex::new(Some(sender));
        (Countdown(Arc::new(Inner { remaining_count: AtomicU64::new(count), done })), receiver)
    }

    pub(super) fn report(&self) {
        // Ordering: the last one to report must have seen what the others did before they reported.
        if self.0.remaining_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            let sender = self.0.done.lock().expect("no panic").take().expect("taken once, by the last");
            // Whoever waits, waits until now.
            sender.send(()).expect("someone waits");
        }
    }
}
