//! Futures of `block_on` and tasks of local sets, in runtimes that are observed.

use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use heist::runtime::{Builder, Dump, Handle, TaskActivity, TaskDump, TaskKind};
use heist::task::{LocalSet, spawn_local, yield_now};

use crate::dump_when;
use crate::support::{Shape, backends, builder};

const TIME: Duration = Duration::from_millis(20);

fn each(test: impl Fn(&mut Builder)) {
    for kind in backends() {
        for shape in [Shape::CurrentThread, Shape::MultiThread] {
            test(builder(shape, kind).observe(true));
        }
    }
}

fn of_kind(dump: &Dump, kind: TaskKind) -> Vec<&TaskDump> {
    dump.tasks().iter().filter(|task| task.kind() == kind).collect()
}

fn spin() {
    let start = Instant::now();
    while start.elapsed() < TIME {
        std::hint::spin_loop();
    }
}

#[test]
fn the_future_of_block_on_is_listed_where_it_was_called() {
    each(|builder| {
        let rt = builder.build().expect("a runtime that is observed");
        let line = line!() + 1;
        let dump = rt.block_on(async {
            yield_now().await;
            spin();
            // It may be looked at before its poll has ended.
            let waits = |dump: &Dump| {
                let roots = of_kind(dump, TaskKind::BlockOn);
                roots.len() == 1 && roots[0].activity() == TaskActivity::Waiting
            };
            dump_when("it waits for the dump", waits).await
        });
        let [root] = of_kind(&dump, TaskKind::BlockOn)[..] else { panic!("one future, and not {dump}") };
        assert_eq!((root.location().file(), root.location().line()), (file!(), line));
        assert_eq!(root.reasons().len(), 0);
        let stats = root.stats().expect("it is observed");
        assert!(stats.polls() >= 2 && stats.busy() >= TIME && stats.busy() <= stats.age(), "{stats:?}");
        assert!(dump.to_string().contains("block_on"), "{dump}");
        // It has ended.
        let dump = rt.block_on(async { heist::spawn(Handle::current().dump()).await }).unwrap();
        assert_eq!(of_kind(&dump, TaskKind::BlockOn).len(), 1, "{dump}");
    });
}

/// On each thread of the program, as long as it is there.
#[test]
fn each_block_on_is_listed_until_it_ends() {
    each(|builder| {
        let rt = builder.build().expect("a runtime that is observed");
        let (end, ended) = heist::sync::oneshot::channel::<()>();
        let (begin, begun) = mpsc::channel();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                rt.block_on(async {
                    begin.send(()).expect("the test waits");
                    ended.await.expect("the test ends it");
                });
            });
            begun.recv().expect("it has begun");
            rt.block_on(async {
                let both = |dump: &Dump| of_kind(dump, TaskKind::BlockOn).len() == 2;
                dump_when("both are listed", both).await;
                end.send(()).expect("it waits");
                let is_alone = |dump: &Dump| of_kind(dump, TaskKind::BlockOn).len() == 1;
                // On one thread the other future is polled when this one has ended or waits.
                dump_when("the other one has ended", is_alone).await;
            });
            other.join().expect("no panic");
        });
    });
}

#[test]
fn a_block_on_that_panics_is_not_listed_any_more() {
    each(|builder| {
        let rt = builder.build().expect("a runtime that is observed");
        let panics = std::panic::AssertUnwindSafe(|| rt.block_on(async { panic!("on purpose") }));
        std::panic::catch_unwind(panics).expect_err("it has panicked");
        let dump = rt.block_on(async { Handle::current().dump().await });
        assert_eq!(of_kind(&dump, TaskKind::BlockOn).len(), 1, "{dump}");
    });
}

#[test]
fn tasks_of_a_local_set_are_listed_until_they_end() {
    each(|builder| {
        let rt = builder.build().expect("a runtime that is observed");
        let set = LocalSet::new();
        let (send, sent) = heist::sync::oneshot::channel::<()>();
        set.block_on(&rt, async {
            let shared = Rc::new(());
            let waiting = spawn_local(async move {
                let _shared = shared;
                yield_now().await;
                sent.await.expect("the test sends");
            });
            let polled_twice = |dump: &Dump| {
                let of_set = of_kind(dump, TaskKind::LocalSet);
                let has_yielded = |task: &TaskDump| task.stats().is_some_and(|stats| stats.polls() >= 2);
                // It may be looked at before its poll has ended.
                let waits = |task: &TaskDump| task.activity() == TaskActivity::Waiting;
                of_set.len() == 1 && has_yielded(of_set[0]) && waits(of_set[0])
            };
            let dump = dump_when("it is listed", polled_twice).await;
            let task = dump.task(waiting.id()).expect("it is alive");
            assert_eq!(task.location().file(), file!());
            assert!(dump.to_string().contains("local set"), "{dump}");
            send.send(()).expect("it waits");
            waiting.await.unwrap();
            let dump = Handle::current().dump().await;
            assert!(of_kind(&dump, TaskKind::LocalSet).is_empty(), "{dump}");
        });
        // A set that has ended is not listed.
        set.spawn_local(pending::<()>());
        drop(set);
        let dump = rt.block_on(async { Handle::current().dump().await });
        assert!(of_kind(&dump, TaskKind::LocalSet).is_empty(), "{dump}");
    });
}

/// In a task, on a worker.
#[test]
fn a_set_in_a_local_task_is_a_guest_too() {
    each(|builder| {
        let rt = builder.build().expect("a runtime that is observed");
        let local = rt.spawn(async {
            spawn_local(async {
                let set = LocalSet::new();
                set.spawn_local(pending::<()>());
                set.run_until(async {
                    let is_listed = |dump: &Dump| of_kind(dump, TaskKind::LocalSet).len() == 1;
                    dump_when("its task is listed", is_listed).await;
                })
                .await;
            })
            .await
        });
        rt.block_on(local).unwrap().unwrap();
    });
}

#[test]
fn a_runtime_that_is_not_observed_lists_neither() {
    for kind in backends() {
        for shape in [Shape::CurrentThread, Shape::MultiThread] {
            let rt = builder(shape, kind).observe(false).build().expect("a runtime");
            let set = LocalSet::new();
            let dump = set.block_on(&rt, async {
                drop(spawn_local(pending::<()>()));
                yield_now().await;
                Handle::current().dump().await
            });
            assert_eq!(dump.tasks().len(), 0, "{dump}");
        }
    }
}
