//! A loop over what never waits lets other tasks run.

use heist::runtime::Builder;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, copy, copy_buf, duplex, empty, repeat, sink,
};

/// Runs a loop on a runtime of one worker, until a task that was spawned before it has run.
fn lets_others_run<F: Future<Output = ()> + Send + 'static>(endless: impl FnOnce(Arc<AtomicBool>) -> F) {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let has_run = Arc::new(AtomicBool::new(false));
    let looping = endless(Arc::clone(&has_run));
    runtime.block_on(async move {
        let task = heist::spawn(async move {
            heist::spawn(async move { has_run.store(true, Ordering::Relaxed) });
            looping.await;
        });
        task.await.expect("the task is over");
    });
}

macro_rules! endless {
    ($has_run:ident, $body:expr) => {
        lets_others_run(|$has_run| async move {
            while !$has_run.load(Ordering::Relaxed) {
                $body;
            }
        })
    };
}

#[test]
fn loops_over_ends_are_fair() {
    endless!(has_run, assert_eq!(empty().read(&mut [0]).await.unwrap(), 0));
    endless!(has_run, assert!(empty().fill_buf().await.unwrap().is_empty()));
    endless!(has_run, empty().write_all(b"x").await.unwrap());
    endless!(has_run, empty().flush().await.unwrap());
    endless!(has_run, assert_eq!(empty().rewind().await.unwrap(), 0));
    endless!(has_run, repeat(1).read_exact(&mut [0; 64]).await.unwrap());
    endless!(has_run, sink().write_all(b"x").await.unwrap());
    endless!(has_run, sink().shutdown().await.unwrap());
}

#[test]
fn loops_over_streams_in_memory_are_fair() {
    lets_others_run(|has_run| async move {
        let (mut a, mut b) = duplex(64);
        while !has_run.load(Ordering::Relaxed) {
            a.write_all(b"x").await.unwrap();
            b.read_exact(&mut [0]).await.unwrap();
        }
    });
    lets_others_run(|has_run| async move {
        let mut stream = tokio::io::SimplexStream::new_unsplit(64);
        while !has_run.load(Ordering::Relaxed) {
            stream.write_all(b"x").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
        }
    });
}

#[test]
fn copies_are_fair() {
    endless!(has_run, assert_eq!(copy(&mut &b"a"[..], &mut Vec::new()).await.unwrap(), 1));
    endless!(has_run, assert_eq!(copy_buf(&mut &b"a"[..], &mut Vec::new()).await.unwrap(), 1));
    endless!(has_run, assert_eq!(copy(&mut repeat(1).take(100_000), &mut sink()).await.unwrap(), 100_000));
}
