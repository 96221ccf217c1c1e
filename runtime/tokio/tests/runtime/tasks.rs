//! Tasks that stay on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime, Runtime};
use tokio::task::{JoinSet, LocalSet, spawn_local};

#[test]
fn spawn_local_needs_a_set_or_a_local_runtime() {
    let runtime = Runtime::new().unwrap();
    let refused = runtime.block_on(async { catch_unwind(AssertUnwindSafe(|| drop(spawn_local(async {})))) });
    assert!(refused.is_err());
    let set = LocalSet::new();
    let value = Rc::new(5);
    let sum = set.block_on(&runtime, async move { spawn_local(async move { *value + 1 }).await.unwrap() });
    assert_eq!(sum, 6);
}

#[test]
fn a_set_of_tasks_takes_local_ones() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    set.spawn_local_on(async { 1 }, &local);
    set.spawn_on(async { 2 }, runtime.handle());
    let mut outputs = local.block_on(&runtime, set.join_all());
    outputs.sort_unstable();
    assert_eq!(outputs, [1, 2]);
}

#[test]
fn a_local_runtime_takes_futures_that_stay() {
    let runtime = LocalRuntime::new().unwrap();
    let value = Rc::new(1);
    let task = runtime.spawn_local({
        let value = value.clone();
        async move { *value + 1 }
    });
    assert_eq!(runtime.block_on(task).unwrap(), 2);
    let several = catch_unwind(|| Builder::new_multi_thread().build_local(LocalOptions::default()).is_ok());
    assert!(several.is_err());
}

#[test]
fn threads_have_the_name_that_the_builder_gives() {
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("mine").build().unwrap();
    let name = runtime.block_on(runtime.spawn(async { std::thread::current().name().map(str::to_owned) }));
    assert_eq!(name.unwrap().as_deref(), Some("mine"));
}
