//! What a console sends: lines of JSON.

use std::io::{self, Write};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_task::waker_ref;
use serde::Serialize;

use super::request::ConsoleRequest;
use super::service::ConsoleService;
use super::shapes::{
    CountEnd, DumpEnd, EndLine, FiguresLine, Greeting, MetricsEnd, MetricsLine, PlaceLine, ReasonLine,
    RefusalLine, RuntimeLine, SlowPollLine, TaskLine, TextLine, WorkerLine,
};
use super::slow_polls::LoggedPoll;
use crate::primitive::clock;
use crate::runtime::dump::{awaited_by, tasks_of};
use crate::runtime::{Dump, RuntimeFlavor, RuntimeMetrics, TaskActivity, TaskDump, TaskKind};
use crate::scheduler::park::Parker;
use crate::scheduler::{self, Roll};
use crate::sync::oneshot;

/// The version of the protocol.
const VERSION: u32 = 1;

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The first line of a connection.
pub(super) fn greet(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let handle = &service.handle;
    let runtime = RuntimeLine {
        id: handle.id().to_u64(),
        name: handle.name(),
        flavor: match handle.runtime_flavor() {
            RuntimeFlavor::CurrentThread => "current_thread",
            RuntimeFlavor::MultiThread => "multi_thread",
        },
        driver: handle.driver_name(),
        workers: handle.metrics().num_workers(),
    };
    let greeting = Greeting {
        heist: VERSION,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        runtime,
        observed: false,
        uptime_ms: millis(clock::now().saturating_duration_since(service.began)),
    };
    line(out, &greeting)
}

/// The last line of a connection that is not served further.
pub(super) fn refuse(out: &mut impl Write, text: &str) -> io::Result<()> {
    line(out, &RefusalLine { error: text })
}

/// Answers one request. Returns false if the runtime has ended.
pub(super) fn answer(
    out: &mut impl Write,
    service: &ConsoleService,
    request: ConsoleRequest,
    end: &mut oneshot::Receiver<()>,
) -> io::Result<bool> {
    match request {
        ConsoleRequest::Tasks => tasks(out, service)?,
        ConsoleRequest::Metrics => metrics(out, service)?,
        ConsoleRequest::Stalls => stalls(out, service)?,
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
    let reasons = dump.map(|dump| {
        let reason_line = |reason| ReasonLine {
            text: dump.describe(reason).to_string(),
            awaits: awaited_by(reason).map(|id| id.to_u64()),
        };
        task.reasons().iter().map(reason_line).collect()
    });
    let shown = TaskLine {
        id: task.id().to_u64(),
        name: task.name(),
        kind: match task.kind() {
            TaskKind::Shared => "shared",
            TaskKind::Local => "local",
            TaskKind::Blocking => "blocking",
        },
        location: place(task.location()),
        activity: match task.activity() {
            TaskActivity::Running => "running",
            TaskActivity::Runnable => "runnable",
            TaskActivity::Waiting => "waiting",
        },
        reasons,
    };
    line(out, &shown)
}

fn tasks(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let mut count = 0;
    scheduler::presence(&service.handle.scheduler, |some: Roll| {
        tasks_of(some).try_for_each(|task| {
            count += 1;
            task_line(out, &task, None)
        })
    })?;
    line(out, &EndLine { end: CountEnd { count } })
}

fn whole(out: &mut impl Write, dump: &Dump) -> io::Result<()> {
    dump.tasks().iter().try_for_each(|task| task_line(out, task, Some(dump)))?;
    let ids = |circle: &Vec<crate::task::Id>| circle.iter().map(|id| id.to_u64()).collect();
    let deadlocks = dump.deadlocks().iter().map(ids).collect();
    line(out, &EndLine { end: DumpEnd { count: dump.tasks().len(), deadlocks } })
}

fn text(out: &mut impl Write, dump: &Dump) -> io::Result<()> {
    line(out, &TextLine { text: dump.to_string() })?;
    line(out, &EndLine { end: serde_json::Map::new() })
}

fn metrics(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let metrics = service.handle.metrics();
    let figures = FiguresLine {
        workers: (0..metrics.num_workers()).map(|index| worker_line(&metrics, index)).collect(),
        live_tasks: metrics.num_alive_tasks(),
        injector_depth: metrics.global_queue_depth(),
        blocking_threads: metrics.num_blocking_threads(),
        blocking_queue_depth: metrics.blocking_queue_depth(),
        slow_polls: metrics.num_slow_polls(),
        stalls: metrics.num_stalls(),
    };
    line(out, &MetricsLine { metrics: figures })?;
    let now_us = micros(clock::now().saturating_duration_since(service.began));
    line(out, &EndLine { end: MetricsEnd { now_us } })
}

fn worker_line(metrics: &RuntimeMetrics, index: usize) -> WorkerLine {
    WorkerLine {
        index,
        polls: metrics.worker_poll_count(index),
        steals: metrics.worker_steal_operations(index),
        parks: metrics.worker_park_count(index),
        busy_us: micros(metrics.worker_total_busy_duration(index)),
        queue_depth: metrics.worker_local_queue_depth(index),
    }
}

fn stalls(out: &mut impl Write, service: &ConsoleService) -> io::Result<()> {
    let polls = service.slow_polls.polls();
    let now = clock::now();
    for LoggedPoll { poll, at, is_over } in &polls {
        let ago = now.saturating_duration_since(*at);
        // The report of one that goes on came when it had just become slow.
        let since = if *is_over { Duration::ZERO } else { ago };
        let shown = SlowPollLine {
            task: poll.task().map(|id| id.to_u64()),
            name: poll.name(),
            location: poll.location().map(place),
            worker: poll.worker(),
            duration_us: micros(poll.duration() + since),
            is_over: *is_over,
            ago_ms: millis(ago),
        };
        line(out, &shown)?;
    }
    line(out, &EndLine { end: CountEnd { count: polls.len() } })
}

fn place(location: &Location<'static>) -> PlaceLine<'static> {
    PlaceLine { file: location.file(), line: location.line(), column: location.column() }
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
