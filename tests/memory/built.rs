//! A runtime that has nothing to do, and the futures that programs hold by the thousand.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heist::runtime::{Builder, DriverKind};

use crate::TALLY;
use crate::support::process::{again, expect_success, role};
use crate::support::{backends, eventually, watched};

/// What a runtime of tokio 1.54 takes with four workers, in bytes; the same on one thread.
const FOUR_WORKERS_BYTES_MAX: isize = 33_108;
const ONE_THREAD_BYTES_MAX: isize = 21_376;

/// What the futures of tokio 1.54 take, in bytes, and half as much again.
const READ_FUTURE_BYTES_MAX: usize = 104 * 3 / 2;
const CONNECT_FUTURE_BYTES_MAX: usize = 160 * 3 / 2;

/// How many allocations a read of a short file makes that is in the page cache: that of its bytes.
const READ_ALLOCATIONS_COUNT: usize = 1;

/// Calls `body` in a child for each back end, where nothing else allocates.
fn in_children(name: &str, body: impl Fn(DriverKind) + Send + Sync) {
    match role() {
        None => {
            for kind in backends() {
                expect_success(&mut again(name, &kind.to_string()));
            }
        }
        Some(kind) => watched(|| body(kind.parse().expect("the role is a back end"))),
    }
}

/// Builds a runtime twice, so that what belongs to the process is there, and returns its bytes.
fn bytes_of(kind: DriverKind, workers_count: usize) -> isize {
    let build = || {
        let started = Arc::new(AtomicUsize::new(0));
        let count = started.clone();
        let mut builder = match workers_count {
            0 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        if workers_count > 0 {
            builder.worker_threads(workers_count);
        }
        builder.driver(kind).on_thread_start(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let runtime = builder.build().expect("the parent had it");
        eventually("every worker has started", || started.load(Ordering::SeqCst) == workers_count);
        runtime
    };
    drop(build());
    let before = TALLY.bytes();
    let runtime = build();
    let bytes = TALLY.bytes() - before;
    drop(runtime);
    bytes
}

#[test]
fn a_built_runtime_takes_no_more_memory_than_one_of_tokio() {
    in_children("built::a_built_runtime_takes_no_more_memory_than_one_of_tokio", |kind| {
        for (workers_count, bytes_max) in [(4, FOUR_WORKERS_BYTES_MAX), (0, ONE_THREAD_BYTES_MAX)] {
            let bytes = bytes_of(kind, workers_count);
            assert!(bytes <= bytes_max, "{kind}, {workers_count} workers: {bytes} bytes");
        }
    });
}

#[test]
fn futures_of_reads_and_connects_are_short() {
    let read = size_of_val(&heist::fs::read(Path::new("file")));
    assert!(read <= READ_FUTURE_BYTES_MAX, "{read} bytes");
    let connect = size_of_val(&heist::net::TcpStream::connect("127.0.0.1:1"));
    assert!(connect <= CONNECT_FUTURE_BYTES_MAX, "{connect} bytes");
}

#[test]
fn a_read_of_a_short_file_allocates_its_bytes_only() {
    in_children("built::a_read_of_a_short_file_allocates_its_bytes_only", |kind| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), [7; 4096]).expect("write");
        let runtime = Builder::new_current_thread().driver(kind).build().expect("the parent had it");
        runtime.block_on(async {
            let read = async || heist::fs::read(file.path()).await.expect("it is there").len();
            read().await;
            let before = TALLY.allocations_count();
            assert_eq!(read().await, 4096);
            let count = TALLY.allocations_count() - before;
            // A file system without reads that do not wait, or a kernel without a cache of paths to ask, needs more.
            assert!(count == READ_ALLOCATIONS_COUNT || count > 3, "{count} allocations");
            if count > READ_ALLOCATIONS_COUNT {
                eprintln!("SKIPPED: reads from the caches do not work here");
            }
        });
    });
}

/// Optimised builds keep the cells of tasks for the next ones; others have nothing to give back.
#[test]
fn the_memory_of_a_burst_is_given_back_when_the_runtime_is_idle_and_when_it_ends() {
    const TASKS_COUNT: usize = 100_000;
    const LEFT_BYTES_MAX: isize = 64 * 1024;
    let name = "built::the_memory_of_a_burst_is_given_back_when_the_runtime_is_idle_and_when_it_ends";
    in_children(name, |kind| {
        for workers_count in [0, 2] {
            let burst = async || {
                let tasks: Vec<_> = (0..TASKS_COUNT).map(|_| heist::spawn(async {})).collect();
                for task in tasks {
                    task.await.expect("it ends");
                }
            };
            let build = || match workers_count {
                0 => Builder::new_current_thread().driver(kind).build(),
                _ => Builder::new_multi_thread().worker_threads(workers_count).driver(kind).build(),
            };
            let before_all = TALLY.bytes();
            let runtime = build().expect("the parent had it");
            let before = TALLY.bytes();
            runtime.block_on(burst());
            // Nothing else wakes the runtime, whose only worker may run only while a thread blocks on it.
            let (is_given_back, given_back) = heist::sync::oneshot::channel();
            let watcher = std::thread::spawn(move || {
                eventually("the burst's memory is given back", || TALLY.bytes() - before <= LEFT_BYTES_MAX);
                is_given_back.send(()).expect("the runtime waits");
            });
            runtime.block_on(given_back).expect("the watcher sends");
            watcher.join().expect("it is given back");
            runtime.block_on(burst());
            drop(runtime);
            let left = TALLY.bytes() - before_all;
            assert!(left <= LEFT_BYTES_MAX, "{kind}, {workers_count} workers: {left} bytes after the end");
        }
    });
}
