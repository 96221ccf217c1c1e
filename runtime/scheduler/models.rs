//! Loom models of going to sleep and being woken, and of the end of a runtime.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;

use futures_task::{FutureObj, waker, waker_ref};

use super::hand_over::HandOver;
use super::idle::Idle;
use super::lookout::LookoutCall;
use super::park::{Gate, Parker, WakeFlag};
use super::seat::PinnedInbox;
use super::shutdown_barrier::ShutdownBarrier;
use super::shutdown_hooks::ShutdownHooks;
use super::shutdown_stage::ShutdownStage;
use super::surplus::Surplus;
use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::queue::deque::{self, Owner, Stealer};
use crate::queue::injector::Injector;
use crate::task::{Cause, Header, Id, OwnedTasks, Runnable, Schedule};

/// Workers as the idle protocol sees them: a queue from which all may take, and one parker each.
struct Workshop {
    idle: Idle,
    injector: Injector<u32>,
    parkers: Vec<Arc<Parker>>,
    taken: AtomicUsize,
    /// A worker that takes [`PATIENT`] sleeps here until another value is taken.
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

    /// Like `SharedScheduler::inject` and `SharedScheduler::announce`.
    fn push(&self, value: u32) {
        self.injector.push(value);
        self.announce();
    }

    fn announce(&self) {
        if let Some(index) = self.idle.worker_to_wake() {
            self.parkers[index].unpark();
        }
    }

    /// Like `Worker::run`: searches, then parks, until all workers together have taken `total`
    /// values.
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

/// [no-lost-work]: if the push were lost, the worker would sleep for ever and loom would report a
/// deadlock.
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

/// [no-lost-work] with two workers: the searcher answers for a push that is not announced because a
/// worker searches.
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

/// [no-lost-work] if the searcher that a push relied on gets stuck: it must have announced the rest
/// before.
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

/// [watched]: two sentinels leave their duty with work to run while a third worker goes to sleep.
/// It sleeps on duty, or one of the two woke it.
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

/// [called]: a worker leaves its duty with work to run while the lookout lies down. The lookout
/// sees that no sentinel watches, or is called.
#[test]
fn leaving_duty_meets_a_lookout_that_lies_down() {
    model(|| {
        let idle = ModelArc::new(Idle::new(1));
        let call = ModelArc::new(LookoutCall::new());
        assert!(idle.try_take_duty());
        let worker = {
            let (idle, call) = (idle.clone(), call.clone());
            thread::spawn(move || {
                idle.leave_duty();
                assert!(idle.sentinel_to_wake().is_none(), "nobody sleeps");
                if !idle.has_sentinel() && call.is_asleep() {
                    call.call();
                }
            })
        };
        call.announce_sleep();
        if idle.has_sentinel() {
            // This sleeps for ever if it is not called: loom would report a deadlock.
            call.sleep();
        } else {
            call.cancel_sleep();
        }
        worker.join().unwrap();
    });
}

/// [called]: a call is not lost between the last look and the sleep.
#[test]
fn a_call_meets_a_lookout_that_falls_asleep() {
    model(|| {
        let call = ModelArc::new(LookoutCall::new());
        call.announce_sleep();
        let caller = {
            let call = call.clone();
            thread::spawn(move || assert!(call.call(), "nobody else calls"))
        };
        call.sleep();
        assert!(!call.is_asleep());
        caller.join().unwrap();
    });
}

/// [one-token]: values written before a notification are seen after the gate opens, and no
/// notification is lost.
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
            // This is the sleep. It ends when the notifier sets `bell`.
            while !bell.load(Ordering::Acquire) {
                thread::yield_now();
            }
            gate.open();
        }
        assert!(message.load(Ordering::Relaxed), "awake without the message");
        notifier.join().unwrap();
    });
}

/// [one-token] for `block_on`: a wake during the poll, or between the poll and the sleep, is not
/// lost.
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

