//! A dump lists every task once, ends whatever the workers do, and disturbs nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use heist::net::TcpStream;
use heist::runtime::{Builder, Dump, Handle, Runtime, TaskActivity, TaskKind};
use heist::task::{Id, JoinHandle, yield_now};

use crate::dump_when;
use crate::support::{Gate, echo, loud, on_every_runtime, two_workers, watched, with_every_runtime};

#[test]
fn every_task_is_listed_once() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let tasks: Vec<_> = (0..10_000).map(|_| heist::spawn(std::future::pending::<()>())).collect();
            let dump = Handle::current().dump().await;
            let mut wanted: Vec<Id> = tasks.iter().map(JoinHandle::id).collect();
            wanted.sort();
            let found: Vec<Id> = dump.tasks().iter().map(heist::runtime::TaskDump::id).collect();
            assert_eq!(found, wanted, "the dump's own tasks are not listed");
            let line = dump.tasks()[0].location().line();
            assert!(dump.tasks().iter().all(|task| task.location().line() == line));
            tasks.iter().for_each(JoinHandle::abort);
        });
    });
}

#[test]
fn a_task_that_has_ended_is_not_listed() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let task = heist::spawn(async {});
            let id = task.id();
            task.await.unwrap();
            assert!(Handle::current().dump().await.task(id).is_none());
        });
    });
}

/// The poll that looks is one too many for each of them, and each has to go on.
#[test]
fn traffic_goes_on_under_dumps() {
    on_every_runtime(|rt| {
        let (address, server) = echo::start(rt);
        let is_over = Arc::new(AtomicBool::new(false));
        let client = |number: u8| async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (mutex, notify) = (heist::sync::Mutex::new(0_u32), heist::sync::Notify::new());
            for round in 0..200_u32 {
                let sent = [number; 100];
                stream.write_all(&sent).await.unwrap();
                let mut received = [0; 100];
                stream.read_exact(&mut received).await.unwrap();
                assert_eq!(received, sent);
                *mutex.lock().await += 1;
                notify.notify_one();
                notify.notified().await;
                heist::time::sleep(Duration::from_micros(u64::from(round % 3) * 100)).await;
            }
            mutex.into_inner()
        };
        rt.block_on(async {
            let clients: Vec<_> = (0..8).map(|number| heist::spawn(client(number))).collect();
            let stop = is_over.clone();
            let dumps = heist::spawn(async move {
                let mut count = 0;
                while !stop.load(Ordering::SeqCst) {
                    Handle::current().dump().await;
                    count += 1;
                }
                count
            });
            for client in clients {
                assert_eq!(client.await.unwrap(), 200);
            }
            is_over.store(true, Ordering::SeqCst);
            assert!(dumps.await.unwrap() > 0);
        });
        drop(server);
    });
}

#[test]
fn local_tasks_are_looked_at_on_their_own_thread() {
    on_every_runtime(|rt| {
        let spawn_some = async || {
            let thread = std::thread::current().id();
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    heist::task::spawn_local(async move {
                        let (_sender, receiver) = heist::sync::oneshot::channel::<()>();
                        let mut receiver = std::pin::pin!(receiver);
                        std::future::poll_fn(|cx| {
                            assert_eq!(std::thread::current().id(), thread, "polled elsewhere");
                            receiver.as_mut().poll(cx)
                        })
                        .await
                    })
                })
                .collect();
            let ids: Vec<Id> = tasks.iter().map(JoinHandle::id).collect();
            let all_have_reasons = |dump: &Dump| {
                ids.iter().all(|id| dump.task(*id).is_some_and(|task| !task.reasons().is_empty()))
            };
            let dump = dump_when("all local tasks have reasons", all_have_reasons).await;
            assert!(ids.iter().all(|id| dump.task(*id).unwrap().kind() == TaskKind::Local));
            tasks.iter().for_each(JoinHandle::abort);
            for task in tasks {
                task.await.unwrap_err();
            }
        };
        rt.block_on(rt.spawn(async move { heist::task::spawn_local(spawn_some()).await.unwrap() })).unwrap();
    });
}

