//! Reports of polls that take long.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use heist::runtime::{Builder, Runtime, SlowPoll};
use heist::task::{LocalSet, TaskBuilder, yield_now};

use crate::support::{Gate, PATIENCE, Shape, backends, builder, watched};

const THRESHOLD: Duration = Duration::from_millis(10);

/// A runtime, and what it reports.
fn watched_runtime(builder: &mut Builder) -> (Runtime, Receiver<SlowPoll>) {
    let (send, receive) = mpsc::channel();
    builder.on_slow_poll(move |poll| send.send(poll.clone()).unwrap_or(()));
    (builder.build().unwrap(), receive)
}

fn each_runtime(test: impl Fn(Runtime, Receiver<SlowPoll>)) {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| {
                let (runtime, reports) = watched_runtime(&mut builder(shape, kind));
                test(runtime, reports);
            });
        }
    }
}

/// The next report of `line`. A machine that takes a core away may cause others.
fn report_of(reports: &Receiver<SlowPoll>, line: u32, is_over: bool) -> SlowPoll {
    let is_wanted = |poll: &SlowPoll| {
        poll.is_over() == is_over && poll.location().is_some_and(|place| place.line() == line)
    };
    loop {
        let poll = reports.recv_timeout(PATIENCE / 2).expect("a report");
        if is_wanted(&poll) {
            return poll;
        }
    }
}

#[test]
fn a_poll_that_does_not_end_is_reported_while_it_lasts_and_when_it_is_over() {
    each_runtime(|runtime, reports| {
        let gate = Gate::default();
        let opened = gate.clone();
        let line = line!() + 1;
        let slow = runtime.spawn(async move { opened.wait() });
        let id = slow.id();
        let reader = std::thread::spawn(move || {
            let first = report_of(&reports, line, false);
            gate.open();
            (first, report_of(&reports, line, true))
        });
        runtime.block_on(slow).unwrap();
        // The end is seen when the worker goes on.
        while !reader.is_finished() {
            runtime.block_on(runtime.spawn(yield_now())).unwrap();
        }
        let (first, last) = reader.join().unwrap();
        assert_eq!((first.task(), last.task()), (Some(id), Some(id)));
        assert_eq!(first.worker(), last.worker());
        assert!(first.worker() < runtime.workers());
        assert!(THRESHOLD <= first.duration() && first.duration() <= last.duration(), "{first:?}, {last:?}");
        assert!(runtime.handle().metrics().num_slow_polls() >= 1);
    });
}

#[test]
fn the_future_of_block_on_is_reported_without_a_task() {
    for kind in backends() {
        watched(|| {
            let (runtime, reports) = watched_runtime(&mut builder(Shape::CurrentThread, kind));
            let poll = runtime.block_on(async {
                loop {
                    let poll = reports.recv_timeout(PATIENCE / 2).expect("a report of this wait");
                    if poll.task().is_none() {
                        return poll;
                    }
                }
            });
            assert_eq!((poll.location(), poll.worker()), (None, 0));
        });
    }
}

#[test]
fn local_tasks_are_found() {
    each_runtime(|runtime, reports| {
        let line = line!() + 4;
        let (tell, told) = mpsc::channel();
        let spawn = async move {
            let gate = told;
            heist::task::spawn_local(async move { gate.recv().is_ok() }).await.unwrap()
        };
        let local = runtime.spawn(spawn);
        let reader = std::thread::spawn(move || {
            report_of(&reports, line, false);
            tell.send(()).unwrap();
        });
        assert!(runtime.block_on(local).unwrap());
        reader.join().unwrap();
    });
}

/// Lets a named task block until its report has come.
fn expect_name(reports: &Receiver<SlowPoll>, task: heist::task::Id, tell: &mpsc::Sender<()>) {
    loop {
        let poll = reports.recv_timeout(PATIENCE / 2).expect("a report");
        if poll.task() == Some(task) {
            assert_eq!(poll.name(), Some("blocker"));
            return tell.send(()).unwrap();
        }
    }
}

