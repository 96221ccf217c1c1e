//! Blocking calls: beside the workers, in any number, and never orphaned.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use heist::runtime::DriverKind;
use heist::task::spawn_blocking;

use crate::support::{self, Counter, Gate, Shape, on_every_runtime, watched, with_every_runtime};

#[test]
fn a_blocking_call_gives_its_result() {
    on_every_runtime(|runtime| {
        assert_eq!(runtime.block_on(async { spawn_blocking(|| 5).await }).expect("no panic"), 5);
        let joined = runtime.spawn_blocking(|| "from outside");
        assert_eq!(runtime.block_on(joined).expect("no panic"), "from outside");
    });
}

#[test]
fn blocking_calls_do_not_hold_tasks_up() {
    on_every_runtime(|runtime| {
        let gate = Gate::default();
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let gate = gate.clone();
                runtime.spawn_blocking(move || gate.wait())
            })
            .collect();
        runtime.block_on(async {
            for _ in 0..100 {
                heist::spawn(heist::task::yield_now()).await.expect("no panic");
            }
            gate.open();
            for call in calls {
                call.await.expect("no panic");
            }
        });
    });
}

#[test]
fn the_pool_grows_until_every_call_runs() {
    on_every_runtime(|runtime| {
        // Each waits for all the others: fewer threads than calls would hang.
        let barrier = Arc::new(Barrier::new(16));
        let calls: Vec<_> = (0..16)
            .map(|_| {
                let barrier = barrier.clone();
                runtime.spawn_blocking(move || {
                    barrier.wait();
                })
            })
            .collect();
        for call in calls {
            runtime.block_on(call).expect("no panic");
        }
    });
}

/// Fault D4: a panic is the joiner's; its thread serves the next call.
#[test]
fn a_panic_in_a_blocking_call_reaches_the_joiner_and_frees_its_thread() {
    watched(|| {
        let runtime = one_blocking_thread();
        for _ in 0..20 {
            let error = runtime.block_on(runtime.spawn_blocking(|| panic!("on purpose")));
            assert!(error.expect_err("it panicked").is_panic());
        }
        assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 1)).expect("no panic"), 1);
    });
}

/// Fault C14: the complaint about a guard that was left behind ends neither the thread nor the runtime.
#[test]
fn a_blocking_call_that_leaves_another_runtime_entered_keeps_its_thread() {
    watched(|| {
        let (runtime, other) = (one_blocking_thread(), one_blocking_thread());
        for round in 0..3 {
            let handle = other.handle().clone();
            let call = runtime.spawn_blocking(move || {
                std::mem::forget(handle.enter());
                round
            });
            assert_eq!(runtime.block_on(call).expect("no panic"), round);
            // The thread is where it was: what it spawns goes to its own runtime.
            let tasks_count = other.handle().metrics().num_alive_tasks();
            let call = runtime.spawn_blocking(|| heist::spawn(std::future::pending::<()>()));
            let waiting = runtime.block_on(call).expect("no panic");
            assert_eq!(other.handle().metrics().num_alive_tasks(), tasks_count);
            waiting.abort();
        }
        drop(runtime);
    });
}

/// Fault D3: at the cap, calls wait in line and run when a thread is free.
#[test]
fn calls_beyond_the_cap_run_when_a_thread_is_free() {
    watched(|| {
        let runtime = one_blocking_thread();
        let (gate, ran) = (Gate::default(), Counter::default());
        let held = gate.clone();
        let mut calls = vec![runtime.spawn_blocking(move || held.wait())];
        for _ in 0..100 {
            let ran = ran.clone();
            calls.push(runtime.spawn_blocking(move || ran.bump()));
        }
        assert_eq!(ran.get(), 0, "the only thread is taken");
        gate.open();
        for call in calls {
            runtime.block_on(call).expect("no panic");
        }
        assert_eq!(ran.get(), 100);
    });
}

/// Fault A4: idle threads are counted rightly, however calls and idling overlap.
#[test]
fn a_long_stream_of_short_calls_loses_none() {
    on_every_runtime(|runtime| {
        let ran = Counter::default();
        runtime.block_on(async {
            for _ in 0..200 {
                let calls: Vec<_> = (0..20)
                    .map(|_| {
                        let ran = ran.clone();
                        spawn_blocking(move || ran.bump())
                    })
                    .collect();
                for call in calls {
                    call.await.expect("no panic");
                }
            }
        });
        assert_eq!(ran.get(), 4_000);
    });
}