/// If two workers announce at once, the second one sees the first one's searcher: one worker is
/// woken, and counts as searching.
#[test]
fn two_announcers_wake_one_worker() {
    model(|| {
        let idle = ModelArc::new(Idle::new(3));
        idle.park(0, false);
        idle.park(1, false);
        let other = {
            let idle = idle.clone();
            thread::spawn(move || idle.worker_to_wake())
        };
        let woken: Vec<usize> = idle.worker_to_wake().into_iter().chain(other.join().unwrap()).collect();
        assert_eq!(woken.len(), 1, "{woken:?}");
        assert!(idle.unpark(woken[0]), "who was chosen searches");
        assert!(idle.stop_searching(), "and is the only one");
    });
}

/// [no-lost-work]: a worker that wakes by itself is no longer among those that can be woken.
#[test]
fn an_awake_worker_is_not_woken_instead_of_a_sleeper() {
    model(|| {
        let idle = ModelArc::new(Idle::new(2));
        idle.park(0, false);
        idle.park(1, false);
        let other = {
            let idle = idle.clone();
            thread::spawn(move || idle.unpark(1))
        };
        let woken = idle.worker_to_wake();
        match (woken, other.join().unwrap()) {
            (Some(1), was_chosen) => assert!(was_chosen, "it was chosen, and must hear of it"),
            (Some(0), was_chosen) => assert!(!was_chosen, "the other one was chosen"),
            outcome => panic!("nobody was woken, or nobody who sleeps: {outcome:?}"),
        }
    });
}

/// Two workers, one of which has a ring and its overflow. Their contents together are worth sharing
/// from [`WORTH`] values on.
struct Bench {
    idle: Idle,
    surplus: Surplus,
    stealer: Stealer<u32>,
    overflow: Injector<u32>,
    parker: Arc<Parker>,
    patience: Arc<Parker>,
    is_done: AtomicBool,
}

const WORTH: usize = 2;

impl Bench {
    fn len(&self) -> usize {
        self.stealer.len() + self.overflow.len()
    }

    /// Like `SharedScheduler::work_is_visible`.
    fn is_visible(&self) -> bool {
        self.surplus
            .find(0, |index| self.surplus.confirm(index, || self.len() >= WORTH).then_some(()))
            .is_some()
    }

    /// Like `Remote::steal`.
    fn steal(&self, into: &Owner<u32>) -> Option<u32> {
        self.overflow.pop_share(into, 2).or_else(|| self.stealer.steal_half(into))
    }

    /// Like `SharedScheduler::announce_backlog`.
    fn announce(&self) {
        if self.surplus.announce(0, &self.idle).is_some() {
            self.parker.unpark();
        }
    }

    /// The worker without a ring. Like `Worker::run`.
    fn help(&self) {
        let (mine, _) = deque::new();
        let mut is_searching = false;
        while !self.is_done.load(Ordering::Acquire) {
            is_searching = is_searching || self.idle.try_search();
            let found = (is_searching && self.is_visible()).then(|| self.steal(&mine)).flatten();
            if found.is_some() {
                if std::mem::take(&mut is_searching) && self.idle.stop_searching() && self.is_visible() {
                    self.announce();
                }
                self.patience.unpark();
                while mine.pop().is_some() {}
                continue;
            }
            self.idle.park(1, std::mem::take(&mut is_searching));
            if self.is_visible() {
                self.idle.unpark_to_search(1);
                is_searching = true;
                continue;
            }
            self.parker.park();
            is_searching = self.idle.unpark(1);
        }
    }
}

/// [no-lost-work] for a ring: from the length on at which it is worth sharing, a helper is awake or
/// woken. The owner waits for the helper here. It would wait for ever for fewer values, so it runs
/// those itself.
#[test]
fn a_ring_worth_sharing_reaches_the_other_worker() {
    share(0);
}

/// The same for a ring and its overflow together.
#[test]
fn an_overflow_worth_sharing_reaches_the_other_worker() {
    share(1);
}

