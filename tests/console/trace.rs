//! Traces: the polls and wakes of a while.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use heist::runtime::{DriverKind, Runtime};
use heist::sync::Notify;
use heist::task::TaskBuilder;
use serde_json::Value;

use crate::support::{Shape, backends, builder, watched};
use crate::{Answer, Client, SHAPES, beside, scratch, with_console};

const LENGTH_MILLIS: u64 = 200;
const LONG: Duration = Duration::from_millis(3);

fn on_each_observed(test: impl Fn(&Runtime, &Path) + Sync) {
    for kind in backends() {
        for shape in SHAPES {
            watched(|| {
                let (_directory, path) = scratch();
                let runtime = builder(shape, kind).observe(true).console(&path).build().unwrap();
                beside(&runtime, || test(&runtime, &path));
            });
        }
    }
}

fn trace(client: &mut Client, millis: u64) -> Answer {
    client.ask(&format!("trace\",\"for_ms\":{millis},\"x\":\""))
}

fn refusal(client: &mut Client, request: &str) -> String {
    client.send(request);
    let line = client.line().expect("an answer");
    line["error"].as_str().unwrap_or_else(|| panic!("no error: {line}")).to_owned()
}

fn number(line: &Value, field: &str) -> u64 {
    line[field].as_u64().unwrap_or_else(|| panic!("{field} is missing: {line}"))
}

#[test]
fn polls_have_their_place_their_worker_and_their_length() {
    on_each_observed(|runtime, path| {
        let line = line!() + 2;
        let work = TaskBuilder::new().name("work");
        let task = work.spawn_on(
            async {
                loop {
                    let start = Instant::now();
                    while start.elapsed() < LONG {
                        std::hint::spin_loop();
                    }
                    heist::time::sleep(Duration::from_millis(1)).await;
                }
            },
            runtime.handle(),
        );
        let answer = trace(&mut Client::connect(path), LENGTH_MILLIS);
        task.abort();
        let length = number(&answer.end, "length_ns");
        assert!(length >= LENGTH_MILLIS * 1_000_000, "{}", answer.end);
        let polls: Vec<&Value> = answer.lines.iter().filter(|line| line["poll"].is_u64()).collect();
        assert_eq!(number(&answer.end, "polls"), polls.len() as u64);
        let mut of_work: Vec<_> = polls.iter().filter(|poll| poll["name"] == "work").collect();
        of_work.sort_by_key(|poll| number(poll, "began_ns"));
        assert!(of_work.len() > 1, "{:?}", answer.lines);
        let mut before = 0;
        for poll in of_work {
            let (began, ended) = (number(poll, "began_ns"), number(poll, "ended_ns"));
            assert!(before <= began && began < ended && ended <= length, "{poll}");
            assert!(number(poll, "worker") < runtime.workers() as u64);
            assert_eq!(
                (poll["location"]["file"].as_str(), number(&poll["location"], "line")),
                (Some(file!()), line.into())
            );
            before = ended;
        }
        let longest = polls.iter().map(|poll| number(poll, "ended_ns") - number(poll, "began_ns")).max();
        assert!(longest >= Some(LONG.as_nanos() as u64), "{longest:?}");
    });
}

#[test]
fn a_wake_names_the_task_whose_poll_it_was_in() {
    on_each_observed(|runtime, path| {
        let notify = Arc::new(Notify::new());
        let waits = notify.clone();
        let woken = runtime.spawn(async move {
            loop {
                waits.notified().await;
            }
        });
        let waker = runtime.spawn(async move {
            loop {
                notify.notify_one();
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let [woken_id, waker_id] = [&woken, &waker].map(|task| task.id().to_string().parse::<u64>().unwrap());
        let answer = trace(&mut Client::connect(path), LENGTH_MILLIS);
        let wakes: Vec<&Value> = answer.lines.iter().filter(|line| line["wake"].is_u64()).collect();
        assert_eq!(number(&answer.end, "wakes"), wakes.len() as u64);
        let mut of_woken = wakes.iter().filter(|wake| number(wake, "wake") == woken_id).peekable();
        assert!(of_woken.peek().is_some(), "{:?}", answer.lines);
        assert!(of_woken.all(|wake| number(wake, "by") == waker_id), "{wakes:?}");
        // The timer wakes the other one, in no poll.
        let mut of_waker = wakes.iter().filter(|wake| number(wake, "wake") == waker_id).peekable();
        assert!(of_waker.peek().is_some(), "{:?}", answer.lines);
        assert!(of_waker.all(|wake| wake["by"].is_null()), "{wakes:?}");
        woken.abort();
        waker.abort();
    });
}

#[test]
fn a_trace_that_cannot_be_had_is_refused_with_the_remedy() {
    let (_directory, path) = scratch();
    let runtime = with_console(&path);
    let text = refusal(&mut Client::connect(&path), "{\"request\":\"trace\"}\n");
    assert!(text.contains("not observed") && text.contains("HEIST_OBSERVE=1"), "{text}");
    for bad in ["0", "60001", "-1", "\"5s\""] {
        let text =
            refusal(&mut Client::connect(&path), &format!("{{\"request\":\"trace\",\"for_ms\":{bad}}}\n"));
        assert!(text.contains("must be a number between 1 and 60000"), "{text}");
    }
    drop(runtime);
}

#[test]
fn one_client_traces_at_a_time_and_the_end_of_the_runtime_ends_it() {
    let (_directory, path) = scratch();
    let mut builder = builder(Shape::MultiThread, DriverKind::Poll);
    let runtime = builder.observe(true).console(&path).build().unwrap();
    let begin = || {
        let first = Client::connect(&path);
        first.send("{\"request\":\"trace\",\"for_ms\":60000}\n");
        first.stream.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        first
    };
    let (mut first, mut second) = (begin(), Client::connect(&path));
    let text = loop {
        second.send("{\"request\":\"trace\",\"for_ms\":1}\n");
        let mut line = second.line().expect("an answer");
        if let Some(text) = line["error"].as_str() {
            break text.to_owned();
        }
        while line.get("end").is_none() {
            line = second.line().expect("the answer goes on");
        }
        // This one was before the first one, which has not begun yet, or was refused for it.
        if first.line().is_some() {
            first = begin();
        }
    };
    first.stream.get_ref().set_read_timeout(None).unwrap();
    assert!(text.contains("another client traces"), "{text}");
    drop(runtime);
    // Its connection is closed, with or without a last word.
    let last = first.line();
    assert!(last.is_none_or(|line| line["error"] == "the runtime ends"), "the trace went on");
}
