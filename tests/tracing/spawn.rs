//! Every way to spawn makes a span that says what was spawned, and where.

use std::collections::BTreeMap;
use std::panic::Location;

use heist::runtime::{Builder, Runtime};
use heist::task::{AbortHandle, JoinSet, LocalSet, TaskBuilder};

use crate::recorder::{self, Recorded};
use crate::support::{on_every_runtime, two_workers};

/// The line of a call within a call of this.
#[track_caller]
fn here<T>(value: T) -> (T, u32) {
    (value, Location::caller().line())
}

fn field<'a>(span: &'a Recorded, name: &str) -> &'a str {
    span.fields.get(name).map_or("", String::as_str)
}

fn span_of(handle: &AbortHandle) -> Recorded {
    recorder::of_task(handle.id()).expect("it has a span")
}

/// Compares what all spans have: kind, name and place.
fn check(span: &Recorded, kind: &str, name: &str, line: u32) {
    assert_eq!(field(span, "kind"), format!("debug:{kind}"), "{span:?}");
    assert_eq!(field(span, "task.name"), format!("debug:{name}"), "{span:?}");
    assert_eq!(field(span, "loc.file"), format!("str:{}", file!()), "{span:?}");
    assert_eq!(field(span, "loc.line"), format!("u64:{line}"), "{span:?}");
    let is_blocking = kind == "blocking";
    assert_eq!(span.target, if is_blocking { "tokio::task::blocking" } else { "tokio::task" });
    assert_eq!(span.name, "runtime.spawn");
    assert_eq!(span.is_root, !is_blocking, "{span:?}");
}

#[test]
fn the_span_of_a_task_has_these_fields_and_no_others() {
    recorder::install();
    on_every_runtime(|runtime| {
        let number = 7_u64;
        let future = async move { number };
        let size = size_of_val(&future);
        let (task, line) = here(runtime.spawn(future));
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        let span = recorder::of_task(id).expect("it has a span");
        let mut expected = BTreeMap::from([
            ("kind", "debug:task".to_owned()),
            ("task.name", "debug:".to_owned()),
            ("task.id", format!("u64:{id}")),
            ("size.bytes", format!("u64:{size}")),
            ("loc.file", format!("str:{}", file!())),
            ("loc.line", format!("u64:{line}")),
        ]);
        expected.insert("loc.col", span.fields["loc.col"].clone());
        assert_eq!(span.fields, expected);
    });
}

#[test]
fn a_closure_is_of_kind_blocking_and_says_its_type() {
    recorder::install();
    on_every_runtime(|runtime| {
        let bytes = [1_u8; 100];
        let (task, line) = here(runtime.spawn_blocking(move || bytes.len()));
        let span = span_of(&task.abort_handle());
        assert_eq!(runtime.block_on(task).expect("no panic"), 100);
        check(&span, "blocking", "", line);
        assert_eq!(field(&span, "size.bytes"), "u64:100");
        assert!(field(&span, "fn").ends_with("{{closure}}"), "{span:?}");
        let named = TaskBuilder::new().name("sum");
        let (task, line) = here(named.spawn_blocking_on(|| 1, runtime.handle()));
        check(&span_of(&task.abort_handle()), "blocking", "sum", line);
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        assert_eq!(recorder::steps(id), ["new", "enter", "exit", "close"]);
    });
}

#[test]
fn every_function_that_spawns_names_its_caller() {
    recorder::install();
    on_every_runtime(|runtime| {
        let builder = TaskBuilder::new().name("named");
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let spawned = [
                (here(heist::spawn(async {}).abort_handle()), "task", ""),
                (here(runtime.handle().spawn(async {}).abort_handle()), "task", ""),
                (here(builder.spawn(async {}).abort_handle()), "task", "named"),
                (here(builder.spawn_on(async {}, runtime.handle()).abort_handle()), "task", "named"),
                (here(set.spawn(async {})), "task", ""),
                (here(set.spawn_on(async {}, runtime.handle())), "task", ""),
                (here(set.spawn_blocking(|| ())), "blocking", ""),
                (here(heist::task::spawn_blocking(|| ()).abort_handle()), "blocking", ""),
            ];
            for ((handle, line), kind, name) in spawned {
                check(&span_of(&handle), kind, name, line);
            }
            set.join_all().await;
        });
    });
}

