//! A trace in Chrome's format of trace events, which Perfetto reads as well: a track for each
//! worker, a slice for each poll, an arrow from each wake to the poll that it led to, and an
//! asynchronous slice for each operation of a ring.
//!
//! The format: "Trace Event Format" of the Chromium project. Its times are microseconds.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::protocol::{Greeting, SourcePlace, TraceLine, TracedOperation, TracedPoll, TracedWake};

/// Writes one event per line, so that a trace of any length needs no more memory than its polls.
/// Operations that go on end with the trace, which was `length_ns` long.
pub(super) fn write(
    out: &mut impl Write,
    greeting: &Greeting,
    lines: &[TraceLine],
    length_ns: u64,
) -> io::Result<()> {
    out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
    let pid = greeting.pid;
    let label = format!("heist, runtime {}", greeting.runtime.label());
    write_event(out, &json!({ "ph": "M", "name": "process_name", "pid": pid, "args": { "name": label } }))?;
    for worker in 0..greeting.runtime.workers {
        let name = format!("worker {worker}");
        let args = json!({ "name": name });
        let event = json!({ "ph": "M", "name": "thread_name", "pid": pid, "tid": worker, "args": args });
        out.write_all(b",\n")?;
        write_event(out, &event)?;
    }
    let mut events = lines.iter().filter_map(poll_of).map(|poll| slice(pid, poll)).collect::<Vec<_>>();
    for (number, arrow) in arrows(lines).into_iter().enumerate() {
        events.extend(ends_of(pid, number, &arrow));
    }
    for (number, operation) in lines.iter().filter_map(operation_of).enumerate() {
        events.extend(edges_of(pid, number, operation, length_ns));
    }
    for event in events {
        out.write_all(b",\n")?;
        write_event(out, &event)?;
    }
    out.write_all(b"\n]}\n")
}

fn write_event(out: &mut impl Write, event: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    Ok(())
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

fn poll_of(line: &TraceLine) -> Option<&TracedPoll> {
    match line {
        TraceLine::Poll(poll) => Some(poll),
        TraceLine::Wake(_) | TraceLine::Operation(_) => None,
    }
}

fn operation_of(line: &TraceLine) -> Option<&TracedOperation> {
    match line {
        TraceLine::Operation(operation) => Some(operation),
        TraceLine::Poll(_) | TraceLine::Wake(_) => None,
    }
}

fn slice(pid: u32, poll: &TracedPoll) -> Value {
    let place = SourcePlace::text(Some(&poll.location));
    let name = poll.name.as_ref().map_or_else(|| place.clone(), ToString::to_string);
    json!({
        "ph": "X", "cat": "poll", "name": name, "pid": pid, "tid": poll.worker,
        "ts": micros(poll.began_ns), "dur": micros(poll.ended_ns.saturating_sub(poll.began_ns)),
        "args": { "task": poll.poll, "location": place },
    })
}

/// A wake within a poll, and the poll of the other task that it led to.
struct Arrow<'a> {
    wake: &'a TracedWake,
    poll: &'a TracedPoll,
}

fn arrows<'a>(lines: &'a [TraceLine]) -> Vec<Arrow<'a>> {
    let mut polls: HashMap<u64, Vec<&TracedPoll>> = HashMap::new();
    for poll in lines.iter().filter_map(poll_of) {
        polls.entry(poll.poll).or_default().push(poll);
    }
    let mut polls: HashMap<u64, VecDeque<&TracedPoll>> = polls
        .into_iter()
        .map(|(task, mut polls)| {
            polls.sort_by_key(|poll| poll.began_ns);
            (task, polls.into())
        })
        .collect();
    let mut wakes: Vec<&TracedWake> = lines
        .iter()
        .filter_map(|line| match line {
            TraceLine::Wake(wake) => Some(wake),
            TraceLine::Poll(_) | TraceLine::Operation(_) => None,
        })
        // The others were in no poll, so an arrow would begin nowhere.
        .filter(|wake| wake.by.is_some())
        .collect();
    wakes.sort_by_key(|wake| wake.at_ns);
    let arrow = |wake: &'a TracedWake| {
        let polls = polls.get_mut(&wake.wake)?;
        while polls.front()?.began_ns < wake.at_ns {
            polls.pop_front();
        }
        Some(Arrow { wake, poll: polls.front()? })
    };
    wakes.into_iter().filter_map(arrow).collect()
}

fn ends_of(pid: u32, number: usize, arrow: &Arrow<'_>) -> [Value; 2] {
    let end = |phase: &str, worker: u64, nanos: u64| {
        json!({
            "ph": phase, "bp": "e", "cat": "wake", "name": "wake", "id": number, "pid": pid,
            "tid": worker, "ts": micros(nanos),
        })
    };
    [end("s", arrow.wake.worker, arrow.wake.at_ns), end("f", arrow.poll.worker, arrow.poll.began_ns)]
}

