//! Traces: the single polls and wakes of a while.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use futures_task::waker_ref;
use serde_json::json;

use super::service::ConsoleService;
use super::writing::{end_line, line, place, refuse};
use crate::primitive::clock;
use crate::scheduler::park::Parker;
use crate::sync::oneshot;
use crate::task::{Logged, LoggedPoll, LoggedWake, ObservedWorker, name_of, nanos_now};

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
        std::mem::take(&mut self.workers).into_iter().map(|worker| worker.log.end()).collect()
    }
}

impl Drop for OngoingTrace<'_> {
    fn drop(&mut self) {
        self.workers.iter().for_each(|worker| drop(worker.log.end()));
    }
}

/// Logs for a while, then sends what was logged. Returns false if the runtime ends.
pub(super) fn trace(
    out: &mut impl Write,
    service: &ConsoleService,
    length: Duration,
    end: &mut oneshot::Receiver<()>,
) -> io::Result<bool> {
    let trace = match OngoingTrace::begin(service) {
        Ok(trace) => trace,
        Err(text) => {
            refuse(out, text)?;
            return Ok(false);
        }
    };
    if !outlasts(length, end) {
        refuse(out, "the runtime ends")?;
        return Ok(false);
    }
    let (began, ended) = (trace.began, nanos_now());
    let logged = trace.end();
    let (mut polls, mut wakes, mut lost) = (0, 0, 0);
    for (worker, Logged { polls: its_polls, wakes: its_wakes, lost_count }) in logged.iter().enumerate() {
        // What a trace before this one was too late for.
        let is_of_now = |time: u64| time >= began;
        for poll in its_polls.iter().filter(|poll| is_of_now(poll.ended)) {
            poll_line(out, worker, poll, began)?;
            polls += 1;
        }
        for wake in its_wakes.iter().filter(|wake| is_of_now(wake.at)) {
            let LoggedWake { task, by, at } = *wake;
            let by = by.map(|id| id.to_u64());
            line(out, &json!({ "worker": worker, "wake": task.to_u64(), "by": by, "at_ns": at - began }))?;
            wakes += 1;
        }
        lost += lost_count;
    }
    let length = ended.saturating_sub(began);
    end_line(out, &json!({ "polls": polls, "wakes": wakes, "lost": lost, "length_ns": length }))?;
    Ok(true)
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

/// Waits for so long. Returns false if the runtime ends before.
fn outlasts(length: Duration, end: &mut oneshot::Receiver<()>) -> bool {
    let parker = Parker::new();
    let waker = waker_ref(&parker);
    let context = &mut Context::from_waker(&waker);
    let until = clock::now() + length;
    loop {
        if Pin::new(&mut *end).poll(context).is_ready() {
            return false;
        }
        if !parker.park_until(until) {
            return true;
        }
    }
}
