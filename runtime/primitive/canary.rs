//! A race that an explorer must find. It fails if the shim ever stops being one.

use super::atomic::{AtomicUsize, Ordering};
use super::sync::ModelArc;
use super::thread;

#[cfg(rt_loom)]
fn check(f: impl Fn() + Send + Sync + 'static) {
    loom::model(f);
}

#[cfg(rt_shuttle)]
fn check(f: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(f, 1000);
}

/// Loses an increment. The test names the explorer itself but takes its atomics from the shim.
/// If the shim were std, the explorer would see one interleaving, the assertion would hold, and
/// this test would fail because nothing panics.
#[test]
#[should_panic(expected = "an increment was lost")]
fn a_lost_increment_is_found() {
    check(|| {
        let count = ModelArc::new(AtomicUsize::new(0));
        let other = count.clone();
        let thread = thread::spawn(move || {
            let seen = other.load(Ordering::SeqCst);
            other.store(seen + 1, Ordering::SeqCst);
        });
        let seen = count.load(Ordering::SeqCst);
        count.store(seen + 1, Ordering::SeqCst);
        thread.join().unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2, "an increment was lost");
    });
}
