//! What a console sends: lines of JSON.

use std::io::{self, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_task::waker_ref;
use serde_json::{Value, json};
use socket2::Socket;

use super::request::ConsoleRequest;
use super::service::ConsoleService;
use super::slow_polls::ReportedPoll;
use super::trace;
use super::writing::{end_line, line, place, refuse};
use crate::primitive::clock;
use crate::runtime::dump::{awaited_by, tasks_of};
use crate::runtime::{Dump, RuntimeFlavor, RuntimeMetrics, TaskActivity, TaskDump, TaskKind, TaskStats};
use crate::scheduler::park::Parker;
use crate::scheduler::{self, Roll};
use crate::sync::oneshot;

/// The version of the protocol.
const VERSION: u32 = 1;

/// The first line of a connection.
pub(super) fn greet(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let handle = &service.handle;
    let flavor = match handle.runtime_flavor() {
        RuntimeFlavor::CurrentThread => "current_thread",
        RuntimeFlavor::MultiThread => "multi_thread",
    };
    let runtime = json!({
        "id": handle.id().to_u64(),
        "name": handle.name(),
        "flavor": flavor,
        "driver": handle.driver_name(),
        "workers": handle.metrics().num_workers(),
    });
    let greeting = json!({
        "heist": VERSION,
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "runtime": runtime,
        "observed": handle.metrics().poll_time_histogram_enabled(),
        "uptime_ms": millis(clock::now().saturating_duration_since(service.began)),
    });
    line(out, &greeting)
}

/// Answers one request of the client at the other end of `socket`. Returns false if it is the last
/// one: the runtime has ended, or the client has gone.
pub(super) fn answer(
    out: &mut impl Write,
    service: &ConsoleService,
    socket: &Socket,
    request: ConsoleRequest,
    end: &mut oneshot::Receiver<()>,
) -> io::Result<bool> {
    match request {
        ConsoleRequest::Tasks => tasks(out, service)?,
        ConsoleRequest::Metrics => metrics(out, service)?,
        ConsoleRequest::Stalls => stalls(out, service)?,
        ConsoleRequest::Trace(millis) => {
            return trace::trace(out, service, Duration::from_millis(millis), socket);
        }
        ConsoleRequest::Dump | ConsoleRequest::Text => {
            let Some(dump) = dump_before(end, service) else {
                refuse(out, "the runtime ends")?;
                return Ok(false);
            };
            if request == ConsoleRequest::Text { text(out, &dump)? } else { whole(out, &dump)? }
        }
    }
    Ok(true)
}

/// The line of a task: the only place that writes it. With a `dump`, it has what the task waits
/// for.
fn task_line(out: &mut impl Write, task: &TaskDump, dump: Option<&Dump>) -> io::Result<()> {
    let kind = match task.kind() {
        TaskKind::Shared => "shared",
        TaskKind::Local => "local",
        TaskKind::Blocking => "blocking",
        TaskKind::BlockOn => "block_on",
        TaskKind::LocalSet => "local set",
    };
    let activity = match task.activity() {
        TaskActivity::Running => "running",
        TaskActivity::Runnable => "runnable",
        TaskActivity::Waiting => "waiting",
    };
    let mut shown = json!({
        "id": task.id().to_u64(),
        "name": task.name(),
        "kind": kind,
        "location": place(task.location()),
        "activity": activity,
    });
    if let Some(stats) = task.stats() {
        add_stats(&mut shown, stats);
    }
    if let Some(dump) = dump {
        let reason = |reason| {
            let awaits = awaited_by(reason).map(|id| id.to_u64());
            json!({ "text": dump.describe(reason).to_string(), "awaits": awaits })
        };
        shown["reasons"] = task.reasons().iter().map(reason).collect();
    }
    line(out, &shown)
}

/// Adds what is counted of a task of an observed runtime.
fn add_stats(task: &mut Value, stats: &TaskStats) {
    task["parent"] = json!(stats.parent().map(|id| id.to_u64()));
    task["polls"] = json!(stats.polls());
    task["busy_us"] = json!(micros(stats.busy()));
    task["scheduled_us"] = json!(micros(stats.scheduled()));
    task["idle_us"] = json!(micros(stats.idle()));
    task["age_ms"] = json!(millis(stats.age()));
    task["worker"] = json!(stats.worker());
    task["moves"] = json!(stats.moves());
}

fn tasks(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let mut count = 0;
    scheduler::presence(&service.handle.scheduler, |some: Roll| {
        tasks_of(some).try_for_each(|task| {
            count += 1;
            task_line(out, &task, None)
        })
    })?;
    end_line(out, &json!({ "count": count }))
}

fn whole(out: &mut impl Write, dump: &Dump) -> io::Result<()> {
    dump.tasks().iter().try_for_each(|task| task_line(out, task, Some(dump)))?;
    let ids = |circle: &Vec<crate::task::Id>| circle.iter().map(|id| id.to_u64()).collect::<Value>();
    let deadlocks: Value = dump.deadlocks().iter().map(ids).collect();
    end_line(out, &json!({ "count": dump.tasks().len(), "deadlocks": deadlocks }))
}

fn text(out: &mut impl Write, dump: &Dump) -> io::Result<()> {
    line(out, &json!({ "text": dump.to_string() }))?;
    end_line(out, &json!({}))
}

fn metrics(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let (metrics, shared) = (service.handle.metrics(), service.handle.scheduler.shared());
    let worker = |index| worker_figures(&metrics, index, shared.busy_time_of(index));
    let figures = json!({
        "workers": (0..metrics.num_workers()).map(worker).collect::<Value>(),
        "live_tasks": metrics.num_alive_tasks(),
        "injector_depth": metrics.global_queue_depth(),
        "blocking_threads": metrics.num_blocking_threads(),
        "blocking_queue_depth": metrics.blocking_queue_depth(),
        "slow_polls": metrics.num_slow_polls(),
        "stalls": metrics.num_stalls(),
    });
    line(out, &json!({ "metrics": figures }))?;
    let now_us = micros(clock::now().saturating_duration_since(service.began));
    end_line(out, &json!({ "now_us": now_us }))
}

fn worker_figures(metrics: &RuntimeMetrics, index: usize, busy: Duration) -> Value {
    json!({
        "index": index,
        "polls": metrics.worker_poll_count(index),
        "steals": metrics.worker_steal_operations(index),
        "parks": metrics.worker_park_count(index),
        "busy_us": micros(busy),
        "queue_depth": metrics.worker_local_queue_depth(index),
    })
}

fn stalls(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let polls = service.slow_polls.polls();
    let now = clock::now();
    for ReportedPoll { poll, at, is_over } in &polls {
        let ago = now.saturating_duration_since(*at);
        // The report of one that goes on came when it had just become slow.
        let since = if *is_over { Duration::ZERO } else { ago };
        let shown = json!({
            "task": poll.task().map(|id| id.to_u64()),
            "name": poll.name(),
            "location": poll.location().map(place),
            "worker": poll.worker(),
            "duration_us": micros(poll.duration() + since),
            "is_over": is_over,
            "ago_ms": millis(ago),
        });
        line(out, &shown)?;
    }
    end_line(out, &json!({ "count": polls.len() }))
}

/// Waits for a dump on this thread. `None` if the runtime ends.
fn dump_before(end: &mut oneshot::Receiver<()>, service: &ConsoleService) -> Option<Dump> {
    let parker = Parker::new();
    let waker = waker_ref(&parker);
    let context = &mut Context::from_waker(&waker);
    let mut dump = pin!(service.handle.dump());
    loop {
        if Pin::new(&mut *end).poll(context).is_ready() {
            return None;
        }
        match dump.as_mut().poll(context) {
            Poll::Ready(dump) => return Some(dump),
            Poll::Pending => parker.park(),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
