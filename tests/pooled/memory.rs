//! What many idle connections cost in buffers: nothing.

use heist::net::UnixStream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::counting::length;
use crate::support::wait::soon;
use crate::support::{Counter, WORKER_COUNT};
use crate::{ALLOCATOR, with_buffers};

/// Connections that wait: both ends of half as many pairs.
const CONNECTIONS_COUNT: usize = 10_000;

/// As many descriptors as this process may have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .expect("its own limit");
}

/// Receives once, and waits for more until the other end ends.
async fn wait(mut stream: UnixStream, ready: Counter, end: Counter) {
    assert_eq!(*stream.recv_pooled().await.expect("received"), *b"hello");
    ready.bump();
    assert!(stream.recv_pooled().await.expect("received").is_empty());
    end.bump();
}

#[test]
fn ten_thousand_idle_connections_hold_no_buffer() {
    const LENGTH: usize = length(11);
    const KEPT: usize = 2;
    raise_descriptors();
    with_buffers(LENGTH, KEPT, |rt| {
        rt.block_on(async {
            let (ready, end) = (Counter::default(), Counter::default());
            let mut tasks = Vec::new();
            for _ in 0..CONNECTIONS_COUNT / 2 {
                let (mut left, mut right) = UnixStream::pair().expect("10,000 descriptors and some more");
                left.write_all(b"hello").await.expect("written");
                right.write_all(b"hello").await.expect("written");
                for stream in [left, right] {
                    tasks.push(heist::spawn(wait(stream, ready.clone(), end.clone())));
                }
            }
            soon("all have received", async {
                while ready.get() < CONNECTIONS_COUNT {
                    heist::task::yield_now().await;
                }
            })
            .await;
            assert_eq!(end.get(), 0, "all of them wait");
            let live_count = ALLOCATOR.live_count(LENGTH);
            assert!(live_count <= KEPT * (WORKER_COUNT + 1), "{live_count} buffers, and none is in use");
            // Each drops its stream, which ends the other one.
            for task in tasks.iter().step_by(2) {
                task.abort();
            }
            soon("every other end", async {
                while end.get() < CONNECTIONS_COUNT / 2 {
                    heist::task::yield_now().await;
                }
            })
            .await;
        });
    });
}
