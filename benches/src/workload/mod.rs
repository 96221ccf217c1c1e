//! The workloads, one file each. The definitions follow those of tokio's own multi-threaded benchmarks, so that figures can
//! be held against each other; the code is ours.

mod chained_spawn;
pub(crate) mod idle;
mod ping_pong;
mod spawn_many_local;
mod spawn_many_remote;
mod yield_many;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::channel::oneshot;

use crate::rival::Rival;
use crate::usage::Sample;

/// Something to compare runtimes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    SpawnManyLocal,
    SpawnManyRemote,
    YieldMany,
    PingPong,
    ChainedSpawn,
    TcpEcho,
    Idle,
}

impl Workload {
    /// In the order of the table.
    pub(crate) const ALL: [Workload; 7] = [
        Workload::SpawnManyLocal,
        Workload::SpawnManyRemote,
        Workload::YieldMany,
        Workload::PingPong,
        Workload::ChainedSpawn,
        Workload::TcpEcho,
        Workload::Idle,
    ];

    /// What it is called on the command line and in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Workload::SpawnManyLocal => "spawn_many_local",
            Workload::SpawnManyRemote => "spawn_many_remote",
            Workload::YieldMany => "yield_many",
            Workload::PingPong => "ping_pong",
            Workload::ChainedSpawn => "chained_spawn",
            Workload::TcpEcho => "tcp_echo",
            Workload::Idle => "idle",
        }
    }

    /// What it does.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Workload::SpawnManyLocal => "10,000 tasks spawned inside block_on; per task",
            Workload::SpawnManyRemote => "10,000 tasks spawned by a foreign thread, then joined; per task",
            Workload::YieldMany => "200 tasks that yield 1,000 times each; per yield",
            Workload::PingPong => "1,000 pairs of tasks, two oneshot channels each; per pair",
            Workload::ChainedSpawn => "1,000 tasks, each spawned by the one before; per task",
            Workload::TcpEcho => "64 B echo over 100 connections, closed loop; per request",
            Workload::Idle => "CPU time of two idle seconds after some work",
        }
    }

    /// The workload called `name`.
    pub(crate) fn by_name(name: &str) -> Result<Self, String> {
        Workload::ALL.into_iter().find(|workload| workload.name() == name).ok_or_else(|| {
            let names: Vec<_> = Workload::ALL.iter().map(|workload| workload.name()).collect();
            format!("no such workload; there are: {}", names.join(", "))
        })
    }

    /// How the ratio to tokio is to end up: the aim of the design, beyond the goal of today.
    pub(crate) fn aim(self) -> Option<f64> {
        match self {
            Workload::SpawnManyLocal
            | Workload::SpawnManyRemote
            | Workload::PingPong
            | Workload::ChainedSpawn => Some(0.35),
            Workload::YieldMany => Some(0.6),
            Workload::TcpEcho => Some(0.85),
            Workload::Idle => None,
        }
    }
}

/// Runs one round of a workload in this process: a fresh runtime, one repetition to warm up, then `repetition_count`.
pub(crate) fn run<R: Rival>(workload: Workload, repetition_count: u32) -> Sample {
    let (operation_count, once): (u64, fn(&R)) = match workload {
        Workload::SpawnManyLocal => (spawn_many_local::TASK_COUNT, spawn_many_local::once),
        Workload::SpawnManyRemote => (spawn_many_remote::TASK_COUNT, spawn_many_remote::once),
        Workload::YieldMany => (yield_many::YIELD_COUNT, yield_many::once),
        Workload::PingPong => (ping_pong::PAIR_COUNT, ping_pong::once),
        Workload::ChainedSpawn => (chained_spawn::TASK_COUNT, chained_spawn::once),
        Workload::TcpEcho | Workload::Idle => unreachable!("measured in child processes"),
    };
    let rival = R::start();
    once(&rival);
    Sample::take(operation_count * u64::from(repetition_count), || {
        for _ in 0..repetition_count {
            once(&rival);
        }
    })
}

/// Tells one waiter when everyone has reported.
#[derive(Clone)]
struct Countdown(Arc<Inner>);

struct Inner {
    remaining_count: AtomicU64,
    done: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

impl Countdown {
    fn from(count: u64) -> (Self, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let done = std::sync::Mutex::new(Some(sender));
        (Countdown(Arc::new(Inner { remaining_count: AtomicU64::new(count), done })), receiver)
    }

    fn report(&self) {
        // Ordering: the last one to report must have seen what the others did before they reported.
        if self.0.remaining_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            let sender = self.0.done.lock().expect("no panic").take().expect("taken once, by the last");
            // Whoever waits, waits until now.
            sender.send(()).expect("someone waits");
        }
    }
}
