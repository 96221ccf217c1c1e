//! What never waits costs budget, so that a loop over it lets other tasks run.

use heist::runtime::Builder;
use std::future::poll_fn;
use std::pin::pin;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SimplexStream, copy, copy_buf, duplex, empty,
    repeat, sink,
};

const ROUND_COUNT: usize = 1_000;

/// How often a future that never waits is polled, because its budget was spent.
fn poll_count(looping: impl Future<Output = ()>) -> usize {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut looping = pin!(looping);
        let mut count = 0;
        poll_fn(|cx| {
            count += 1;
            looping.as_mut().poll(cx)
        })
        .await;
        count
    })
}

/// Asserts that each round costs at least one of the 128 units that a poll has.
macro_rules! costs {
    ($what:literal, $round:expr) => {
        let count = poll_count(async {
            for _ in 0..ROUND_COUNT {
                $round;
            }
        });
        assert!(count > ROUND_COUNT / 128, "{}: {count} polls", $what);
    };
}

#[test]
fn ends_cost_budget() {
    costs!("read", assert_eq!(empty().read(&mut [0]).await.unwrap(), 0));
    costs!("fill_buf", assert!(empty().fill_buf().await.unwrap().is_empty()));
    costs!("write", empty().write_all(b"x").await.unwrap());
    costs!("flush", empty().flush().await.unwrap());
    costs!("shutdown", empty().shutdown().await.unwrap());
    costs!("seek", assert_eq!(empty().rewind().await.unwrap(), 0));
    costs!("repeat", repeat(1).read_exact(&mut [0; 64]).await.unwrap());
    costs!("sink", sink().write_all(b"x").await.unwrap());
    costs!("sink, flush", sink().flush().await.unwrap());
    costs!("sink, shutdown", sink().shutdown().await.unwrap());
}

#[test]
fn streams_in_memory_cost_budget() {
    let (mut a, mut b) = duplex(ROUND_COUNT);
    costs!("write", a.write_all(b"x").await.unwrap());
    costs!("read", b.read_exact(&mut [0]).await.unwrap());
    let mut stream = SimplexStream::new_unsplit(ROUND_COUNT);
    costs!("write", stream.write_all(b"x").await.unwrap());
    costs!("read", stream.read_exact(&mut [0]).await.unwrap());
}

#[test]
fn copies_cost_budget() {
    costs!("copy", assert_eq!(copy(&mut &b"a"[..], &mut Vec::new()).await.unwrap(), 1));
    costs!("copy_buf", assert_eq!(copy_buf(&mut &b"a"[..], &mut Vec::new()).await.unwrap(), 1));
    let count = poll_count(async {
        let size_bytes = 8_192 * ROUND_COUNT as u64;
        assert_eq!(copy(&mut repeat(1).take(size_bytes), &mut sink()).await.unwrap(), size_bytes);
    });
    assert!(count > 2 * ROUND_COUNT / 128, "a copy of what never waits: {count} polls");
}
