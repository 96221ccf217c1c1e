//! Futures and closures of many bytes: a thread's stack of 2 MiB is enough for them, in an unoptimised build too. Where it is
//! not, the system ends the process.

use std::future::Future;
use std::hint::black_box;

use heist::task::{JoinSet, spawn_blocking, spawn_local};

use crate::support::on_every_runtime;

const BYTES: usize = 900 * 1024;
/// A closure moves to the stack when it is called.
const CLOSURE_BYTES: usize = 400 * 1024;

/// Not an `async fn`: its caller would move it once more.
macro_rules! large {
    () => {
        async {
            let bytes = [1_u8; BYTES];
            heist::task::yield_now().await;
            black_box(&bytes)[BYTES - 1]
        }
    };
}

fn expect_one(runtime: &heist::runtime::Runtime, task: impl Future<Output = u8> + Send + 'static) {
    assert_eq!(runtime.block_on(runtime.spawn(task)).expect("no panic"), 1);
}

#[test]
fn a_large_future_is_spawned_from_outside() {
    on_every_runtime(|runtime| {
        assert_eq!(runtime.block_on(runtime.spawn(large!())).expect("no panic"), 1);
    });
}

#[test]
fn a_large_future_is_spawned_by_a_handle() {
    on_every_runtime(|runtime| {
        let handle = runtime.handle();
        assert_eq!(runtime.block_on(handle.spawn(large!())).expect("no panic"), 1);
    });
}

#[test]
fn a_large_future_is_spawned_by_a_task() {
    on_every_runtime(|runtime| {
        expect_one(runtime, async { heist::spawn(large!()).await.expect("no panic") });
    });
}

#[test]
fn a_large_local_future_is_spawned_by_a_task() {
    on_every_runtime(|runtime| {
        let (tell, told) = futures::channel::oneshot::channel();
        let spawning = async {
            let local = spawn_local(large!());
            drop(spawn_local(async { tell.send(local.await.expect("no panic")) }));
        };
        runtime.block_on(runtime.spawn(spawning)).expect("no panic");
        assert_eq!(runtime.block_on(told), Ok(1));
    });
}

#[test]
fn a_large_future_is_spawned_into_a_set() {
    on_every_runtime(|runtime| {
        expect_one(runtime, async {
            let mut set = JoinSet::new();
            set.spawn(large!());
            set.join_next().await.expect("one").expect("no panic")
        });
    });
}

#[test]
fn a_large_closure_is_run_on_the_pool() {
    on_every_runtime(|runtime| {
        expect_one(runtime, async {
            let bytes = [1_u8; CLOSURE_BYTES];
            spawn_blocking(move || black_box(&bytes)[CLOSURE_BYTES - 1]).await.expect("no panic")
        });
    });
}

#[test]
fn a_large_future_is_blocked_on() {
    on_every_runtime(|runtime| assert_eq!(runtime.block_on(large!()), 1));
}