/// The first `overflow_count` values did not fit into the ring.
fn share(overflow_count: u32) {
    model(move || {
        let (owner, stealer) = deque::new();
        let bench = ModelArc::new(Bench {
            idle: Idle::new(2),
            surplus: Surplus::new(2),
            stealer,
            overflow: Injector::new(),
            parker: Parker::new(),
            patience: Parker::new(),
            is_done: AtomicBool::new(false),
        });
        let helper = {
            let bench = bench.clone();
            thread::spawn(move || bench.help())
        };
        for value in 0..WORTH as u32 {
            match value < overflow_count {
                true => bench.overflow.push(value),
                false => owner.push(value).unwrap(),
            }
            if bench.len() >= WORTH {
                bench.announce();
            }
        }
        bench.patience.park();
        // The remaining values are not worth sharing: the owner does not sleep over them.
        while owner.pop().or_else(|| bench.overflow.pop_share(&owner, 1)).is_some() {}
        assert_eq!(bench.len(), 0);
        // Ordering: Release, like `SharedScheduler::close`, before the unparking.
        bench.is_done.store(true, Ordering::Release);
        bench.parker.unpark();
        helper.join().unwrap();
    });
}

/// [listed-surplus]: a worker pushes while a searcher strikes it out.
#[test]
fn a_push_meets_a_searcher_that_strikes_its_worker_out() {
    model(|| {
        let idle = ModelArc::new(Idle::new(2));
        let surplus = ModelArc::new(Surplus::new(2));
        let backlog = ModelArc::new(AtomicUsize::new(0));
        let _ = surplus.announce(0, &idle);
        let pusher = {
            let (idle, surplus, backlog) = (idle.clone(), surplus.clone(), backlog.clone());
            thread::spawn(move || {
                // Ordering: Relaxed on purpose, here and below: the fences must order it.
                backlog.store(1, Ordering::Relaxed);
                let _ = surplus.announce(0, &idle);
            })
        };
        let is_seen = surplus.confirm(0, || backlog.load(Ordering::Relaxed) > 0);
        pusher.join().unwrap();
        assert!(is_seen || surplus.find(0, Some).is_some(), "a backlog that nobody will find");
    });
}

/// [listed-surplus] with two levels: a worker adds itself while a searcher strikes out the last one
/// of the same word, and a third worker parks. One of them knows of the backlog.
#[test]
fn a_worker_adds_itself_while_its_word_is_struck_out() {
    model(|| {
        let idle = ModelArc::new(Idle::new(3));
        let surplus = ModelArc::new(Surplus::new(3));
        let _ = surplus.announce(1, &idle);
        let pusher = {
            let (idle, surplus) = (idle.clone(), surplus.clone());
            thread::spawn(move || surplus.announce(0, &idle).is_some())
        };
        let parker = {
            let (idle, surplus) = (idle.clone(), surplus.clone());
            thread::spawn(move || {
                idle.park(2, false);
                surplus.find(0, |index| (index == 0).then_some(())).is_some()
            })
        };
        let looks_again = surplus.confirm(1, || false);
        let is_known = pusher.join().unwrap() | parker.join().unwrap();
        assert_eq!(surplus.find(0, Some), Some(0), "it is not listed");
        assert!(is_known || looks_again, "a worker sleeps beside a backlog");
    });
}

/// [no-lost-work] at the end: a task is injected while the runtime closes. A closing worker, which
/// sleeps uncounted, finds it, or the injecting thread sees the closing and unparks all workers.
/// Like `SharedScheduler::inject`, `SharedScheduler::close` and `Worker::shut_down`.
#[test]
fn a_task_injected_while_the_runtime_closes_is_found() {
    model(|| {
        let workshop = Workshop::new(1);
        let closing = ModelArc::new(ShutdownStage::new());
        let injecting = {
            let (workshop, closing) = (workshop.clone(), closing.clone());
            thread::spawn(move || {
                workshop.push(1);
                if closing.has_begun() {
                    workshop.parkers[0].unpark();
                }
            })
        };
        closing.begin();
        Idle::stop_counting();
        // One task is alive, and it must be run or dropped here.
        while workshop.injector.pop().is_none() {
            workshop.parkers[0].park();
        }
        injecting.join().unwrap();
    });
}

