//! Models of going to sleep and being woken.

use std::sync::Arc;

use futures_task::waker_ref;

use super::idle::Idle;
use super::park::{Gate, Parker};
use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::queue::injector::Injector;

/// Workers as the idle protocol sees them: a queue that all may take from, and a parker each.
struct Workshop {
    idle: Idle,
    injector: Injector<u32>,
    parkers: Vec<Arc<Parker>>,
    taken: AtomicUsize,
    /// Whoever takes [`PATIENT`] sleeps here until somebody takes another value.
    patience: Arc<Parker>,
}

/// A task that blocks its worker until the other task ran.
const PATIENT: u32 = 99;

impl Workshop {
    fn new(workers_count: usize) -> ModelArc<Workshop> {
        ModelArc::new(Workshop {
            idle: Idle::new(workers_count),
            injector: Injector::new(),
            parkers: (0..workers_count).map(|_| Parker::new()).collect(),
            taken: AtomicUsize::new(0),
            patience: Parker::new(),
        })
    }

    /// As `Shared::inject` and `Shared::announce`.
    fn push(&self, value: u32) {
        self.injector.push(value);
        self.announce();
    }

    fn announce(&self) {
        if let Some(index) = self.idle.worker_to_wake() {
            self.parkers[index].unpark();
        }
    }

    /// As `Worker::run`: search, then park, until `total` values were taken by all workers together.
    fn work(&self, index: usize, total: usize) {
        let mut is_searching = false;
        while self.taken.load(Ordering::Acquire) < total {
            is_searching = is_searching || self.idle.try_search();
            if let Some(value) = self.injector.pop() {
                if std::mem::take(&mut is_searching) && self.idle.stop_searching() && self.injector.len() > 0
                {
                    self.announce();
                }
                match value {
                    PATIENT => self.patience.park(),
                    _ => self.patience.unpark(),
                }
                if self.taken.fetch_add(1, Ordering::AcqRel) + 1 == total {
                    self.parkers.iter().for_each(|parker| parker.unpark());
                }
                continue;
            }
            self.idle.park(index, std::mem::take(&mut is_searching));
            if self.injector.len() > 0 {
                self.idle.unpark_to_search(index);
                is_searching = true;
                continue;
            }
            self.parkers[index].park();
            is_searching = self.idle.unpark(index);
        }
    }
}

/// [no-lost-work]: were the push lost, the worker would sleep for ever and loom would report a deadlock.
#[test]
fn a_push_meets_the_last_searcher_that_parks() {
    model(|| {
        let workshop = Workshop::new(1);
        let pusher = {
            let workshop = workshop.clone();
            thread::spawn(move || workshop.push(7))
        };
        workshop.work(0, 1);
        pusher.join().unwrap();
    });
}

/// [no-lost-work] with two workers: a push that is not announced because somebody searches is answered for by the
/// searcher.
#[test]
fn two_pushes_meet_two_workers() {
    model(|| {
        let workshop = Workshop::new(2);
        let other = {
            let workshop = workshop.clone();
            thread::spawn(move || workshop.work(1, 2))
        };
        let pusher = {
            let workshop = workshop.clone();
            thread::spawn(move || {
                workshop.push(1);
                workshop.push(2);
            })
        };
        workshop.work(0, 2);
        other.join().unwrap();
        pusher.join().unwrap();
    });
}

/// [no-lost-work] where the searcher that a push relied on gets stuck: it must have passed the word on before.
#[test]
fn a_push_behind_a_searcher_reaches_the_other_worker() {
    model(|| {
        let workshop = Workshop::new(2);
        let other = {
            let workshop = workshop.clone();
            thread::spawn(move || workshop.work(1, 2))
        };
        let pusher = {
            let workshop = workshop.clone();
            thread::spawn(move || {
                workshop.push(PATIENT);
                workshop.push(1);
            })
        };
        workshop.work(0, 2);
        other.join().unwrap();
        pusher.join().unwrap();
    });
}

/// [watched]: two sentinels leave their duty with work in hand while a third worker goes to sleep. It sleeps on duty, or
/// one of the two woke it.
#[test]
fn leaving_duty_meets_a_worker_that_parks() {
    model(|| {
        let idle = ModelArc::new(Idle::new(3));
        assert!(idle.try_take_duty());
        assert!(idle.try_take_duty());
        let leave = |idle: ModelArc<Idle>| {
            move || {
                idle.leave_duty();
                idle.sentinel_to_wake().is_some()
            }
        };
        let first = thread::spawn(leave(idle.clone()));
        let second = thread::spawn(leave(idle.clone()));
        idle.park(2, false);
        let on_duty = idle.try_take_duty();
        let woken = first.join().unwrap() | second.join().unwrap();
        assert!(on_duty || woken, "somebody sleeps and nobody watches");
    });
}

/// [one-token]: what was written before a notification is seen after the gate opens, and no notification is lost.
#[test]
fn a_notification_meets_a_closing_gate() {
    model(|| {
        let gate = ModelArc::new(Gate::new());
        let bell = ModelArc::new(AtomicBool::new(false));
        let message = ModelArc::new(AtomicBool::new(false));
        let notifier = {
            let (gate, bell, message) = (gate.clone(), bell.clone(), message.clone());
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the gate must publish it.
                message.store(true, Ordering::Relaxed);
                if gate.notify() {
                    bell.store(true, Ordering::Release);
                }
            })
        };
        let notified_before = !gate.close();
        if !notified_before {
            // The sleep: it ends when the bell rings.
            while !bell.load(Ordering::Acquire) {
                thread::yield_now();
            }
            gate.open();
        }
        assert!(message.load(Ordering::Relaxed), "awake without the message");
        notifier.join().unwrap();
    });
}

/// [one-token] for `block_on`: a wake during the poll, or between the poll and the sleep, is not lost.
#[test]
fn block_on_is_unparked() {
    model(|| {
        let parker = Parker::new();
        let is_done = ModelArc::new(AtomicBool::new(false));
        let waker = {
            let (parker, is_done) = (parker.clone(), is_done.clone());
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the parker must publish it.
                is_done.store(true, Ordering::Relaxed);
                waker_ref(&parker).wake_by_ref();
            })
        };
        while !is_done.load(Ordering::Relaxed) {
            parker.park();
        }
        waker.join().unwrap();
    });
}