/// Then nobody can look, but the tasks can still be listed.
#[test]
fn a_dump_ends_although_all_workers_are_stuck() {
    watched(|| {
        let runtime = two_workers();
        let (stuck, gate) = (Arc::new(std::sync::Barrier::new(3)), Gate::default());
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let (stuck, gate) = (stuck.clone(), gate.clone());
                runtime.spawn(async move {
                    stuck.wait();
                    gate.wait();
                })
            })
            .collect();
        stuck.wait();
        let waits = runtime.spawn(std::future::pending::<()>());
        let dump = futures::executor::block_on(runtime.handle().dump());
        for task in &tasks {
            assert_eq!(dump.task(task.id()).unwrap().activity(), TaskActivity::Running, "{dump}");
        }
        assert!(dump.task(waits.id()).is_some(), "{dump}");
        gate.open();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_dump_ends_although_nobody_runs_the_loop() {
    watched(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let task = runtime.spawn(std::future::pending::<()>());
        let dump = futures::executor::block_on(runtime.handle().dump());
        assert_eq!(dump.task(task.id()).unwrap().activity(), TaskActivity::Runnable);
    });
}

#[test]
fn a_runtime_ends_while_dumps_are_taken() {
    with_every_runtime(|runtime| {
        let handle = runtime.handle().clone();
        for _ in 0..100 {
            drop(runtime.spawn(std::future::pending::<()>()));
        }
        let taker = std::thread::spawn(move || {
            // Until the runtime has dropped its tasks.
            while !futures::executor::block_on(handle.dump()).tasks().is_empty() {}
        });
        runtime.block_on(async { Handle::current().dump().await });
        drop(runtime);
        taker.join().unwrap();
    });
}

#[test]
fn a_dump_that_is_given_up_leaves_nothing_behind() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let task = heist::spawn(std::future::pending::<()>());
            for _ in 0..50 {
                let dump = Handle::current().dump();
                heist::time::timeout(Duration::from_micros(50), dump).await.ok();
            }
            let is_alone = |dump: &Dump| dump.tasks().len() == 1;
            dump_when("the lookers have ended", is_alone).await;
            let metrics = Handle::current().metrics();
            while metrics.num_alive_tasks() > 1 {
                yield_now().await;
            }
            task.abort();
        });
    });
}

/// A task that panics when it is polled too early panics as it would after any wake-up.
#[test]
fn a_panic_in_a_poll_that_looks_is_the_tasks_own() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut polls = 0;
            let task = heist::spawn(std::future::poll_fn(move |_| {
                polls += 1;
                assert!(polls < 2, "polled too early");
                std::task::Poll::<()>::Pending
            }));
            while !task.is_finished() {
                Handle::current().dump().await;
            }
            assert!(task.await.unwrap_err().is_panic());
            // The worker that looked goes on.
            assert_eq!(heist::spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

/// The largest pause of a task that only yields, while a dump is taken.
fn longest_pause(runtime: &Runtime, tasks_count: usize) -> (Duration, Dump) {
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..tasks_count).map(|_| heist::spawn(heist::time::sleep(Duration::from_secs(3600)))).collect();
        while Handle::current().metrics().num_timers() < tasks_count {
            yield_now().await;
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = is_over.clone();
        let pauses = heist::spawn(async move {
            let (mut longest, mut last) = (Duration::ZERO, Instant::now());
            while !stop.load(Ordering::SeqCst) {
                yield_now().await;
                let now = Instant::now();
                longest = longest.max(now - last);
                last = now;
            }
            longest
        });
        let dump = Handle::current().dump().await;
        is_over.store(true, Ordering::SeqCst);
        let longest = pauses.await.unwrap();
        tasks.iter().for_each(JoinHandle::abort);
        (longest, dump)
    })
}

/// How long others wait depends on the machine, so it is printed; that they run meanwhile does not.
#[test]
fn a_dump_of_many_tasks_lets_others_run() {
    watched(|| {
        let runtime = two_workers();
        let count = 100_000;
        let start = Instant::now();
        // A dump ends without the rest if its worker was taken away for too long.
        loop {
            let (longest, dump) = longest_pause(&runtime, count);
            loud(&format!("{count} tasks: longest pause {longest:?}, in all {:?}", start.elapsed()));
            let with_reasons = dump.tasks().iter().filter(|task| task.reasons().len() == 1).count();
            if with_reasons >= count / 2 {
                return assert_eq!(dump.tasks().len(), count + 1, "and the one that yields");
            }
            while runtime.handle().metrics().num_alive_tasks() > 0 {
                runtime.block_on(runtime.spawn(yield_now())).unwrap();
            }
        }
    });
}