/// [one-token] for a notification that finds the gate closed: the opening acquires what it
/// publishes, whatever ends the sleep.
#[test]
fn a_notification_during_the_sleep_publishes() {
    model(|| {
        let gate = ModelArc::new(Gate::new());
        let message = ModelArc::new(AtomicBool::new(false));
        assert!(gate.close());
        let notifier = {
            let (gate, message) = (gate.clone(), message.clone());
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the gate must publish it.
                message.store(true, Ordering::Relaxed);
                assert!(gate.notify(), "it was closed");
            })
        };
        while gate.is_closed() {
            thread::yield_now();
        }
        gate.open();
        assert!(message.load(Ordering::Relaxed), "awake without the message");
        notifier.join().unwrap();
        assert!(gate.close(), "the notification was consumed");
    });
}

/// [one-token]: one notification ends one sleep. If there were no second one, loom would report the
/// second sleep as a deadlock.
#[test]
fn a_parker_sleeps_once_per_notification() {
    model(|| {
        let parker = Parker::new();
        let notifications = ModelArc::new(AtomicUsize::new(0));
        let notifier = {
            let (parker, notifications) = (parker.clone(), notifications.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    // Ordering: Relaxed on purpose: the parker must publish it.
                    notifications.fetch_add(1, Ordering::Relaxed);
                    parker.unpark();
                }
            })
        };
        parker.park();
        let seen = notifications.load(Ordering::Relaxed);
        assert!(seen > 0, "awake without a notification");
        if seen == 1 {
            parker.park();
            assert_eq!(notifications.load(Ordering::Relaxed), 2, "awake without a notification");
        }
        notifier.join().unwrap();
    });
}

/// [root-wake]: two threads wake the future that `block_on` polls in a loop. When both have done
/// so, either the last poll has seen both causes or another poll follows.
#[test]
fn wakes_of_a_root_future_lead_to_a_poll_that_sees_their_causes() {
    model(|| {
        let wake_flag = ModelArc::new(WakeFlag::new());
        let causes = ModelArc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let wakers = [0, 1].map(|index| {
            let (wake_flag, causes) = (wake_flag.clone(), causes.clone());
            thread::spawn(move || {
                // Ordering: Relaxed on purpose: the flag must publish it.
                causes[index].store(true, Ordering::Relaxed);
                wake_flag.set();
            })
        });
        // Ordering: Relaxed, as above.
        let poll = || causes.iter().filter(|cause| cause.load(Ordering::Relaxed)).count();
        assert!(wake_flag.take(), "the first poll needs no wake");
        let mut seen = poll();
        for _ in 0..2 {
            if wake_flag.take() {
                seen = poll();
            }
        }
        for waker in wakers {
            waker.join().unwrap();
        }
        assert!(seen == 2 || wake_flag.take(), "the future sleeps over a wake");
    });
}

/// [pinned-thread]: a posted task is read on its own thread, though only a flag without an ordering
/// of its own reports it: the gate publishes the flag.
#[test]
fn a_posted_pinned_task_is_taken_on_its_own_thread() {
    model(|| {
        let home = ModelArc::new((PinnedInbox::new(), Gate::new()));
        let sender = {
            let home = home.clone();
            thread::spawn(move || {
                home.0.post(1u32);
                let _must_ring = home.1.notify();
            })
        };
        let mut tasks = VecDeque::new();
        home.0.take_all(&mut tasks);
        if home.1.close() {
            // This is the sleep, whatever ends it.
            while home.1.is_closed() {
                thread::yield_now();
            }
            home.1.open();
        }
        home.0.take_all(&mut tasks);
        assert_eq!(tasks, [1], "the owner was woken and finds nothing");
        sender.join().unwrap();
    });
}

/// The end of a runtime with one task, which another worker runs.
struct LastTask {
    owned: OwnedTasks,
    closing: ShutdownStage,
    parker: Arc<Parker>,
}

impl Schedule for ModelArc<LastTask> {
    fn schedule(&self, _task: Runnable, _cause: Cause) {
        unreachable!("it runs, and nobody wakes it");
    }

