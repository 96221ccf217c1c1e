//! Small programs of the runtime, which worlds and the real system run alike: so it can be measured
//! what the one finds and the other does not. `ci/sim_mutants.sh` does that.

mod cluster;
mod driver;
mod machines;
mod scheduler;
mod stress;
mod sync;
mod timers;

use std::hash::{BuildHasher, Hasher, RandomState};

use heist::runtime::{Builder, Runtime};
use heist::sim;
use heist::time::{Duration, Instant};

/// A number below this one: from the seed in a world, and by chance elsewhere.
pub(crate) fn draw(below: u64) -> u64 {
    let number = if sim::is_simulated() { sim::random() } else { RandomState::new().build_hasher().finish() };
    number % below
}

pub(crate) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// How long a run may take, in a world of its time: one that takes longer hangs. Something always
/// wakes in the end, as an idle thread that ends, and may take a lost wake-up along.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The same for the cluster, which waits for answers that may not come.
pub(crate) const PATIENCE_WITH_CLUSTER: Duration = Duration::from_secs(150);

/// Runs a program, which must not take longer.
pub(crate) fn soon(patience: Duration, program: fn()) {
    let began = Instant::now();
    program();
    let took = began.elapsed();
    assert!(took < patience, "it took {took:?}: a wake-up was lost, and found by chance");
}

/// A pause: usually short, and at times so long that no worker watches any more.
pub(crate) fn pause() -> Duration {
    millis(draw(512) >> draw(10))
}

/// A runtime of two workers.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("the system has room for it")
}

/// Runs a program's main task on a runtime of two workers.
pub(crate) fn run<F: Future>(main: F) -> F::Output {
    runtime().block_on(main)
}

/// All programs, by the names that `ci/sim_mutants` uses.
const PROGRAMS: [(&str, fn()); 20] = [
    ("work_from_outside", scheduler::work_from_outside),
    ("tasks_in_a_ring", scheduler::tasks_in_a_ring),
    ("work_is_shared", scheduler::work_is_shared),
    ("bursts", scheduler::bursts),
    ("ends", scheduler::ends),
    ("blocking", scheduler::blocking),
    ("echo", driver::echo),
    ("last_words", driver::last_words),
    ("short_lives", driver::short_lives),
    ("slow_reader", driver::slow_reader),
    ("datagrams", driver::datagrams),
    ("mutex", sync::mutex),
    ("semaphore", sync::semaphore),
    ("notify", sync::notify),
    ("oneshot", sync::oneshot),
    ("channel", sync::channel),
    ("sleeps", timers::sleeps),
    ("lone_sleep", timers::lone_sleep),
    ("timeouts", timers::timeouts),
    ("cluster", cluster::cluster),
];

#[heist::sim::test(seeds = 30, twice = true)]
fn tasks_that_other_threads_spawn_are_run() {
    soon(PATIENCE, scheduler::work_from_outside);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_token_goes_round_a_ring_of_tasks() {
    soon(PATIENCE, scheduler::tasks_in_a_ring);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_worker_with_much_to_do_is_helped() {
    soon(PATIENCE, scheduler::work_is_shared);
}

#[heist::sim::test(seeds = 20, twice = true)]
fn every_task_of_a_burst_runs_to_its_end() {
    soon(PATIENCE, scheduler::bursts);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_runtime_that_ends_drops_its_tasks_and_tells_who_waits() {
    soon(PATIENCE, scheduler::ends);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn closures_that_block_are_run_and_waited_for() {
    soon(PATIENCE, scheduler::blocking);
}

#[heist::sim::test(seeds = 20, twice = true)]
fn connections_echo_what_they_are_sent() {
    soon(PATIENCE, driver::echo);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn the_end_behind_the_last_bytes_is_seen() {
    soon(PATIENCE, driver::last_words);
}

#[heist::sim::test(seeds = 20, twice = true)]
fn sockets_come_and_go_with_reads_that_were_given_up() {
    soon(PATIENCE, driver::short_lives);
}

#[heist::sim::test(seeds = 20, twice = true)]
fn a_writer_goes_on_when_a_slow_reader_makes_room() {
    soon(PATIENCE, driver::slow_reader);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn datagrams_of_several_tasks_are_received() {
    soon(PATIENCE, driver::datagrams);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_mutex_is_handed_on_past_those_who_gave_up() {
    soon(PATIENCE, sync::mutex);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn permits_come_back_from_those_who_gave_up() {
    soon(PATIENCE, sync::semaphore);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn no_notification_dies_with_its_waiter() {
    soon(PATIENCE, sync::notify);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn an_answer_or_its_end_is_heard() {
    soon(PATIENCE, sync::oneshot);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_channel_has_room_again_after_sends_that_were_given_up() {
    soon(PATIENCE, sync::channel);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn sleeps_end_neither_early_nor_never() {
    soon(PATIENCE, timers::sleeps);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn a_sleep_that_another_thread_shortened_ends() {
    soon(PATIENCE, timers::lone_sleep);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn sleeps_that_were_given_up_fire_for_nobody() {
    soon(PATIENCE, timers::timeouts);
}

#[heist::sim::test(seeds = 10, twice = true)]
fn a_cluster_keeps_one_history_through_crashes_and_partitions() {
    soon(PATIENCE_WITH_CLUSTER, cluster::cluster);
}
