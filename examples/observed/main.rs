//! Four services that are ill, and the look inside that shows why.
//!
//! ```text
//! cargo run --release --example observed -- leak|lock|block|circle [--stay]
//! ```
//!
//! With `--stay` the service goes on to be ill until Ctrl-C, and `HEIST_CONSOLE=target` before the
//! command lets the tool `heist` look into it from outside. `README.md` beside this file shows what
//! both print. A service of your own calls `Builder::dump_on_quit` and `Builder::on_slow_poll`, and
//! then `kill -QUIT PID` asks it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::Poll;
use std::time::Duration;

use heist::runtime::{Builder, Handle, Runtime, SlowPoll};
use heist::signal::ctrl_c;
use heist::sync::{Mutex, Notify, oneshot};
use heist::task::{Id, JoinHandle, yield_now};
use heist::time::timeout;

fn main() -> io::Result<()> {
    let (tell, slow_polls) = channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_slow_poll(move |poll| tell.send(poll.clone()).unwrap_or(()))
        .build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (illness, stays) = match arguments[..] {
        [illness] => (illness, false),
        [illness, "--stay"] => (illness, true),
        _ => ("", false),
    };
    match illness {
        "leak" => runtime.block_on(leak(stays)),
        "lock" => runtime.block_on(lock(stays)),
        "block" => block(&runtime, &slow_polls, stays),
        "circle" => runtime.block_on(circle(stays)),
        _ => {
            eprintln!("error: name an illness: leak, lock, block or circle");
            std::process::exit(2);
        }
    }
}

/// If it is to stay, waits for Ctrl-C, and does `again` every second.
async fn stay(stays: bool, again: impl AsyncFn()) -> io::Result<()> {
    if !stays {
        return Ok(());
    }
    let mut end = pin!(ctrl_c());
    // The first poll begins to listen.
    if let Poll::Ready(ended) = futures::poll!(end.as_mut()) {
        return ended;
    }
    println!("process {} stays until Ctrl-C", std::process::id());
    loop {
        match timeout(Duration::from_secs(1), end.as_mut()).await {
            Ok(ended) => return ended,
            Err(_) => again().await,
        }
    }
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
async fn leak(stays: bool) -> io::Result<()> {
    let mut senders = Vec::new();
    for _request in 0..1000 {
        let (answer, receiver) = oneshot::channel::<u32>();
        senders.push(answer);
        heist::spawn(async move { receiver.await.unwrap_or(0) });
    }
    print_dump().await;
    stay(stays, async || ()).await
}

/// A task keeps its lock while it waits for a peer, and all others wait for the lock.
async fn lock(stays: bool) -> io::Result<()> {
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
    stay(stays, async || ()).await
}

/// Starts a task that calls something that blocks, and with it the worker.
fn start_blocking(handle: &Handle) -> JoinHandle<()> {
    handle.spawn(async { std::thread::sleep(Duration::from_millis(100)) })
}

fn block(runtime: &Runtime, slow_polls: &Receiver<SlowPoll>, stays: bool) -> io::Result<()> {
    let report = loop {
        let task = start_blocking(runtime.handle());
        let id = task.id();
        runtime.block_on(task).expect("it does not panic");
        // A machine that was busy otherwise may not have looked in time.
        if let Some(poll) = end_of_poll(slow_polls, id) {
            break poll;
        }
    };
    let (worker, duration) = (report.worker(), report.duration());
    let place = report.location().map_or(String::from("nowhere"), ToString::to_string);
    println!("worker {worker} was for {duration:.0?} in one poll of the task spawned at {place}");
    runtime.block_on(stay(stays, async || {
        start_blocking(runtime.handle()).await.expect("it does not panic");
        while slow_polls.try_recv().is_ok() {}
    }))
}

/// The report of the end of a slow poll of this task, if one comes.
fn end_of_poll(slow_polls: &Receiver<SlowPoll>, task: Id) -> Option<SlowPoll> {
    let next = || slow_polls.recv_timeout(Duration::from_secs(1)).ok();
    std::iter::from_fn(next).find(|poll| poll.task() == Some(task) && poll.is_over())
}

/// Two tasks await each other.
async fn circle(stays: bool) -> io::Result<()> {
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
            print!("{dump}");
            return stay(stays, async || ()).await;
        }
        yield_now().await;
    }
}
