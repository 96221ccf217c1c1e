//! Dumps at SIGQUIT.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use heist::runtime::{DriverKind, Runtime};

use crate::support::process::{again, role};
use crate::support::{Gate, PATIENCE, Shape, WORKER_COUNT, builder, watched};

fn raise_quit() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::QUIT).unwrap();
}

/// In the child: all workers are stuck, and a task waits. It goes on when its input ends.
fn get_stuck(shape: Shape) {
    let runtime: Runtime = builder(shape, DriverKind::Poll).dump_on_quit().build().unwrap();
    drop(runtime.spawn(std::future::pending::<()>()));
    let gate = Gate::default();
    let stuck: Vec<_> = match shape {
        Shape::CurrentThread => Vec::new(),
        Shape::MultiThread => (0..WORKER_COUNT)
            .map(|_| {
                let (gate, begun) = (gate.clone(), Gate::default());
                let begins = begun.clone();
                let task = runtime.spawn(async move {
                    begins.open();
                    gate.wait();
                });
                begun.wait();
                task
            })
            .collect(),
    };
    raise_quit();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    gate.open();
    for task in stuck {
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn a_quit_signal_writes_a_dump_also_of_workers_that_are_stuck() {
    let test = "quit::a_quit_signal_writes_a_dump_also_of_workers_that_are_stuck";
    match role().as_deref() {
        Some("many") => return get_stuck(Shape::MultiThread),
        Some(_) => return get_stuck(Shape::CurrentThread),
        None => {}
    }
    for (role, expected) in [
        ("many", format!("{} tasks: {WORKER_COUNT} running, ", WORKER_COUNT + 1)),
        ("one", String::from("1 task: 0 running, 1 runnable, 0 waiting")),
    ] {
        watched(|| {
            let mut child = again(test, role).stdin(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
            let seen: Vec<String> = {
                let mut seen = Vec::new();
                for line in lines {
                    seen.push(line);
                    let has_places =
                        seen.iter().filter(|line| line.contains("spawned at tests/dump/quit.rs")).count();
                    if seen.iter().any(|line| line.starts_with(&*expected)) && has_places > 0 {
                        break;
                    }
                }
                seen
            };
            assert!(seen.iter().any(|line| line.starts_with(&*expected)), "{expected} is not in {seen:#?}");
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success());
        });
    }
}

/// The thread ends with the runtime, however that ends, and a signal after it does no harm.
#[test]
fn a_runtime_that_dumps_on_quit_ends_like_any_other() {
    let test = "quit::a_runtime_that_dumps_on_quit_ends_like_any_other";
    if role().is_none() {
        // In a process of its own, whose threads are counted.
        crate::support::process::expect_success(&mut again(test, "ends"));
        return;
    }
    let threads_count = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads_count();
    for shape in [Shape::MultiThread, Shape::CurrentThread] {
        let make = || builder(shape, DriverKind::Poll).dump_on_quit().build().unwrap();
        drop(make());
        // A thread that was joined stays in the list for a moment.
        crate::support::eventually("the thread has ended", || threads_count() == before);
        make().shutdown_background();
        make().shutdown_timeout(PATIENCE / 2);
        crate::support::eventually("all threads have ended", || threads_count() == before);
        raise_quit();
    }
}
