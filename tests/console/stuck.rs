//! Runtimes whose workers are all in polls that do not end.

use std::future::pending;
use std::sync::mpsc;
use std::time::Duration;

use heist::runtime::{Builder, Runtime};
use heist::task::{JoinHandle, TaskBuilder};
use serde_json::{Value, json};

use crate::support::{Gate, backends, builder, watched};
use crate::{Client, Opener, SHAPES, beside, on_each, scratch};

/// Keeps every worker in a poll until the gate opens.
fn stick(runtime: &Runtime) -> (Opener, Vec<JoinHandle<()>>) {
    let gate = Gate::default();
    let tasks = (0..runtime.workers()).map(|index| {
        let (opened, begun) = (gate.clone(), Gate::default());
        let begins = begun.clone();
        let work = async move {
            begins.open();
            opened.wait();
        };
        let task = TaskBuilder::new().name(format!("stuck {index}")).spawn_on(work, runtime.handle());
        begun.wait();
        task
    });
    let tasks = tasks.collect();
    (Opener(gate), tasks)
}

/// A worker that is not stuck would make this test of nothing: the dump says that they are.
#[test]
fn every_request_is_answered_while_all_workers_are_stuck() {
    on_each(|runtime, path| {
        let waiting = TaskBuilder::new().name("waiting").spawn_on(pending::<()>(), runtime.handle());
        Client::connect(path).task_when("tasks", "waiting", |task| task["activity"] == "waiting");
        let (gate, tasks) = stick(runtime);
        let mut client = Client::connect(path);
        // A dump leaves tasks of its own behind, until somebody runs them.
        assert_eq!(client.ask("metrics").lines[0]["metrics"]["live_tasks"], runtime.workers() + 1);
        let listed = client.ask("tasks");
        let dumped = client.ask("dump");
        for answer in [&listed, &dumped] {
            assert_eq!(answer.lines.len(), runtime.workers() + 1);
            for index in 0..runtime.workers() {
                assert_eq!(answer.named(&format!("stuck {index}")).unwrap()["activity"], "running");
            }
            assert!(answer.named("waiting").is_some());
        }
        assert!(client.ask("text").lines[0]["text"].as_str().unwrap().contains("\"waiting\""));
        client.ask("stalls");
        gate.open();
        waiting.abort();
        for task in tasks {
            runtime.handle().block_on(task).unwrap();
        }
    });
}

/// Mutant: the log adds the end of a poll to the list instead of replacing its beginning.
#[test]
fn a_slow_poll_is_listed_while_it_goes_on_and_when_it_is_over() {
    on_each(|runtime, path| {
        let mut client = Client::connect(path);
        // On a busy machine others may be slow as well.
        let id_of = |task: &JoinHandle<()>| task.id().to_string().parse::<u64>().unwrap();
        let when = |client: &mut Client, id: u64, is_over: bool| -> Value {
            let start = std::time::Instant::now();
            loop {
                let answer = client.ask("stalls");
                assert_eq!(answer.count(), answer.lines.len() as u64);
                let found: Vec<&Value> = answer.lines.iter().filter(|line| line["task"] == id).collect();
                assert!(found.len() <= 1, "{found:?}");
                if let Some(line) = found.first().filter(|line| line["is_over"] == is_over) {
                    return Value::clone(line);
                }
                assert!(start.elapsed() < crate::support::PATIENCE / 2, "waited in vain: {found:?}");
            }
        };
        let (gate, tasks) = stick(runtime);
        let id = id_of(&tasks[0]);
        let line = when(&mut client, id, false);
        assert_eq!(line["name"], "stuck 0");
        assert_eq!(line["location"]["file"], file!());
        assert!(line["worker"].as_u64().unwrap() < runtime.workers() as u64);
        assert!(line["duration_us"].as_u64().unwrap() >= 10_000, "{line}");
        let later = when(&mut client, id, false);
        assert!(later["duration_us"].as_u64() > line["duration_us"].as_u64(), "it goes on: {later}");
        assert!(client.ask("metrics").lines[0]["metrics"]["slow_polls"].as_u64().unwrap() >= 1);
        gate.open();
        let over = when(&mut client, id, true);
        assert_eq!((&over["name"], &over["location"]), (&line["name"], &line["location"]));
        assert!(over["ago_ms"].is_u64(), "{over}");
    });
}

#[test]
fn the_last_64_slow_polls_are_kept() {
    on_each(|runtime, path| {
        let metrics = runtime.handle().metrics();
        let mut last = None;
        // One that the watchdog's thread comes to too late is missed.
        while metrics.num_slow_polls() < 70 {
            let slow = runtime.spawn(async { std::thread::sleep(Duration::from_millis(25)) });
            last = Some(slow.id());
            runtime.handle().block_on(slow).unwrap();
        }
        let last: u64 = last.unwrap().to_string().parse().unwrap();
        crate::support::eventually("the last one is over", || {
            let answer = Client::connect(path).ask("stalls");
            assert!(answer.count() <= 64);
            let found = answer.lines.iter().find(|line| line["task"] == last);
            answer.count() == 64 && found.is_some_and(|line| line["is_over"] == true)
        });
    });
}

/// The threshold is the builder's, and the program is told as well. On a busy machine also of other polls.
#[test]
fn the_programs_own_hook_is_called_beside_the_console() {
    for kind in backends() {
        for shape in SHAPES {
            watched(|| {
                let (_directory, path) = scratch();
                let (tell, told) = mpsc::channel();
                let mut builder: Builder = builder(shape, kind);
                builder.slow_poll_threshold(Duration::from_millis(2)).console(&path);
                let runtime = builder
                    .on_slow_poll(move |poll| {
                        tell.send(poll.task()).unwrap_or(());
                        panic!("on purpose");
                    })
                    .build()
                    .unwrap();
                let (runtime, path) = (&runtime, &path);
                beside(runtime, move || {
                    let (gate, tasks) = stick(runtime);
                    while told.recv().unwrap() != Some(tasks[0].id()) {}
                    let id: u64 = tasks[0].id().to_string().parse().unwrap();
                    let answer = Client::connect(path).ask("stalls");
                    let line = answer.lines.iter().find(|line| line["task"] == id).expect("the log has it");
                    assert_eq!(line["is_over"], json!(false));
                    gate.open();
                    for task in tasks {
                        runtime.handle().block_on(task).unwrap();
                    }
                });
            });
        }
    }
}
