//! The workloads, one file each. The definitions of the first follow those of tokio's own multi-threaded benchmarks, so that
//! figures can be held against each other; the code is ours.

mod chained_spawn;
mod channel_bounce;
mod cpu_handlers;
mod echo_beside;
mod fork_join;
pub(crate) mod hand_over;
pub(crate) mod hyper_hello;
pub(crate) mod idle;
mod ping_pong;
pub(crate) mod sleepers;
mod spawn_many_local;
mod spawn_many_remote;
mod start_stop;
mod tcp_churn;
mod tcp_echo;
mod tcp_handlers;
mod tcp_stream;
mod timeouts;
mod udp_echo;
mod unbalanced;
mod wake_latency;
mod yield_many;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::channel::oneshot;

use crate::echo::Times;
use crate::goal::Goal;
use crate::load::Load;
use crate::rival::Rival;
use crate::usage::Sample;

/// Something to compare runtimes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// What it is called on the command line and in the tables.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) explanation: &'static str,
    /// Who takes part if nobody is chosen; the subject first.
    pub(crate) rivals: &'static [&'static str],
    /// How it is measured.
    pub(crate) means: Means,
    /// What is long and does not swing needs no more rounds than this.
    pub(crate) round_count_max: usize,
    /// What is judged.
    pub(crate) goals: &'static [Goal],
}

/// How a workload is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Means {
    /// In this process, so often in a round.
    Here(Task, u32),
    /// By a server under load.
    Echo(Load, Times),
    /// By a server that writes so many bytes at a time.
    Stream(usize, Times),
    /// By an HTTP server under load.
    Hello,
    /// By a child that does nothing.
    Idle,
    /// By a child in which tasks sleep.
    Sleepers,
}

/// Workloads that need no child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    SpawnManyLocal,
    SpawnManyRemote,
    YieldMany,
    PingPong,
    ChainedSpawn,
    ForkJoin,
    ChannelBounce,
    Timeouts,
    Unbalanced,
    CpuHandlers,
    WakeLatency,
    StartStop,
}

/// In the order of the table.
pub(crate) const ALL: [About; 26] = [
    spawn_many_local::ABOUT,
    spawn_many_remote::ABOUT,
    yield_many::ABOUT,
    ping_pong::ABOUT,
    chained_spawn::ABOUT,
    fork_join::ABOUT,
    channel_bounce::ABOUT,
    timeouts::ABOUT,
    sleepers::ABOUT,
    unbalanced::ABOUT,
    cpu_handlers::ABOUT,
    wake_latency::ABOUT,
    start_stop::ABOUT,
    tcp_echo::ONE,
    tcp_echo::HUNDRED,
    tcp_echo::THOUSAND,
    tcp_echo::LARGE,
    tcp_churn::ABOUT,
    tcp_handlers::ABOUT,
    tcp_stream::MIDDLE,
    tcp_stream::LARGE,
    udp_echo::ONE,
    udp_echo::HUNDRED,
    echo_beside::ABOUT,
    hyper_hello::ABOUT,
    idle::ABOUT,
];

impl About {
    /// One that is measured in this process: `repetition_count` times in a round, by runtimes whose tasks move.
    const fn here(name: &'static str, explanation: &'static str, task: Task, repetition_count: u32) -> Self {
        About {
            name,
            explanation,
            // The back end makes no difference where nothing is waited for.
            rivals: &["heist", "tokio", "heist-single", "smol"],
            means: Means::Here(task, repetition_count),
            round_count_max: usize::MAX,
            goals: &[],
        }
    }
}

/// The workload called `name`.
pub(crate) fn by_name(name: &str) -> Result<About, String> {
    ALL.into_iter().find(|workload| workload.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|workload| workload.name).collect();
        format!("no such workload; there are: {}", names.join(", "))
    })
}

/// Runs one round of a workload in this process: a fresh runtime, one repetition to warm up, then `repetition_count`.
pub(crate) fn run<R: Rival>(task: Task, repetition_count: u32) -> Sample {
    let (operation_count, once): (u64, fn(&R)) = match task {
        Task::SpawnManyLocal => (spawn_many_local::TASK_COUNT, spawn_many_local::once),
        Task::SpawnManyRemote => (spawn_many_remote::TASK_COUNT, spawn_many_remote::once),
        Task::YieldMany => (yield_many::YIELD_COUNT, yield_many::once),
        Task::PingPong => (ping_pong::PAIR_COUNT, ping_pong::once),
        Task::ChainedSpawn => (chained_spawn::TASK_COUNT, chained_spawn::once),
        Task::ForkJoin => (fork_join::TASK_COUNT, fork_join::once),
        Task::ChannelBounce => (channel_bounce::MESSAGE_COUNT, channel_bounce::once),
        Task::Timeouts => (timeouts::TIMEOUT_COUNT, timeouts::once),
        Task::Unbalanced => (unbalanced::TASK_COUNT, unbalanced::once),
        Task::CpuHandlers => (cpu_handlers::REQUEST_COUNT, cpu_handlers::once),
        Task::WakeLatency => return wake_latency::measure::<R>(repetition_count),
        Task::StartStop => return start_stop::measure::<R>(repetition_count),
    };
    let rival = R::start();
    once(&rival);
    Sample::take(operation_count * u64::from(repetition_count), || {
        for _ in 0..repetition_count {
            once(&rival);
        }
    })
}

/// Computes for about so many microseconds. An amount of work, not of time: whoever is interrupted has not worked.
pub(crate) fn compute(micros: u32) {
    const STEPS_PER_MICRO: u64 = 600;
    let mut value = black_box(1_u64);
    for _ in 0..u64::from(micros) * STEPS_PER_MICRO {
        // Each step needs the one before, five cycles of most machines, and several do not make one: with a plain
        // multiply and add the compiler did eight at a time.
        value = (value ^ (value >> 29)).wrapping_mul(6_364_136_223_846_793_005);
    }
    black_box(value);
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
