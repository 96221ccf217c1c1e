//! Traces: the single polls, wakes and operations of a while.

use std::io::{self, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde_json::json;
use socket2::Socket;

use super::service::ConsoleService;
use super::writing::{end_line, line, place, refuse};
use crate::primitive::clock;
use crate::task::{Logged, LoggedOperation, LoggedPoll, LoggedWake, ObservedWorker, name_of, nanos_now};

/// The workers whose polls are logged until this is dropped.
struct OngoingTrace<'a> {
    workers: Vec<&'a ObservedWorker>,
    began: u64,
}

impl<'a> OngoingTrace<'a> {
    /// The error is for the client.
    fn begin(service: &'a ConsoleService) -> Result<OngoingTrace<'a>, &'static str> {
        let shared = service.handle.scheduler.shared();
        let mut trace = OngoingTrace { workers: Vec::new(), began: nanos_now() };
        for index in 0..shared.workers_count() {
            let Some(worker) = shared.observed_worker(index) else {
                return Err(
                    "the runtime is not observed: start it with HEIST_OBSERVE=1, or by Builder::observe",
                );
            };
            if !worker.log.begin() {
                return Err("another client traces this runtime: wait until it has ended");
            }
            trace.workers.push(worker);
        }
        Ok(trace)
    }

    fn end(mut self) -> Vec<Logged> {
        let logged = |worker: &ObservedWorker| {
            let mut logged = worker.log.end();
            logged.operations.extend(worker.operations.under_way());
            logged
        };
        std::mem::take(&mut self.workers).into_iter().map(logged).collect()
    }
}

impl Drop for OngoingTrace<'_> {
    fn drop(&mut self) {
        self.workers.iter().for_each(|worker| drop(worker.log.end()));
    }
}

/// Logs for a while, then sends what was logged. Returns false if the client goes before, or the
/// runtime ends.
pub(super) fn trace(
    out: &mut impl Write,
    service: &ConsoleService,
    length: Duration,
    socket: &Socket,
) -> io::Result<bool> {
    let trace = match OngoingTrace::begin(service) {
        Ok(trace) => trace,
        Err(text) => {
            refuse(out, text)?;
            return Ok(false);
        }
    };
    if !outlasts(length, socket)? {
        return Ok(false);
    }
    let (began, ended) = (trace.began, nanos_now());
    let logged = trace.end();
    let mut counts = TraceCounts::default();
    for (worker, logged) in logged.iter().enumerate() {
        counts.lost += logged.lost_count;
        send(out, worker, logged, began, &mut counts)?;
    }
    let TraceCounts { polls, wakes, operations, lost } = counts;
    let length = ended.saturating_sub(began);
    let end = json!({
        "polls": polls, "wakes": wakes, "operations": operations, "lost": lost, "length_ns": length,
    });
    end_line(out, &end)?;
    Ok(true)
}

/// What a trace has sent.
#[derive(Default)]
struct TraceCounts {
    polls: u64,
    wakes: u64,
    operations: u64,
    lost: u64,
}

/// Sends what a worker has logged, without what a trace before this one was too late for.
fn send(
    out: &mut impl Write,
    worker: usize,
    logged: &Logged,
    began: u64,
    counts: &mut TraceCounts,
) -> io::Result<()> {
    for poll in logged.polls.iter().filter(|poll| poll.ended >= began) {
        poll_line(out, worker, poll, began)?;
        counts.polls += 1;
    }
    for wake in logged.wakes.iter().filter(|wake| wake.at >= began) {
        let LoggedWake { task, by, at } = *wake;
        let by = by.map(|id| id.to_u64());
        line(out, &json!({ "worker": worker, "wake": task.to_u64(), "by": by, "at_ns": at - began }))?;
        counts.wakes += 1;
    }
    let is_of_now = |operation: &&LoggedOperation| operation.ended.is_none_or(|ended| ended >= began);
    for operation in logged.operations.iter().filter(is_of_now) {
        let LoggedOperation { kind, began: its_begin, ended } = *operation;
        let shown = json!({
            "worker": worker,
            "operation": kind,
            "began_ns": its_begin.saturating_sub(began),
            "ended_ns": ended.map(|ended| ended - began),
        });
        line(out, &shown)?;
        counts.operations += 1;
    }
    Ok(())
}

fn poll_line(out: &mut impl Write, worker: usize, poll: &LoggedPoll, began: u64) -> io::Result<()> {
    let shown = json!({
        "worker": worker,
        "poll": poll.task.to_u64(),
        "name": name_of(poll.task).as_deref(),
        "location": place(poll.location),
        "began_ns": poll.began.saturating_sub(began),
        "ended_ns": poll.ended.saturating_sub(began),
    });
    line(out, &shown)
}

/// Waits for so long. Returns false if the client goes before, or the runtime ends, which shuts the
/// socket down.
fn outlasts(length: Duration, socket: &Socket) -> io::Result<bool> {
    let until = clock::now() + length;
    // A hang-up is reported without being asked for. A client that has only shut its own side down
    // waits for its answer, and one that has sent its next request as well.
    let mut sides = [PollFd::new(socket, PollFlags::empty())];
    loop {
        let left = until.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Ok(true);
        }
        let limit = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(&mut sides, Some(&limit)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}
