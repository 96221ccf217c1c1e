//! The workloads, one file each. The definitions of the first follow those of tokio's own multi-threaded benchmarks, so that
//! figures can be held against each other; the code is ours.

pub(crate) mod about;
mod broadcast;
mod chained_spawn;
mod channel_bounce;
mod countdown;
mod cpu_handlers;
mod echo_beside;
pub(crate) mod fork_join;
pub(crate) mod hand_over;
pub(crate) mod hyper_hello;
pub(crate) mod idle;
mod mpsc;
mod mutex;
mod notify;
mod oneshot;
mod ping_pong;
pub(crate) mod sleepers;
mod spawn_many_local;
pub(crate) mod spawn_many_remote;
mod start_stop;
mod tcp_churn;
mod tcp_echo;
mod tcp_handlers;
mod tcp_stream;
mod timeouts;
mod udp_echo;
mod unbalanced;
mod wake_latency;
mod watch;
mod yield_many;

use about::{About, Task};

use crate::rival::contract::Rival;
use crate::usage::Sample;

/// In the order of the table.
pub(crate) const ALL: [About; 36] = [
    spawn_many_local::ABOUT,
    spawn_many_remote::ABOUT,
    yield_many::ABOUT,
    ping_pong::ABOUT,
    chained_spawn::ABOUT,
    fork_join::ABOUT,
    channel_bounce::ABOUT,
    channel_bounce::OWN,
    channel_bounce::OWN_PAIR,
    mpsc::BOUNDED,
    mpsc::UNBOUNDED,
    oneshot::ABOUT,
    broadcast::ABOUT,
    watch::ABOUT,
    mutex::FREE,
    mutex::WANTED,
    notify::ABOUT,
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
        Task::OwnChannelBounce => (channel_bounce::MESSAGE_COUNT, channel_bounce::own),
        Task::MpscBounce => (channel_bounce::OWN_PAIR_MESSAGE_COUNT, channel_bounce::own_pair),
        Task::MpscBounded => (mpsc::MESSAGE_COUNT, mpsc::bounded),
        Task::MpscUnbounded => (mpsc::MESSAGE_COUNT, mpsc::unbounded),
        Task::Oneshot => (oneshot::TASK_COUNT, oneshot::once),
        Task::Broadcast => (broadcast::RECEIPT_COUNT, broadcast::once),
        Task::Watch => (watch::ANSWER_COUNT, watch::once),
        Task::MutexFree => (mutex::FREE_COUNT, mutex::free),
        Task::MutexWanted => (mutex::WANTED_COUNT, mutex::wanted),
        Task::Notify => (notify::NOTIFICATION_COUNT, notify::once),
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