    /// Like `SchedulerHandle::release`.
    fn release(&self, task: &Header) {
        self.owned.remove(task);
        if self.closing.must_notify_end(&self.owned) {
            self.parker.unpark();
        }
    }
}

/// [last-is-notified]: a closing worker waits until another one has run the last task. Like
/// `Worker::shut_down`.
#[test]
fn the_end_of_the_last_task_is_noticed() {
    model(|| {
        let last = ModelArc::new(LastTask {
            owned: OwnedTasks::new(1),
            closing: ShutdownStage::new(),
            parker: Parker::new(),
        });
        let (runnable, handle) = last.owned.bind(async {}, last.clone(), Id::next(), Location::caller());
        let runnable = runnable.expect("the list is open");
        let other = thread::spawn(move || assert!(runnable.run_once().is_none()));
        last.closing.begin();
        Idle::stop_counting();
        last.owned.close_and_shutdown_all(0);
        while !last.owned.is_empty() {
            last.parker.park();
        }
        other.join().unwrap();
        drop(handle);
    });
}

/// [hooks-before-close]: a cancelled task gives a clean-up back while the end of the runtime looks.
/// The end takes it, and notices the delay that ends after it.
#[test]
fn a_clean_up_that_is_given_back_is_taken_by_the_end() {
    model(|| {
        let hooks = ModelArc::new(ShutdownHooks::new());
        hooks.begin_delay();
        let there = hooks.clone();
        let cancelled = thread::spawn(move || {
            there.give_back(FutureObj::new(Box::new(async {})));
            there.end_delay();
        });
        let parker = Parker::new();
        let waker = waker(parker.clone());
        let mut taken_count = 0;
        loop {
            hooks.register(&waker);
            taken_count += hooks.call_all().len();
            if !hooks.are_running() {
                break;
            }
            parker.park();
        }
        assert_eq!(taken_count, 1, "the clean-up is lost");
        cancelled.join().unwrap();
    });
}

/// A task that runs while the others are cancelled.
struct Cleared {
    owned: OwnedTasks,
    closing: ShutdownStage,
    hooks: ShutdownHooks,
}

impl Schedule for ModelArc<Cleared> {
    fn schedule(&self, _task: Runnable, _cause: Cause) {
        unreachable!("it runs, and nobody wakes it");
    }

    /// Like `SchedulerHandle::release`.
    fn release(&self, task: &Header) {
        self.owned.remove(task);
        if self.closing.must_notify_end(&self.owned) {
            self.hooks.wake();
        }
    }
}

/// [hooks-before-close]: the end of the runtime is notified of the last task that it has cancelled,
/// and opens the list to the clean-ups.
#[test]
fn the_end_hears_of_the_last_task_that_it_has_cancelled() {
    model(|| {
        let cleared = ModelArc::new(Cleared {
            owned: OwnedTasks::new(1),
            closing: ShutdownStage::new(),
            hooks: ShutdownHooks::new(),
        });
        let bind = || cleared.owned.bind(async {}, cleared.clone(), Id::next(), Location::caller());
        let (runnable, _handle) = bind();
        let runnable = runnable.expect("the list is open");
        let worker = thread::spawn(move || assert!(runnable.run_once().is_none()));
        let parker = Parker::new();
        let waker = waker(parker.clone());
        cleared.closing.clear();
        cleared.owned.close_and_abort_all();
        assert!(bind().0.is_none(), "what is spawned meanwhile is refused");
        loop {
            cleared.hooks.register(&waker);
            if cleared.owned.is_empty() {
                break;
            }
            parker.park();
        }
        cleared.closing.reopen();
        cleared.owned.reopen();
        let (clean_up, _handle) = bind();
        assert!(clean_up.expect("the list is open again").run_once().is_none());
        worker.join().unwrap();
    });
}

