//! Closures on the blocking pool.

use heist::runtime::{Dump, Handle, Runtime, TaskActivity, TaskKind};
use heist::task::{Id, JoinHandle, spawn_blocking};

use crate::dump_when;
use crate::support::{Gate, Shape, backends, builder, watched};

/// Runtimes whose pool has one thread.
fn on_each(test: impl Fn(&Runtime)) {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| test(&builder(shape, kind).max_blocking_threads(1).build().unwrap()));
        }
    }
}

fn activity_in(dump: &Dump, id: Id) -> Option<TaskActivity> {
    let task = dump.task(id)?;
    assert_eq!((task.kind(), task.reasons()), (TaskKind::Blocking, &[][..]));
    Some(task.activity())
}

#[test]
fn closures_that_run_and_that_wait_for_a_thread_are_listed() {
    on_each(|rt| {
        rt.block_on(async {
            let gate = Gate::default();
            let opened = gate.clone();
            let line = line!() + 1;
            let first = spawn_blocking(move || opened.wait());
            let waiting: Vec<_> = (0..5).map(|_| spawn_blocking(|| ())).collect();
            let runs = |dump: &Dump| activity_in(dump, first.id()) == Some(TaskActivity::Running);
            let dump = dump_when("the first one runs", runs).await;
            assert_eq!(dump.tasks().len(), 6, "{dump}");
            for task in &waiting {
                assert_eq!(activity_in(&dump, task.id()), Some(TaskActivity::Runnable));
            }
            let location = dump.task(first.id()).unwrap().location();
            assert_eq!((location.file(), location.line()), (file!(), line));
            let text = dump.to_string();
            assert!(text.contains("5 blocking tasks ("), "{text}");
            assert!(text.contains(&format!("task {}, blocking, spawned at ", first.id())), "{text}");
            gate.open();
            for task in waiting.into_iter().chain([first]) {
                let id = task.id();
                task.await.unwrap();
                // At once: not when its thread comes to the next closure.
                assert!(Handle::current().dump().await.task(id).is_none());
            }
        });
    });
}

#[test]
fn a_task_that_awaits_a_closure_stands_above_it() {
    on_each(|rt| {
        rt.block_on(async {
            let gate = Gate::default();
            let opened = gate.clone();
            let closure = spawn_blocking(move || opened.wait());
            let id = closure.id();
            let waiting = heist::spawn(async move { closure.await.is_ok() });
            let is_seen = |dump: &Dump| {
                let has_reason = dump.task(waiting.id()).is_some_and(|task| !task.reasons().is_empty());
                has_reason && activity_in(dump, id) == Some(TaskActivity::Running)
            };
            let dump = dump_when("it waits for the closure", is_seen).await;
            let text = dump.to_string();
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[1].starts_with(&format!("task {}, spawned at ", waiting.id())), "{text}");
            assert_eq!(lines[2], format!("  for the end of task {id}"), "{text}");
            assert!(lines[3].starts_with(&format!("  task {id}, blocking, spawned at ")), "{text}");
            assert!(lines[3].ends_with(": running"), "{text}");
            assert!(dump.deadlocks().is_empty(), "{text}");
            gate.open();
            assert!(waiting.await.unwrap());
        });
    });
}

#[test]
fn closures_that_panic_or_are_aborted_are_not_listed() {
    on_each(|rt| {
        rt.block_on(async {
            let gate = Gate::default();
            let opened = gate.clone();
            let first = spawn_blocking(move || opened.wait());
            let aborted = spawn_blocking(|| ());
            aborted.abort();
            let panicking: JoinHandle<()> = spawn_blocking(|| panic!("on purpose"));
            let ids = [first.id(), aborted.id(), panicking.id()];
            gate.open();
            first.await.unwrap();
            assert!(aborted.await.unwrap_err().is_cancelled());
            assert!(panicking.await.unwrap_err().is_panic());
            let dump = Handle::current().dump().await;
            assert!(ids.iter().all(|id| dump.task(*id).is_none()), "{dump}");
        });
    });
}
