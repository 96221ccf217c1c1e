//! Loom models of this room. Each names the invariant that it checks; `DESIGN.md` defines the tags.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::model;
use crate::primitive::thread;

use super::notice::{Mark, Notice};

struct Told(AtomicBool);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed: read after the threads have ended.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// [after-what-was-given-up], [nobody-sleeps-on]: an operation that was given up ends while two
/// others come after it.
#[test]
fn a_stray_is_over_before_others_begin_and_wakes_them() {
    model(|| {
        let notice = Arc::new(Notice::new());
        let is_done = Arc::new(AtomicBool::new(false));
        let mark = Mark::new(&notice);
        notice.begin_stray();
        let kernel = {
            let is_done = is_done.clone();
            thread::spawn(move || {
                // Ordering: Relaxed: this stands for the effect of the operation; the notice orders
                // it.
                is_done.store(true, Ordering::Relaxed);
                drop(mark);
            })
        };
        let waits = [Arc::new(Told(AtomicBool::new(false))), Arc::new(Told(AtomicBool::new(false)))];
        let mut waiters = [None, None];
        let mut was_free = [false; 2];
        for (index, told) in waits.iter().enumerate() {
            let waker = Waker::from(told.clone());
            notice.add_waiter(&mut waiters[index], &Context::from_waker(&waker));
            was_free[index] = !notice.has_strays();
            // Ordering: Relaxed: as above.
            assert!(!was_free[index] || is_done.load(Ordering::Relaxed), "it came before the stray was over");
        }
        kernel.join().expect("the kernel's thread");
        for (told, was_free) in waits.iter().zip(was_free) {
            // Ordering: Relaxed: the thread has ended.
            assert!(was_free || told.0.load(Ordering::Relaxed), "it sleeps on");
        }
        assert!(notice.is_quiet());
    });
}

/// [after-what-was-given-up]: one look without a lock.
#[test]
fn a_caller_that_sees_nothing_to_wait_for_comes_after_it() {
    model(|| {
        let notice = Arc::new(Notice::new());
        let is_done = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let mark = Mark::new(&notice);
        notice.begin_stray();
        notice.mark(true);
        let others = [(0, Some(mark)), (1, None)].map(|(index, mark)| {
            let (notice, is_done) = (notice.clone(), is_done.clone());
            thread::spawn(move || {
                // Ordering: Relaxed: as above.
                is_done[index].store(true, Ordering::Relaxed);
                match mark {
                    Some(mark) => drop(mark),
                    None => notice.mark(false),
                }
            })
        });
        if notice.is_quiet() {
            // Ordering: Relaxed: as above.
            assert!(is_done.iter().all(|is_done| is_done.load(Ordering::Relaxed)), "it came before the end");
        }
        others.into_iter().for_each(|other| other.join().expect("a thread"));
        assert!(notice.is_quiet());
    });
}
