//! Counts and times of tasks, in runtimes that are observed.

use std::future::pending;
use std::time::{Duration, Instant};

#[cfg(unix)]
use heist::runtime::Builder;
use heist::runtime::{Dump, Handle, TaskStats};
use heist::task::{Id, yield_now};

use crate::dump_when;
#[cfg(unix)]
use crate::support::process::{again, everything, expect_success, role};
use crate::support::{Shape, backends, builder};

const TIME: Duration = Duration::from_millis(30);

fn observed(test: impl Fn(&heist::runtime::Runtime)) {
    for kind in backends() {
        for shape in [Shape::CurrentThread, Shape::MultiThread] {
            test(&builder(shape, kind).observe(true).build().expect("a runtime that is observed"));
        }
    }
}

fn stats_in(dump: &Dump, id: Id) -> TaskStats {
    *dump.task(id).and_then(|task| task.stats()).expect("it is alive and observed")
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[test]
fn each_task_has_its_polls_its_parent_and_its_worker() {
    observed(|rt| {
        rt.block_on(async {
            let parent = heist::spawn(async {
                let child = heist::spawn(async {
                    for _ in 0..9 {
                        yield_now().await;
                    }
                    pending::<()>().await;
                });
                let id = child.id();
                drop(child);
                (heist::task::id(), id)
            });
            let (parent, child) = parent.await.unwrap();
            let is_done = |dump: &Dump| stats_in(dump, child).polls() >= 10;
            let dump = dump_when("the child has yielded nine times", is_done).await;
            let stats = stats_in(&dump, child);
            assert_eq!(stats.parent(), Some(parent));
            assert!(stats.worker().is_some_and(|worker| worker < Handle::current().metrics().num_workers()));
            assert!(dump.to_string().contains(&format!("idle; spawned by task {parent}")), "{dump}");
        });
    });
}

#[test]
fn the_age_of_a_task_is_its_busy_its_runnable_and_its_idle_time() {
    observed(|rt| {
        rt.block_on(async {
            let (send, sent) = heist::sync::oneshot::channel();
            let task = heist::spawn(async {
                spin(TIME);
                heist::time::sleep(TIME).await;
                send.send(()).expect("the test waits");
                pending::<()>().await;
            });
            // A dump polls the task, and it is due after that: the first one comes when it has slept.
            sent.await.expect("it does not panic");
            let dump = Handle::current().dump().await;
            let stats = stats_in(&dump, task.id());
            assert!(stats.busy() >= TIME && stats.idle() >= TIME / 2, "{stats:?}");
            assert!(stats.busy() + stats.scheduled() + stats.idle() <= stats.age(), "{stats:?}");
            assert!(stats.age() >= 2 * TIME, "{stats:?}");
            task.abort();
        });
    });
}

#[test]
fn a_task_that_waits_for_its_thread_is_runnable_for_that_time() {
    for kind in backends() {
        let rt = builder(Shape::CurrentThread, kind).observe(true).build().expect("a runtime");
        rt.block_on(async {
            let task = heist::spawn(pending::<()>());
            spin(TIME);
            let dump = Handle::current().dump().await;
            let stats = stats_in(&dump, task.id());
            assert!(stats.scheduled() >= TIME && stats.busy() < TIME, "{stats:?}");
            assert_eq!((stats.moves(), stats.parent()), (0, None));
        });
    }
}

/// The clock of the runtime stands still, so its worker sees no reason to look after anything else.
#[test]
fn the_time_of_the_future_of_block_on_is_not_that_of_the_tasks_after_it() {
    for kind in backends() {
        let rt = builder(Shape::CurrentThread, kind).observe(true).start_paused(true).build();
        let rt = rt.expect("a runtime that is observed");
        rt.block_on(async {
            let task = heist::spawn(async {
                loop {
                    yield_now().await;
                }
            });
            for _ in 0..3 {
                yield_now().await;
                spin(TIME);
            }
            let stats = stats_in(&Handle::current().dump().await, task.id());
            assert!(stats.busy() < TIME && stats.scheduled() >= 2 * TIME, "{stats:?}");
        });
    }
}

/// A dump polls a task that waits, which was not due.
#[test]
fn the_time_before_a_dump_is_no_wait_for_a_thread() {
    observed(|rt| {
        rt.block_on(async {
            let task = heist::spawn(pending::<()>());
            let has_been_polled = |dump: &Dump| stats_in(dump, task.id()).polls() > 0;
            let before = stats_in(&dump_when("it has been polled", has_been_polled).await, task.id());
            heist::time::sleep(TIME).await;
            // The first one polls it, the second one sees what that has counted.
            Handle::current().dump().await;
            let after = stats_in(&Handle::current().dump().await, task.id());
            assert!(after.idle() >= before.idle() + TIME / 2, "{before:?}, then {after:?}");
        });
    });
}

#[test]
fn a_group_of_tasks_shows_its_sums() {
    observed(|rt| {
        rt.block_on(async {
            let tasks: Vec<_> = (0..100).map(|_| heist::spawn(pending::<()>())).collect();
            let dump = dump_when("all have been polled", |dump| {
                tasks.iter().all(|task| stats_in(dump, task.id()).polls() > 0)
            })
            .await;
            let polls: u64 = tasks.iter().map(|task| stats_in(&dump, task.id()).polls()).sum();
            assert!(dump.to_string().contains(&format!("  {polls} polls: ")), "{dump}");
        });
    });
}

#[test]
fn without_observation_there_are_no_figures() {
    for kind in backends() {
        let rt = builder(Shape::MultiThread, kind).observe(false).build().expect("a runtime");
        rt.block_on(async {
            let task = heist::spawn(pending::<()>());
            let dump = Handle::current().dump().await;
            assert_eq!(dump.task(task.id()).expect("it is alive").stats(), None);
            assert!(!dump.to_string().contains("poll"), "{dump}");
        });
    }
}

/// The variable is of the process, so each value has one of its own.
#[cfg(unix)]
#[test]
fn the_variable_counts_unless_the_builder_says() {
    const TEST: &str = "stats::the_variable_counts_unless_the_builder_says";
    match role().as_deref() {
        None => {
            for (value, text) in [("1", "true false"), ("0", "false false"), ("", "false false")] {
                let out = expect_success(again(TEST, "look").env("HEIST_OBSERVE", value));
                assert!(out.contains(&format!("observed: {text}")), "{value:?}: {out}");
            }
            let out = everything(&again(TEST, "look").env("HEIST_OBSERVE", "yes").output().unwrap());
            assert!(out.contains("HEIST_OBSERVE is \"yes\"; it must be 1 or 0"), "{out}");
        }
        Some(_) => {
            let is_observed = |builder: &mut Builder| {
                let rt = builder.build().unwrap_or_else(|error| panic!("{error}"));
                let task = rt.spawn(pending::<()>());
                rt.block_on(rt.handle().dump()).task(task.id()).expect("it is alive").stats().is_some()
            };
            let by_default = is_observed(&mut Builder::new_current_thread());
            println!("observed: {by_default} {}", is_observed(Builder::new_current_thread().observe(false)));
        }
    }
}
