//! One listener, two workers: handlers that compute use both, whichever ring the waits are on.
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use heist::net::TcpListener;
use heist::runtime::Runtime;
use support::process::thread_cpu_time;
use support::{Shape, WORKER_COUNT, backends, builder, watched};

const CONNECTIONS_COUNT: usize = 64;
/// What each request costs the server in CPU time.
const WORK: Duration = Duration::from_micros(200);

/// How many rounds of arithmetic take [`WORK`] on this machine.
fn rounds_of_work() -> u64 {
    const ROUNDS_COUNT: u64 = 1_000_000;
    // The fastest of several: the machine may be busy.
    let fastest = (0..10).map(|_| {
        let start = Instant::now();
        compute(ROUNDS_COUNT);
        start.elapsed()
    });
    let nanos = fastest.min().expect("ten tries").as_nanos().max(1);
    u64::try_from(u128::from(ROUNDS_COUNT) * WORK.as_nanos() / nanos).expect("a small number")
}

fn compute(rounds_count: u64) -> u64 {
    (0..rounds_count).fold(7_u64, |state, round| std::hint::black_box(state.rotate_left(5) ^ round))
}

/// The CPU time that each worker's thread has spent in handlers, by its name.
type InHandlers = Arc<Mutex<BTreeMap<String, Duration>>>;

async fn serve(listener: TcpListener, rounds_count: u64, in_handlers: InHandlers) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("accept");
        let in_handlers = in_handlers.clone();
        drop(heist::spawn(async move {
            let mut request = [0; 64];
            while stream.read_exact(&mut request).await.is_ok() {
                let before = thread_cpu_time();
                request[0] = compute(rounds_count).to_le_bytes()[0];
                let used = thread_cpu_time() - before;
                let name = std::thread::current().name().expect("a worker has a name").to_owned();
                *in_handlers.lock().expect("no panic").entry(name).or_default() += used;
                if stream.write_all(&request).await.is_err() {
                    break;
                }
            }
        }));
    }
}

/// What a worker's thread did with its time.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    ran: Duration,
    /// In line for a core.
    waited: Duration,
    in_handlers: Duration,
}

/// Of each worker so far, in the order of their numbers.
fn spent_by_workers(in_handlers: &InHandlers) -> Vec<Spent> {
    let in_handlers = in_handlers.lock().expect("no panic");
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs is mounted");
    let mut workers: Vec<(String, Spent)> = tasks
        .filter_map(|task| {
            let path = task.ok()?.path();
            let name = std::fs::read_to_string(path.join("comm")).ok()?.trim_end().to_owned();
            let figures = std::fs::read_to_string(path.join("schedstat")).ok()?;
            let mut nanos = figures.split_whitespace().map(|word| word.parse().expect("a number"));
            let mut next = || Duration::from_nanos(nanos.next().expect("three figures"));
            let in_handlers = in_handlers.get(&name).copied().unwrap_or_default();
            let spent = Spent { ran: next(), waited: next(), in_handlers };
            name.starts_with("heist-worker").then_some((name, spent))
        })
        .collect();
    workers.sort_by(|one, other| one.0.cmp(&other.0));
    workers.into_iter().map(|(_, spent)| spent).collect()
}

/// Keeps requests of each connection in flight, from one thread that sleeps most of the time, until the time is over.
/// There are enough of them for the workers to stay busy while that thread waits for a core.
fn load(address: SocketAddr, time: Duration) {
    const REQUESTS_IN_FLIGHT: usize = 4;
    let connect = |_| TcpStream::connect(address).expect("it listens");
    let mut clients: Vec<_> = (0..CONNECTIONS_COUNT).map(connect).collect();
    let all = [1; 64 * REQUESTS_IN_FLIGHT];
    clients.iter_mut().for_each(|client| client.write_all(&all).expect("write"));
    let start = Instant::now();
    while start.elapsed() < time {
        for client in &mut clients {
            client.read_exact(&mut [0; 64]).expect("an answer");
            client.write_all(&[1; 64]).expect("write");
        }
    }
}

/// What each worker did during a second of load, as shares of the time on the clock: wanted a core, and had one and used
/// it for handlers, as a share of what it had.
fn measure(runtime: &Runtime, rounds_count: u64) -> Vec<(f64, f64)> {
    let in_handlers = InHandlers::default();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = runtime.spawn(serve(listener, rounds_count, in_handlers.clone()));
    // Warm: the gathering of waits follows the load.
    load(address, Duration::from_millis(200));
    let (before, start) = (spent_by_workers(&in_handlers), Instant::now());
    load(address, Duration::from_secs(1));
    let (after, elapsed) = (spent_by_workers(&in_handlers), start.elapsed());
    server.abort();
    let share = |part: Duration, whole: Duration| part.as_secs_f64() / whole.as_secs_f64();
    let shares = before.iter().zip(&after).map(|(before, after)| {
        let ran = after.ran - before.ran;
        let wanted = ran + after.waited - before.waited;
        (share(wanted, elapsed), share(after.in_handlers - before.in_handlers, ran))
    });
    shares.collect()
}

/// A core that somebody else has is not the runtime's fault, so what counts is the time that a worker ran or would have;
/// and a worker that only searches is of no use, so it counts with the share that its handlers had.
///
/// The best of a few tries: in one where the client got no core there was nothing to do.
#[test]
fn handlers_that_compute_use_both_workers() {
    const TRIES_COUNT: usize = 5;
    let rounds_count = rounds_of_work();
    for kind in backends() {
        watched(|| {
            let runtime = builder(Shape::MultiThread, kind).build().expect("it was just available");
            let mut tries = Vec::new();
            while tries.len() < TRIES_COUNT {
                let shares = measure(&runtime, rounds_count);
                assert_eq!(shares.len(), WORKER_COUNT);
                let wanted: f64 = shares.iter().map(|(wanted, _)| wanted).sum();
                println!("{kind}: {wanted:.2} workers were busy; each, and in handlers: {shares:.2?}");
                // A debug build spends some of it around the handlers.
                // A machine that is taken away for a while is taken from all workers.
                let most = shares.iter().map(|(wanted, _)| *wanted).fold(0.0, f64::max);
                if most > 0.05
                    && wanted >= 1.7 * most
                    && shares.iter().all(|(_, in_handlers)| *in_handlers >= 0.6)
                {
                    return;
                }
                tries.push(shares);
            }
            panic!("{kind}: not all workers were of use: {tries:.2?}");
        });
    }
}
