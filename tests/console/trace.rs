//! Traces: the polls, wakes and operations of a while.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use heist::fs::File;
use heist::net::UnixStream;
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

/// Writes a byte now and then, until nobody reads any more.
fn drip(mut writer: impl Write) {
    while writer.write_all(b"x").is_ok() {
        std::thread::sleep(2 * LONG);
    }
}

/// The operations of a kind that are over, in their order. They must follow each other.
fn over<'a>(operations: &[&'a Value], kind: &str, end: &Value) -> Vec<&'a Value> {
    let is_over = |line: &&&Value| line["operation"] == kind && line["ended_ns"].is_u64();
    let mut over: Vec<&Value> = operations.iter().filter(is_over).copied().collect();
    over.sort_by_key(|line| number(line, "began_ns"));
    let mut before = 0;
    for line in &over {
        let (began, ended) = (number(line, "began_ns"), number(line, "ended_ns"));
        assert!(before <= began && began < ended && ended <= number(end, "length_ns"), "{over:?}");
        before = ended;
    }
    over
}

#[test]
fn operations_of_a_ring_have_their_kind_and_their_length_and_those_under_way_no_end() {
    on_each_observed(|runtime, path| {
        let mut client = Client::connect(path);
        let is_ring = client.greeting["runtime"]["driver"] == "io_uring";
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let (here, there) = std::os::unix::net::UnixStream::pair().expect("two sockets");
        here.set_nonblocking(true).expect("a socket");
        let reads = runtime.spawn(async move {
            let mut file = File::from_std(std::fs::File::from(OwnedFd::from(reader)));
            while file.read_exact(&mut [0]).await.is_ok() {}
        });
        let waits = runtime.spawn(async move {
            let mut socket = UnixStream::from_std(here).expect("a socket");
            while socket.read_exact(&mut [0]).await.is_ok() {}
        });
        let answer = std::thread::scope(|scope| {
            scope.spawn(|| drip(writer));
            scope.spawn(|| drip(there));
            let answer = trace(&mut client, LENGTH_MILLIS);
            reads.abort();
            waits.abort();
            answer
        });
        let operations: Vec<&Value> =
            answer.lines.iter().filter(|line| line["operation"].is_string()).collect();
        assert_eq!(number(&answer.end, "operations"), operations.len() as u64);
        if !is_ring {
            assert!(operations.is_empty(), "a poller has no operations: {operations:?}");
            return;
        }
        assert!(operations.iter().all(|line| number(line, "worker") < runtime.workers() as u64));
        for kind in ["read", "poll read"] {
            let over = over(&operations, kind, &answer.end);
            assert!(over.len() > 1, "{kind}: {operations:?}");
            let longest = over.iter().map(|line| number(line, "ended_ns") - number(line, "began_ns")).max();
            assert!(longest >= Some(LONG.as_nanos() as u64), "{kind}: {longest:?}");
        }
        // The wait for the next byte.
        let goes_on = |line: &&Value| line["operation"] == "poll read" && line["ended_ns"].is_null();
        assert!(operations.iter().any(goes_on), "{operations:?}");
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

/// A client whose trace of a minute has begun, as another one sees.
fn minute_long(path: &Path) -> Client {
    let (mut first, mut other) = (Client::connect(path), Client::connect(path));
    first.send("{\"request\":\"trace\",\"for_ms\":60000}\n");
    loop {
        other.send("{\"request\":\"trace\",\"for_ms\":1}\n");
        let mut line = other.line().expect("an answer");
        if let Some(text) = line["error"].as_str() {
            assert!(text.contains("another client traces"), "{text}");
            return first;
        }
        while line.get("end").is_none() {
            line = other.line().expect("the answer goes on");
        }
        // If that one was in the way of the first one, it was refused.
        first.stream.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        if first.line().is_some() {
            first = Client::connect(path);
            first.send("{\"request\":\"trace\",\"for_ms\":60000}\n");
        }
        first.stream.get_ref().set_read_timeout(None).unwrap();
    }
}

/// Mutant: the console looks at the client only when the time is over.
#[test]
fn a_client_that_goes_ends_its_trace_and_makes_room_for_another_one() {
    on_each_observed(|_runtime, path| {
        drop(minute_long(path));
        let start = Instant::now();
        loop {
            let mut client = Client::connect(path);
            client.send("{\"request\":\"trace\",\"for_ms\":1}\n");
            let line = client.line().expect("an answer");
            let Some(text) = line["error"].as_str() else { break };
            assert!(text.contains("another client traces"), "{text}");
            assert!(start.elapsed() < Duration::from_secs(30), "its trace goes on");
        }
    });
}

/// Mutant: the console takes the end of what the client sends for its going.
#[test]
fn a_client_that_has_said_all_it_wants_gets_its_trace_and_its_next_answer() {
    on_each_observed(|_runtime, path| {
        let mut client = Client::connect(path);
        client.send("{\"request\":\"trace\",\"for_ms\":50}\n{\"request\":\"stalls\"}\n");
        client.stream.get_ref().shutdown(std::net::Shutdown::Write).expect("connected");
        let mut ends = Vec::new();
        while let Some(line) = client.line() {
            assert!(line["error"].is_null(), "{line}");
            ends.extend(line.get("end").cloned());
        }
        let [trace, stalls] = &ends[..] else { panic!("two answers were asked for: {ends:?}") };
        assert!(number(trace, "length_ns") >= 50_000_000, "{trace}");
        assert!(stalls["count"].is_u64(), "{stalls}");
    });
}

#[test]
fn one_client_traces_at_a_time_and_the_end_of_the_runtime_ends_it() {
    let (_directory, path) = scratch();
    let mut builder = builder(Shape::MultiThread, DriverKind::Poll);
    let runtime = builder.observe(true).console(&path).build().unwrap();
    let mut first = minute_long(&path);
    drop(runtime);
    // Its connection is closed, with or without a last word.
    let last = first.line();
    assert!(last.is_none_or(|line| line["error"] == "the runtime ends"), "the trace went on");
}