/// The begin and the end of an operation. It is on no track, because a worker has many at once: the
/// two belong together by their number.
fn edges_of(pid: u32, number: usize, operation: &TracedOperation, length_ns: u64) -> [Value; 2] {
    let TracedOperation { worker, operation: kind, began_ns, ended_ns } = operation;
    let edge = |phase: &str, nanos: u64| {
        json!({
            "ph": phase, "cat": "operation", "name": kind.to_string(), "id": number, "pid": pid,
            "tid": worker, "ts": micros(nanos), "args": { "goes_on": ended_ns.is_none() },
        })
    };
    [edge("b", *began_ns), edge("e", ended_ns.unwrap_or(length_ns))]
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::write;
    use crate::protocol::{Greeting, TraceLine};

    const GREETING: &str = r#"{"heist":1,"version":"0.1.0","pid":7,"observed":true,
        "runtime":{"id":3,"name":"main","flavor":"multi_thread","driver":"poll","workers":2}}"#;

    fn events(lines: &[&str]) -> Vec<Value> {
        let greeting: Greeting = serde_json::from_str(GREETING).unwrap();
        let lines: Vec<TraceLine> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut out = Vec::new();
        write(&mut out, &greeting, &lines, 10_000).unwrap();
        let trace: Value = serde_json::from_slice(&out).expect("the file is JSON");
        trace["traceEvents"].as_array().unwrap().clone()
    }

    fn poll(worker: u64, task: u64, began: u64, ended: u64) -> String {
        format!(
            r#"{{"worker":{worker},"poll":{task},"name":null,"began_ns":{began},"ended_ns":{ended},
                "location":{{"file":"src/a.rs","line":1,"column":5}}}}"#
        )
    }

    #[test]
    fn each_poll_is_a_slice_on_the_track_of_its_worker() {
        let events = events(&[&poll(1, 12, 1_500, 4_000)]);
        let names: Vec<&Value> =
            events.iter().filter(|event| event["ph"] == "M").map(|event| &event["args"]["name"]).collect();
        assert_eq!(names, ["heist, runtime 3 \"main\"", "worker 0", "worker 1"]);
        let slice = events.iter().find(|event| event["ph"] == "X").unwrap();
        assert_eq!(
            (slice["tid"].as_u64(), slice["ts"].as_f64(), slice["dur"].as_f64()),
            (Some(1), Some(1.5), Some(2.5))
        );
        assert_eq!(
            (slice["name"].as_str(), slice["args"]["task"].as_u64()),
            (Some("src/a.rs:1:5"), Some(12))
        );
    }

    #[test]
    fn an_operation_is_a_pair_of_edges_and_one_that_goes_on_ends_with_the_trace() {
        let operation = |kind: &str, began: u64, ended: &str| {
            format!(r#"{{"worker":1,"operation":"{kind}","began_ns":{began},"ended_ns":{ended}}}"#)
        };
        let lines = [operation("read", 1_000, "4500"), operation("poll read", 0, "null")];
        let events = events(&[&lines[0], &poll(1, 12, 1_500, 4_000), &lines[1]]);
        let edges: Vec<_> = events.iter().filter(|event| event["cat"] == "operation").collect();
        let shown = |edge: &Value| {
            let text = |field: &str| edge[field].as_str().unwrap().to_owned();
            (
                text("ph"),
                text("name"),
                edge["id"].as_u64(),
                edge["ts"].as_f64(),
                edge["args"]["goes_on"] == true,
            )
        };
        let edge = |phase: &str, name: &str, id, at, goes_on| {
            (phase.into(), name.into(), Some(id), Some(at), goes_on)
        };
        assert_eq!(
            edges.iter().map(|event| shown(event)).collect::<Vec<_>>(),
            [
                edge("b", "read", 0, 1.0, false),
                edge("e", "read", 0, 4.5, false),
                edge("b", "poll read", 1, 0.0, true),
                edge("e", "poll read", 1, 10.0, true),
            ]
        );
        assert!(edges.iter().all(|edge| edge["pid"] == 7 && edge["tid"] == 1));
    }

    #[test]
    fn an_arrow_leads_from_a_wake_to_the_next_poll_of_its_task() {
        let wake = |by: &str, at| format!(r#"{{"worker":0,"wake":12,"by":{by},"at_ns":{at}}}"#);
        let (before, after, later) =
            (poll(1, 12, 1_000, 2_000), poll(1, 12, 6_000, 7_000), poll(0, 12, 9_000, 9_500));
        let events = events(&[&later, &after, &before, &wake("4", 5_000), &wake("null", 8_000)]);
        let ends: Vec<_> = events.iter().filter(|event| event["cat"] == "wake").collect();
        let end = |event: &Value| (event["ph"].clone(), event["tid"].as_u64(), event["ts"].as_f64());
        assert_eq!(
            ends.iter().map(|event| end(event)).collect::<Vec<_>>(),
            [("s".into(), Some(0), Some(5.0)), ("f".into(), Some(1), Some(6.0)),]
        );
        assert_eq!(ends[0]["id"], ends[1]["id"]);
    }
}