#[test]
fn the_name_of_a_task_is_reported() {
    each_runtime(|runtime, reports| {
        let (tell, told) = mpsc::channel();
        let named = TaskBuilder::new().name("blocker");
        let task = named.spawn_on(async move { told.recv().is_ok() }, runtime.handle());
        let id = task.id();
        let reader = std::thread::spawn(move || expect_name(&reports, id, &tell));
        assert!(runtime.block_on(task).unwrap());
        reader.join().unwrap();
    });
}

/// The watchdog does not know its place, but its name.
#[test]
fn the_name_of_a_task_of_a_set_is_reported() {
    for kind in backends() {
        watched(|| {
            let (runtime, reports) = watched_runtime(&mut builder(Shape::CurrentThread, kind));
            let set = LocalSet::new();
            let (tell, told) = mpsc::channel();
            let task =
                TaskBuilder::new().name("blocker").spawn_local_on(async move { told.recv().is_ok() }, &set);
            let id = task.id();
            let reader = std::thread::spawn(move || expect_name(&reports, id, &tell));
            assert!(set.block_on(&runtime, task).unwrap());
            reader.join().unwrap();
        });
    }
}

/// Neither sleep nor many short polls are slow.
#[test]
fn what_yields_or_sleeps_is_not_reported() {
    watched(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        // So long that no machine takes a core away for it.
        builder.slow_poll_threshold(Duration::from_secs(30));
        let (runtime, reports) = watched_runtime(&mut builder);
        let yields = runtime.spawn(async {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(100) {
                yield_now().await;
            }
        });
        runtime.block_on(async {
            heist::time::sleep(Duration::from_millis(100)).await;
            yields.await.unwrap();
        });
        assert_eq!(runtime.handle().metrics().num_slow_polls(), 0);
        drop(runtime);
        assert!(reports.try_recv().is_err());
    });
}

#[test]
fn a_report_that_panics_stops_neither_reports_nor_workers() {
    watched(|| {
        let (send, receive) = mpsc::channel();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_slow_poll(move |_| {
                send.send(()).unwrap_or(());
                panic!("a report panics");
            })
            .build()
            .unwrap();
        for _ in 0..2 {
            let (tell, told) = mpsc::channel::<()>();
            let slow = runtime.spawn(async move { told.recv().is_ok() });
            receive.recv_timeout(PATIENCE / 2).expect("a report");
            tell.send(()).unwrap();
            assert!(runtime.block_on(slow).unwrap());
        }
    });
}

#[test]
fn a_report_may_end_the_runtime() {
    watched(|| {
        let (give, get) = mpsc::channel::<Runtime>();
        let (tell, told) = mpsc::channel();
        let get = std::sync::Mutex::new(get);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_slow_poll(move |_| {
                if let Ok(runtime) = get.lock().unwrap().try_recv() {
                    runtime.shutdown_background();
                    tell.send(()).unwrap();
                }
            })
            .build()
            .unwrap();
        let gate = Gate::default();
        let opened = gate.clone();
        drop(runtime.spawn(async move { opened.wait() }));
        give.send(runtime).unwrap();
        told.recv_timeout(PATIENCE / 2).expect("a report");
        gate.open();
    });
}

#[test]
fn a_threshold_below_a_millisecond_is_refused() {
    let threshold = Duration::from_micros(999);
    let error = Builder::new_multi_thread().slow_poll_threshold(threshold).build().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "slow_poll_threshold is 999µs, and must be at least 1 ms");
}

/// The threads of a runtime end with it.
#[cfg(target_os = "linux")]
#[test]
fn the_watchdog_ends_with_its_runtime() {
    let test = "slow_polls::the_watchdog_ends_with_its_runtime";
    if crate::support::process::role().is_none() {
        // In a process of its own, whose threads are counted.
        crate::support::process::expect_success(&mut crate::support::process::again(test, "counts"));
        return;
    }
    let threads_count = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads_count();
    for shape in [Shape::MultiThread, Shape::CurrentThread] {
        let (runtime, _reports) = watched_runtime(&mut builder(shape, heist::runtime::DriverKind::Poll));
        assert!(threads_count() > before);
        drop(runtime);
        crate::support::eventually("all threads have ended", || threads_count() == before);
    }
}