#[test]
fn a_blocking_call_may_start_others_and_drive_futures() {
    on_every_runtime(|runtime| {
        let sum = runtime.block_on(async {
            spawn_blocking(|| {
                let handle = heist::runtime::Handle::current();
                let inner = handle.spawn_blocking(|| 2);
                let task = heist::spawn(async { 3 });
                handle.block_on(async move { inner.await.expect("no panic") + task.await.expect("no panic") })
            })
            .await
            .expect("no panic")
        });
        assert_eq!(sum, 5);
    });
}

/// Fault D5: a call that is refused or never started says so; it does not leave its joiner waiting.
#[test]
fn calls_in_line_at_shutdown_are_cancelled_or_run() {
    with_every_runtime(|runtime| {
        let (ran, drops) = (Counter::default(), Counter::default());
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let (ran, guard) = (ran.clone(), drops.on_drop());
                runtime.spawn_blocking(move || {
                    let _guard = guard;
                    ran.bump();
                })
            })
            .collect();
        drop(runtime);
        let mut finished_count = 0;
        for call in calls {
            match futures::executor::block_on(call) {
                Ok(()) => finished_count += 1,
                Err(error) => assert!(error.is_cancelled()),
            }
        }
        assert_eq!(ran.get(), finished_count);
        assert_eq!(drops.get(), 50, "what the closures hold is dropped either way");
    });
}

/// Fault D2: no thread can be started for the first blocking call. It runs, or it fails; it never just waits.
#[cfg(target_os = "linux")]
#[test]
fn the_first_blocking_call_is_answered_even_when_no_thread_can_start() {
    use crate::support::process;
    let test = "blocking::the_first_blocking_call_is_answered_even_when_no_thread_can_start";
    if process::role().is_none() {
        if !process::is_root() {
            support::loud("SKIPPED: dropping privileges in the child needs root");
            return;
        }
        for role in ["multi-thread", "current-thread"] {
            process::expect_success(&mut process::again(test, role));
        }
        return;
    }
    let shape = match process::role().as_deref() {
        Some("multi-thread") => Shape::MultiThread,
        _ => Shape::CurrentThread,
    };
    watched(|| {
        let runtime = support::builder(shape, DriverKind::Poll).build().expect("threads may still start");
        process::limit_threads(1);
        assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "the limit holds");
        for _ in 0..3 {
            let call = runtime.spawn_blocking(|| 7);
            let outcome = runtime.block_on(async {
                heist::time::timeout(Duration::from_secs(20), call).await.expect("answered, not orphaned")
            });
            match outcome {
                Ok(value) => assert_eq!(value, 7),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    });
}

fn one_blocking_thread() -> heist::runtime::Runtime {
    support::builder(Shape::MultiThread, DriverKind::Poll)
        .max_blocking_threads(1)
        .build()
        .expect("the poll back end is always there")
}

/// As in tokio, whose threads empty the line before they end.
#[test]
fn closures_in_line_at_the_end_are_run() {
    on_every_runtime_of_one_thread(|runtime| {
        let ran = Counter::default();
        let calls: Vec<_> = (0..2000)
            .map(|_| {
                let ran = ran.clone();
                runtime.spawn_blocking(move || ran.bump())
            })
            .collect();
        runtime.shutdown_timeout(Duration::from_secs(100));
        assert_eq!(ran.get(), 2000);
        assert!(calls.iter().all(|call| call.is_finished()));
    });
}

/// Nobody runs the loop of the runtime: its files are served all the same.
#[test]
fn files_are_read_on_a_current_thread_runtime_that_nobody_drives() {
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(Shape::CurrentThread, kind).build().expect("a runtime");
            let text = runtime.handle().block_on(heist::fs::read_to_string("Cargo.toml"));
            assert!(text.expect("it is there").contains("heist"));
        });
    }
}

fn on_every_runtime_of_one_thread(test: impl Fn(heist::runtime::Runtime)) {
    for shape in [Shape::MultiThread, Shape::CurrentThread] {
        watched(|| {
            let mut builder = support::builder(shape, DriverKind::Poll);
            test(builder.max_blocking_threads(1).build().expect("the poll back end is always there"));
        });
    }
}
