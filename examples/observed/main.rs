//! Four services that are ill, and the look inside that shows why.
//!
//! ```text
//! cargo run --release --example observed -- leak|lock|block|circle
//! ```
//!
//! `README.md` beside this file shows what each prints. A service of your own calls
//! `Builder::dump_on_quit` and `Builder::on_slow_poll`, and then `kill -QUIT PID` asks it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use heist::runtime::{Builder, Handle, Runtime, SlowPoll};
use heist::sync::{Mutex, Notify, oneshot};
use heist::task::{JoinHandle, yield_now};

fn main() -> io::Result<()> {
    let (tell, slow_polls) = channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_slow_poll(move |poll| tell.send(poll.clone()).unwrap_or(()))
        .build()?;
    match std::env::args().nth(1).as_deref() {
        Some("leak") => runtime.block_on(leak()),
        Some("lock") => runtime.block_on(lock()),
        Some("block") => block(&runtime, &slow_polls),
        Some("circle") => runtime.block_on(circle()),
        _ => {
            eprintln!("error: name an illness: leak, lock, block or circle");
            std::process::exit(2);
        }
    }
    Ok(())
}

/// Prints what all tasks wait for, as soon as they wait.
async fn print_dump() {
    let dump = loop {
        let dump = Handle::current().dump().await;
        if dump.tasks().iter().all(|task| !task.reasons().is_empty()) {
            break dump;
        }
        yield_now().await;
    };
    print!("{dump}");
}

/// A task for each request waits for an answer that never comes. Nobody counts them.
async fn leak() {
    let mut senders = Vec::new();
    for _request in 0..1000 {
        let (answer, receiver) = oneshot::channel::<u32>();
        senders.push(answer);
        heist::spawn(async move { receiver.await.unwrap_or(0) });
    }
    print_dump().await;
}

/// A task keeps its lock while it waits for a peer, and all others wait for the lock.
async fn lock() {
    let cache = Arc::new(Mutex::new(0));
    let (theirs, locked) = (cache.clone(), Arc::new(Notify::new()));
    let tell = locked.clone();
    heist::spawn(async move {
        let mut value = theirs.lock().await;
        tell.notify_one();
        heist::time::sleep(Duration::from_secs(3600)).await;
        *value += 1;
    });
    locked.notified().await;
    for _reader in 0..3 {
        let cache = cache.clone();
        heist::spawn(async move { *cache.lock().await });
    }
    print_dump().await;
}

/// A task calls something that blocks, and with it the worker.
fn block(runtime: &Runtime, slow_polls: &Receiver<SlowPoll>) {
    loop {
        let task = runtime.spawn(async { std::thread::sleep(Duration::from_millis(100)) });
        let id = task.id();
        runtime.block_on(task).expect("it does not panic");
        // A machine that was busy otherwise may not have looked in time.
        while let Ok(poll) = slow_polls.recv_timeout(Duration::from_secs(1)) {
            if poll.task() == Some(id) && poll.is_over() {
                let (worker, duration) = (poll.worker(), poll.duration());
                let place = poll.location().map_or(String::from("nowhere"), ToString::to_string);
                return println!(
                    "worker {worker} was for {duration:.0?} in one poll of the task spawned at {place}"
                );
            }
        }
    }
}

/// Two tasks await each other.
async fn circle() {
    let (give, get) = oneshot::channel::<JoinHandle<()>>();
    let first = heist::spawn(async move {
        let second = get.await.expect("it is sent below");
        second.await.unwrap_or(());
    });
    let second = heist::spawn(async move { first.await.unwrap_or(()) });
    give.send(second).expect("the first task waits for it");
    loop {
        let dump = Handle::current().dump().await;
        if !dump.deadlocks().is_empty() {
            return print!("{dump}");
        }
        yield_now().await;
    }
}
