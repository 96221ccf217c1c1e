//! A sleep is a resource, with an operation that its task polls.

use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

use heist::time::Instant;

use crate::recorder::{self, Recorded};
use crate::support::on_every_runtime;

#[track_caller]
fn here<T>(value: T) -> (T, u32) {
    (value, Location::caller().line())
}

/// The one span with this name that was made in the span `parent`.
fn child_of(parent: &Recorded, name: &str) -> Recorded {
    let mut found = recorder::find(|span| span.name == name && span.parent == Some(parent.number));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The span of the last sleep that was made in `line` of this file.
fn resource_of(line: u32) -> Recorded {
    let (file, line) = (format!("str:{}", file!()), format!("u64:{line}"));
    let is_wanted = |span: &Recorded| {
        span.name == "runtime.resource"
            && span.fields.get("loc.file") == Some(&file)
            && span.fields.get("loc.line") == Some(&line)
    };
    recorder::find(is_wanted).into_iter().max_by_key(|span| span.number).expect("a sleep has one")
}

/// What the console is told of a deadline, without the time.
fn check_deadline(event: &(&'static str, BTreeMap<&'static str, String>)) {
    let (target, mut fields) = event.clone();
    assert_eq!(target, "runtime::resource::state_update");
    assert!(fields.remove("duration").is_some_and(|duration| duration.starts_with("u64:")), "{event:?}");
    let expected = [("duration.op", "str:override".to_owned()), ("duration.unit", "str:ms".to_owned())];
    assert_eq!(fields, BTreeMap::from(expected));
}

fn poll_op(is_ready: bool) -> (&'static str, BTreeMap<&'static str, String>) {
    let fields = [("op_name", "str:poll_elapsed".to_owned()), ("is_ready", format!("bool:{is_ready}"))];
    ("runtime::resource::poll_op", BTreeMap::from(fields))
}

#[test]
fn a_sleep_records_its_polls_within_the_spans_of_its_task_its_operation_and_itself() {
    recorder::install();
    on_every_runtime(|runtime| {
        let (sleep, line) = here(heist::time::sleep(Duration::from_millis(20)));
        let task = runtime.spawn(sleep);
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        let resource = resource_of(line);
        assert_eq!(resource.fields["concrete_type"], "str:Sleep");
        assert_eq!(resource.fields["kind"], "str:timer");
        assert!(resource.is_root);
        assert_eq!(resource.events.len(), 1, "{resource:?}");
        check_deadline(&resource.events[0]);
        let op = child_of(&resource, "runtime.resource.async_op");
        assert_eq!(op.fields, BTreeMap::from([("source", "str:Sleep::new_timeout".to_owned())]));
        let poll = child_of(&op, "runtime.resource.async_op.poll");
        let polls_count = recorder::steps(id).iter().filter(|step| **step == "enter").count();
        let mut expected = vec![poll_op(false); polls_count - 1];
        expected.push(poll_op(true));
        assert_eq!(poll.events, expected);
        for span in [resource, op, poll] {
            assert_eq!(span.steps().last(), Some(&"close"), "{span:?}");
        }
    });
}

#[test]
fn a_sleep_that_is_reset_records_its_new_deadline() {
    recorder::install();
    on_every_runtime(|runtime| {
        let line = runtime.block_on(async {
            let (sleep, line) = here(heist::time::sleep(Duration::from_secs(3600)));
            let mut sleep = std::pin::pin!(sleep);
            sleep.as_mut().reset(Instant::now());
            sleep.await;
            line
        });
        let resource = resource_of(line);
        assert_eq!(resource.events.len(), 2);
        resource.events.iter().for_each(check_deadline);
        assert!(resource.events[0].1["duration"] != resource.events[1].1["duration"], "{resource:?}");
    });
}

#[test]
fn a_sleep_that_is_dropped_while_it_waits_closes_its_spans() {
    recorder::install();
    on_every_runtime(|runtime| {
        let (sleep, line) = here(heist::time::sleep(Duration::from_secs(3600)));
        let task = runtime.spawn(sleep);
        task.abort();
        assert!(runtime.block_on(task).expect_err("aborted").is_cancelled());
        assert_eq!(resource_of(line).steps().last(), Some(&"close"));
    });
}