#[test]
fn tasks_that_stay_on_their_thread_are_of_kind_local() {
    recorder::install();
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (local_set, builder) = (LocalSet::new(), TaskBuilder::new().name("named"));
    let mut set = JoinSet::new();
    let spawned = [
        (here(local_set.spawn_local(async {}).abort_handle()), ""),
        (here(set.spawn_local_on(async {}, &local_set)), ""),
        (here(builder.spawn_local_on(async {}, &local_set).abort_handle()), "named"),
    ];
    local_set.block_on(&runtime, set.join_all());
    for ((handle, line), name) in spawned {
        check(&span_of(&handle), "local", name, line);
        assert_eq!(recorder::steps(handle.id()), ["new", "enter", "exit", "close"]);
    }
    runtime.block_on(async {
        let (task, line) = here(heist::task::spawn_local(async {}));
        check(&span_of(&task.abort_handle()), "local", "", line);
        task.await.expect("no panic");
        let (task, line) = here(builder.spawn_local(async {}));
        check(&span_of(&task.abort_handle()), "local", "named", line);
        task.await.expect("no panic");
    });
    let runtime = heist::runtime::LocalRuntime::new().expect("a runtime");
    let (task, line) = here(runtime.spawn_local(async {}));
    check(&span_of(&task.abort_handle()), "local", "", line);
}

#[test]
fn the_future_that_a_thread_blocks_on_has_a_span_of_its_own() {
    /// The one span of `block_on` in `line` of this file.
    fn blocked_on(line: u32) -> Recorded {
        let (file, line) = (format!("str:{}", file!()), format!("u64:{line}"));
        let is_wanted = |span: &Recorded| {
            field(span, "kind") == "debug:block_on"
                && field(span, "loc.file") == file
                && field(span, "loc.line") == line
        };
        recorder::find(is_wanted).pop().expect("it has a span")
    }

    fn block(runtime: &Runtime) -> u32 {
        let (_, line) = here(runtime.block_on(async {
            heist::task::yield_now().await;
            42
        }));
        line
    }

    recorder::install();
    on_every_runtime(|runtime| {
        let span = blocked_on(block(runtime));
        assert_eq!(span.steps(), ["new", "enter", "exit", "enter", "exit", "close"]);
        let (_, line) = here(runtime.handle().block_on(async { 42 }));
        check(&blocked_on(line), "block_on", "", line);
    });
}

#[test]
fn a_large_future_says_its_size_before_it_was_boxed() {
    recorder::install();
    let runtime = two_workers();
    let bytes = [1_u8; 100_000];
    let future = async move {
        heist::task::yield_now().await;
        bytes.len()
    };
    let size = size_of_val(&future);
    let task = runtime.spawn(future);
    let (small, closure) = (runtime.spawn(async {}), runtime.spawn_blocking(move || bytes.len()));
    let span = span_of(&task.abort_handle());
    assert_eq!(field(&span, "original_size.bytes"), format!("u64:{size}"));
    assert_eq!(field(&span, "size.bytes"), format!("u64:{}", size_of::<usize>()));
    let after = span_of(&small.abort_handle());
    assert_eq!(field(&after, "original_size.bytes"), "", "it was not boxed");
    assert_eq!(field(&span_of(&closure.abort_handle()), "original_size.bytes"), "u64:100000");
    runtime.block_on(async { (task.await, small.await, closure.await) }).0.expect("no panic");
}

#[test]
fn a_small_task_that_a_large_future_spawns_has_only_its_own_size() {
    recorder::install();
    let runtime = two_workers();
    let bytes = [1_u8; 100_000];
    let (small, _) = runtime.block_on(async move {
        let small = heist::spawn(async {}).abort_handle();
        heist::task::yield_now().await;
        (small, bytes.len())
    });
    assert_eq!(field(&span_of(&small), "original_size.bytes"), "");
}
