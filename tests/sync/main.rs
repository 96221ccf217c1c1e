//! Locks, permits and notifications: order, cancel safety, wakers that panic, other executors.

mod auto_traits;
mod barrier;
mod broadcast;
mod mpsc;
mod mutex;
mod notify;
mod once_cell;
mod oneshot;
mod rwlock;
mod semaphore;
mod set_once;
#[path = "../support/mod.rs"]
mod support;
mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that counts its wakes, and may do something at each.
struct Bell {
    wakes: AtomicUsize,
    on_wake: Box<dyn Fn() + Send + Sync>,
}

impl Bell {
    fn new() -> Arc<Bell> {
        Bell::with(|| ())
    }

    fn with(on_wake: impl Fn() + Send + Sync + 'static) -> Arc<Bell> {
        Arc::new(Bell { wakes: AtomicUsize::new(0), on_wake: Box::new(on_wake) })
    }

    fn wakes_count(&self) -> usize {
        self.wakes.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        (self.on_wake)();
    }
}

fn poll_with<F: Future>(future: Pin<&mut F>, bell: &Arc<Bell>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(bell.clone())))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn ready<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it is pending"),
    }
}

/// The message of a panic.
fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).expect("a text")
}