/// [last-is-notified]: a closing worker does not wait for a task that blocks in place, whenever
/// that begins. Like `Local::step_out`.
#[test]
fn the_end_does_not_wait_for_a_task_that_blocks_in_place() {
    model(|| {
        let last = ModelArc::new(LastTask {
            owned: OwnedTasks::new(1),
            closing: ShutdownStage::new(),
            parker: Parker::new(),
        });
        let (runnable, handle) = last.owned.bind(async {}, last.clone(), Id::next(), Location::caller());
        let (runnable, there) = (runnable.expect("the list is open"), last.clone());
        let served = Parker::new();
        let end = served.clone();
        let other = thread::spawn(move || {
            if there.closing.step_out() {
                there.parker.unpark();
            }
            // The closure waits for something that ends with the runtime.
            end.park();
            there.closing.step_in();
            assert!(runnable.run_once().is_none());
        });
        last.closing.begin();
        Idle::stop_counting();
        while !last.closing.has_absent_only(&last.owned) {
            last.parker.park();
        }
        served.unpark();
        other.join().unwrap();
        assert!(last.owned.is_empty());
        drop(handle);
    });
}

/// [last-is-notified]: a task that has blocked in place and continues is not mistaken for another
/// one that is left.
#[test]
fn a_task_that_steps_in_does_not_hide_another() {
    model(|| {
        let last = ModelArc::new(LastTask {
            owned: OwnedTasks::new(1),
            closing: ShutdownStage::new(),
            parker: Parker::new(),
        });
        let bind = || last.owned.bind(async {}, last.clone(), Id::next(), Location::caller());
        let ((absent, first), (left, second)) = (bind(), bind());
        let (absent, left) = (absent.expect("the list is open"), left.expect("the list is open"));
        let _closing = last.closing.step_out();
        let there = last.clone();
        let other = thread::spawn(move || {
            there.closing.step_in();
            assert!(absent.run_once().is_none());
        });
        assert!(!last.closing.has_absent_only(&last.owned), "one is left, and nobody ran it");
        other.join().unwrap();
        assert!(left.run_once().is_none());
        drop((first, second));
    });
}

/// [handed-once]: a queue that is handed over becomes the other thread's, or comes back. The end
/// that is not used any more neither loses nor drops its tasks.
#[test]
#[expect(unsafe_code, reason = "a queue is handed over")]
fn a_queue_that_is_handed_over_has_one_owner() {
    model(|| {
        let (queue, stealer) = deque::new::<u32>();
        queue.push(1).expect("there is room");
        // SAFETY: [ring-owner] the end is used again only after it was taken back.
        let hand_over = HandOver::new(0, unsafe { queue.hand_on() });
        let there = hand_over.clone();
        let other = thread::spawn(move || {
            let queue = there.take()?;
            queue.push(2).expect("there is room");
            Some((queue.pop(), queue.pop()))
        });
        let own = hand_over.take().map(|taken| {
            queue.take_back(taken);
            queue.push(2).expect("there is room");
            (queue.pop(), queue.pop())
        });
        drop(queue);
        let others = other.join().unwrap();
        assert_eq!([own, others].into_iter().flatten().collect::<Vec<_>>(), [(Some(1), Some(2))]);
        assert_eq!(stealer.len(), 0);
    });
}

/// [told-at-the-end]: two workers meet, end, and a thread waits for both.
#[test]
fn workers_meet_at_the_end_and_are_waited_for() {
    model(|| {
        let barrier = ModelArc::new(ShutdownBarrier::new(2));
        let worker = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.finish_work(true);
                barrier.finish();
            })
        };
        let other = {
            let barrier = barrier.clone();
            thread::spawn(move || barrier.forget_one())
        };
        assert!(barrier.wait_until_ended(None));
        worker.join().unwrap();
        other.join().unwrap();
    });
}

/// [told-at-the-end]: a thread without a worker ends while another one waits for it.
#[test]
fn a_thread_without_a_worker_is_waited_for() {
    model(|| {
        let barrier = ModelArc::new(ShutdownBarrier::new(1));
        barrier.count_loose();
        let loose = {
            let barrier = barrier.clone();
            thread::spawn(move || barrier.forget_loose())
        };
        assert!(barrier.wait_until_returned(None));
        loose.join().unwrap();
    });
}
