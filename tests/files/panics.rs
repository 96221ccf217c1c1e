//! Wakers and destructors of a program that panic: nobody else is disturbed.
#![expect(unsafe_code, reason = "a buffer whose destructor panics")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use heist::fs::File;
use heist::io::IoBuf;
use heist::runtime::{DriverKind, Runtime};

use crate::support::{Counter, Gate, Shape, builder, eventually, watched};

struct Bomb(Counter);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.bump();
        panic!("a destructor panics, as this test wants");
    }
}

// SAFETY: the bytes are static.
unsafe impl IoBuf for Bomb {
    fn as_ptr(&self) -> *const u8 {
        b"bomb".as_ptr()
    }

    fn bytes_init(&self) -> usize {
        4
    }
}

fn is_pending<F: Future>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_pending()
}

/// Keeps the only thread of the pool until the gate opens.
fn keep_pool_busy(runtime: &Runtime) -> Gate {
    let (is_begun, gate) = (Gate::default(), Gate::default());
    let (begun, held) = (is_begun.clone(), gate.clone());
    drop(runtime.spawn_blocking(move || {
        begun.open();
        held.wait();
    }));
    is_begun.wait();
    gate
}

fn with_one_thread(test: impl Fn(Runtime)) {
    for shape in [Shape::MultiThread, Shape::CurrentThread] {
        watched(|| test(builder(shape, DriverKind::Poll).max_blocking_threads(1).build().unwrap()));
    }
}

/// Calls that wait for a thread of the pool are dropped when the runtime ends, and their buffers with them.
#[test]
fn destructors_that_panic_do_not_get_out_of_the_end_of_a_runtime() {
    with_one_thread(|runtime| {
        let drops = Counter::default();
        let gate = keep_pool_busy(&runtime);
        let entered = runtime.enter();
        for _ in 0..3 {
            let file = File::from_std(tempfile::tempfile().unwrap());
            let given_up = pin!(file.write_owned_at(Bomb(drops.clone()), 0));
            assert!(is_pending(given_up, Waker::noop()));
        }
        drop(entered);
        let opener = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            gate.open();
        });
        drop(runtime);
        opener.join().unwrap();
        assert_eq!(drops.get(), 3);
    });
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker panics, as this test wants");
    }
}

struct Counts(Counter);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.bump();
    }
}

/// Among those who wait until a write that was given up is over.
#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_woken() {
    with_one_thread(|runtime| {
        let wakes = Counter::default();
        let (bad, good) = (Waker::from(Arc::new(Panics)), Waker::from(Arc::new(Counts(wakes.clone()))));
        let file = File::from_std(tempfile::tempfile().unwrap());
        let gate = keep_pool_busy(&runtime);
        let entered = runtime.enter();
        {
            let given_up = pin!(file.write_owned_at(vec![1; 10], 0));
            assert!(is_pending(given_up, Waker::noop()));
        }
        let mut first = pin!(file.write_owned_at(vec![2; 10], 0));
        let mut second = pin!(file.write_owned_at(vec![3; 10], 0));
        assert!(is_pending(first.as_mut(), &bad) && is_pending(second.as_mut(), &good));
        drop(entered);
        gate.open();
        eventually("the second is woken", || wakes.get() > 0);
        assert_eq!(runtime.block_on(second).0.unwrap(), 10);
    });
}
