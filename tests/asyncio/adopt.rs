//! Generators whose clean-up the runtime takes care of. The numbers are those of the list of behaviours that CPython's
//! own tests assert (`test_asyncgen`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use heist::asyncio::{Adopted, Origin, Promise, adopt, run, sleep};
use heist::generator::{AsyncCoroutineExt, AsyncResume, CloseError, State, Step, async_coroutine};
use heist::runtime::{Builder, Runtime};

use crate::listen;
use crate::support::{self, Counter, Gate, Shape, with_every_runtime};

type Log = Arc<Mutex<Vec<&'static str>>>;

async_coroutine! {
    /// Yields for ever; its clean-up awaits a timer, so it cannot run on a runtime that has ended.
    fn ticker(log: Log) -> yields u32 {
        let mut n = 0;
        while (yield n).is_ok() {
            n += 1;
        }
        log.lock().unwrap().push("closing");
        sleep(Duration::from_millis(1)).await;
        log.lock().unwrap().push("closed");
        Ok(())
    }
}

// 105
#[test]
fn the_clean_up_of_a_dropped_generator_runs() {
    let log = Log::default();
    let trace = log.clone();
    run(async move {
        let done: Promise<()> = Promise::new();
        let tell = done.clone();
        let inner = trace.clone();
        let mut ticks = adopt(async_coroutine! { |_: ()|
            yield from ticker(inner)
        });
        assert_eq!(ticks.astart().await, Ok(Step::Yielded(0)));
        assert_eq!(ticks.asend(()).await, Ok(Step::Yielded(1)));
        drop(ticks);
        // The clean-up is a task like any other: it runs while the program goes on.
        heist::spawn(async move {
            while trace.lock().unwrap().len() < 2 {
                sleep(Duration::from_millis(1)).await;
            }
            tell.set_result(())
        });
        assert_eq!(done.await, Ok(()));
    })
    .unwrap();
    assert_eq!(*log.lock().unwrap(), ["closing", "closed"]);
}

// 106
#[test]
fn a_runtime_that_ends_closes_what_still_lives() {
    for build in [Builder::new_multi_thread, Builder::new_current_thread] {
        let log = Log::default();
        let runtime = build().build().unwrap();
        let kept = runtime.block_on(async {
            let mut kept = [adopt(ticker(log.clone())), adopt(ticker(log.clone()))];
            for ticks in &mut kept {
                assert!(ticks.astart().await.is_ok());
            }
            kept
        });
        drop(runtime);
        let mut seen = log.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, ["closed", "closed", "closing", "closing"]);
        // The owner's handles have outlived the runtime: what they stood for is closed.
        assert!(kept.iter().all(|ticks| AsyncResume::state(&**ticks) == State::Closed));
    }
}

#[test]
fn a_runtime_that_ends_waits_for_a_clean_up_that_has_begun() {
    let log = Log::default();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut ticks = adopt(ticker(log.clone()));
        assert!(ticks.astart().await.is_ok());
        drop(ticks);
    });
    drop(runtime);
    assert_eq!(*log.lock().unwrap(), ["closing", "closed"]);
}

// 107
#[test]
fn an_error_of_a_closing_reaches_the_handler() {
    let reports = Arc::new(Mutex::new(vec![]));
    let sink = reports.clone();
    listen(move |unhandled| {
        if ["\"clean-up failed\"", "it yielded again instead of returning"].contains(&unhandled.error()) {
            assert_eq!(unhandled.origin(), Origin::Generator);
            sink.lock().unwrap().push(unhandled.error().to_string());
        }
    });
    let runtime = Runtime::new().unwrap();
    let kept = runtime.block_on(async {
        let mut fails = adopt(async_coroutine! { |_: (), &'static str|
            let _closed = (yield 1);
            sleep(Duration::from_millis(1)).await;
            Err::<(), _>(heist::generator::Raise::Error("clean-up failed"))
        });
        assert!(fails.astart().await.is_ok());
        let mut goes_on = adopt(async_coroutine! { |_: ()| while (yield 1).is_err() {} Ok(()) });
        assert!(goes_on.astart().await.is_ok());
        (fails, goes_on)
    });
    drop(runtime);
    drop(kept);
    let mut seen = reports.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, ["\"clean-up failed\"", "it yielded again instead of returning"]);
}

// Beside the numbered list.

#[test]
fn an_adopted_generator_is_closed_by_its_owner_as_well() {
    let log = Log::default();
    let trace = log.clone();
    run(async move {
        let mut ticks = adopt(ticker(trace));
        assert!(ticks.astart().await.is_ok());
        assert_eq!(ticks.aclose().await, Ok(Some(())));
        assert_eq!(ticks.state(), State::Closed);
        let stubborn = adopt(async_coroutine! { |_: ()| if (yield 1).is_err() { (yield 2)?; } Ok(()) });
        let mut stubborn: std::pin::Pin<Box<Adopted<_>>> = stubborn;
        assert!(stubborn.astart().await.is_ok());
        assert_eq!(stubborn.aclose().await, Err(CloseError::IgnoredExit(2)));
    })
    .unwrap();
    assert_eq!(*log.lock().unwrap(), ["closing", "closed"]);
}

#[test]
fn a_generator_that_never_started_is_dropped_without_a_word() {
    let log = Log::default();
    let trace = log.clone();
    run(async move { drop(adopt(ticker(trace))) }).unwrap();
    assert!(log.lock().unwrap().is_empty());
    assert_eq!(Arc::strong_count(&log), 1);
}

#[test]
fn a_shutdown_with_a_limit_does_not_wait_for_a_clean_up_without_end() {
    let runtime = Runtime::new().unwrap();
    let kept = runtime.block_on(async {
        let mut hangs = adopt(async_coroutine! { |_: ()|
            let _closed = (yield 1);
            std::future::pending::<()>().await;
            Ok(())
        });
        assert!(hangs.astart().await.is_ok());
        hangs
    });
    runtime.shutdown_timeout(Duration::from_millis(20));
    drop(kept);
}

// What a user's code may do to the end of a runtime.

/// Counts the reports that have `words` in them.
fn reports_of(words: &'static str) -> Counter {
    let reports = Counter::default();
    let told = reports.clone();
    listen(move |unhandled| {
        if unhandled.error().contains(words) {
            assert_eq!(unhandled.origin(), Origin::Generator);
            assert!(unhandled.error().starts_with("it panicked: "));
            told.bump();
        }
    });
    reports
}

/// Panics when it is dropped, and is counted before.
struct Bomb(Counter, &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.bump();
        panic!("{}", self.1);
    }
}

/// Holds a thread up until its gate is open, when it is dropped.
struct Holds(Gate);

impl Drop for Holds {
    fn drop(&mut self) {
        self.0.wait();
    }
}

async_coroutine! {
    /// Panics in its clean-up, after an `.await` or before.
    fn panics(words: &'static str, late: bool) -> yields u32 {
        if (yield 1).is_err() {
            if late {
                sleep(Duration::from_millis(1)).await;
            }
            panic!("{words}");
        }
        Ok(())
    }
}

async_coroutine! {
    /// Has a local that panics when it is dropped.
    fn explodes(drops: Counter, words: &'static str) -> yields u32 {
        let _bomb = Bomb(drops, words);
        let _closed = (yield 1);
        Ok(())
    }
}

#[test]
fn clean_ups_that_panic_at_the_end_are_reported_and_the_others_are_closed() {
    let words = "words of the panic at the end";
    let reports = reports_of(words);
    let mut rounds = 0;
    for in_unwinding in [false, true] {
        rounds += 2 * support::backends().len();
        with_every_runtime(|runtime| {
            let (log, laps, drops) = (Log::default(), Counter::default(), Counter::default());
            let lap = laps.clone();
            let ticks = laps.on_drop();
            drop(runtime.spawn(async move {
                let _until_the_end = ticks;
                loop {
                    lap.bump();
                    sleep(Duration::from_millis(1)).await;
                }
            }));
            let kept = runtime.block_on(async {
                let mut kept = (
                    [adopt(panics(words, false)), adopt(panics(words, true))],
                    adopt(explodes(drops.clone(), words)),
                    adopt(ticker(log.clone())),
                );
                for bad in &mut kept.0 {
                    assert!(bad.astart().await.is_ok());
                }
                assert!(kept.1.astart().await.is_ok() && kept.2.astart().await.is_ok());
                kept
            });
            if in_unwinding {
                let unwound = catch_unwind(AssertUnwindSafe(|| {
                    let _runtime = runtime;
                    panic!("on the way");
                }));
                assert_eq!(unwound.unwrap_err().downcast_ref::<&str>(), Some(&"on the way"));
            } else {
                drop(runtime);
            }
            assert_eq!(*log.lock().unwrap(), ["closing", "closed"], "the good one is closed");
            let before = laps.get();
            std::thread::sleep(Duration::from_millis(5));
            assert_eq!(laps.get(), before, "no task runs any more");
            assert_eq!(drops.get(), 1);
            drop(kept);
        });
    }
    // Three bad ones on each runtime, of each shape.
    assert_eq!(reports.get(), 3 * rounds);
}

#[test]
fn a_clean_up_that_panics_after_its_owner_is_gone_is_reported() {
    let words = "words of the ownerless";
    let reports = reports_of(words);
    let count = 2 * support::backends().len();
    with_every_runtime(|runtime| {
        runtime.block_on(async {
            for late in [false, true] {
                let mut bad = adopt(panics(words, late));
                assert!(bad.astart().await.is_ok());
            }
        });
        drop(runtime);
    });
    assert_eq!(reports.get(), 2 * count);
}

/// Runs `end` with a runtime that something holds up until the gate is open, and checks that it does not wait for it.
fn ends_in_time(hold: impl Fn(&Runtime, Gate), end: impl Fn(Runtime)) {
    with_every_runtime(|runtime| {
        let gate = Gate::default();
        hold(&runtime, gate.clone());
        let start = Instant::now();
        end(runtime);
        assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
        gate.open();
    });
}

#[test]
fn a_shutdown_with_a_limit_waits_for_no_long_step_of_a_generator() {
    let in_a_step = |runtime: &Runtime, gate: Gate| {
        let entered = Gate::default();
        let inside = entered.clone();
        let mut steps = runtime.block_on(async {
            adopt(async_coroutine! { |_: ()|
                (yield 1)?;
                inside.open();
                gate.wait();
                Ok(())
            })
        });
        let step = async move {
            let _ = steps.astart().await;
            let _ = steps.asend(()).await;
        };
        // Beside the tasks: the step is one of a thread that the runtime does not know.
        let handle = runtime.handle().clone();
        drop(std::thread::spawn(move || handle.block_on(step)));
        entered.wait();
    };
    ends_in_time(in_a_step, |runtime| runtime.shutdown_timeout(Duration::from_millis(50)));
    ends_in_time(in_a_step, Runtime::shutdown_background);
    // Nor does a drop: it is the step of another thread's.
    ends_in_time(in_a_step, drop);
}

/// The same for a step of a task's, on the workers of a runtime that has some.
#[test]
fn a_shutdown_with_a_limit_waits_for_no_long_step_of_a_task() {
    for kind in support::backends() {
        let runtime = support::builder(Shape::MultiThread, kind).build().unwrap();
        let (gate, entered) = (Gate::default(), Gate::default());
        let (stuck, inside) = (gate.clone(), entered.clone());
        drop(runtime.spawn(async move {
            let mut steps = adopt(async_coroutine! { |_: ()|
                (yield 1)?;
                inside.open();
                stuck.wait();
                Ok(())
            });
            let _ = steps.astart().await;
            let _ = steps.asend(()).await;
        }));
        entered.wait();
        let start = Instant::now();
        runtime.shutdown_timeout(Duration::from_millis(50));
        assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
        gate.open();
    }
}

#[test]
fn a_shutdown_with_a_limit_waits_for_no_clean_up_that_blocks() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    let blocks = move |runtime: &Runtime, gate: Gate| {
        let generator = async_coroutine! { |_: ()| let _closed = (yield 1); gate.wait(); Ok(()) };
        let mut blocks = runtime.block_on(async { adopt(generator) });
        assert!(runtime.block_on(blocks.astart()).is_ok());
        keep.lock().unwrap().push(blocks);
    };
    ends_in_time(&blocks, |runtime| runtime.shutdown_timeout(Duration::from_millis(50)));
    ends_in_time(&blocks, Runtime::shutdown_background);
    drop(kept);
}

#[test]
fn a_shutdown_with_a_limit_waits_for_no_destructor_of_a_body() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    let holds = move |runtime: &Runtime, gate: Gate| {
        let generator =
            async_coroutine! { |_: ()| let _holds = Holds(gate); let _closed = (yield 1); Ok(()) };
        let mut holds = runtime.block_on(async { adopt(generator) });
        assert!(runtime.block_on(holds.astart()).is_ok());
        keep.lock().unwrap().push(holds);
    };
    ends_in_time(&holds, |runtime| runtime.shutdown_timeout(Duration::from_millis(50)));
    drop(kept);
}

/// As `asyncio.run`: what the tasks do has ended when the generators are closed.
#[test]
fn tasks_are_cancelled_before_generators_are_closed() {
    struct Says(Log, &'static str);
    impl Drop for Says {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(self.1);
        }
    }
    with_every_runtime(|runtime| {
        let log = Log::default();
        let (said, drops) = (Says(log.clone(), "a task is gone"), Counter::default());
        let refused = drops.on_drop();
        let handle = runtime.handle().clone();
        let kept = runtime.block_on(async {
            let mut kept = adopt(ticker(log.clone()));
            assert!(kept.astart().await.is_ok());
            let begun: Promise<()> = Promise::new();
            let tell = begun.clone();
            drop(heist::spawn(async move {
                let _said = said;
                // What a destructor spawns meanwhile is refused, as ever.
                let _spawns = SpawnsOnDrop(handle, Some(refused));
                let mut own = adopt(
                    async_coroutine! { |_: ()| let mut n = 0; while (yield n).is_ok() { n += 1; } Ok(()) },
                );
                let _ = own.astart().await;
                tell.set_result(()).unwrap();
                loop {
                    // Were it closed under the task's hands, this would panic.
                    let _ = own.asend(()).await.unwrap();
                    sleep(Duration::from_millis(1)).await;
                }
            }));
            begun.await.unwrap();
            kept
        });
        drop(runtime);
        assert_eq!(*log.lock().unwrap(), ["a task is gone", "closing", "closed"]);
        assert_eq!(drops.get(), 1);
        drop(kept);
    });
}

/// Spawns a task without end when it is dropped.
struct SpawnsOnDrop(heist::runtime::Handle, Option<support::CountedDrop>);

impl Drop for SpawnsOnDrop {
    fn drop(&mut self) {
        let guard = self.1.take();
        drop(self.0.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }));
    }
}

#[test]
fn the_generators_of_a_cancelled_task_are_closed() {
    with_every_runtime(|runtime| {
        let log = Log::default();
        let trace = log.clone();
        runtime.block_on(async move {
            let begun: Promise<()> = Promise::new();
            let tell = begun.clone();
            drop(heist::spawn(async move {
                let mut ticks = adopt(ticker(trace));
                let _ = ticks.astart().await;
                tell.set_result(()).unwrap();
                std::future::pending::<()>().await;
            }));
            begun.await.unwrap();
        });
        drop(runtime);
        assert_eq!(*log.lock().unwrap(), ["closing", "closed"]);
    });
}

/// A clean-up at the end has all of the runtime: it spawns, joins, and adopts what is closed in its turn.
#[test]
fn a_clean_up_at_the_end_may_spawn_and_adopt() {
    with_every_runtime(|runtime| {
        let log = Log::default();
        let (trace, inner) = (log.clone(), log.clone());
        let kept = runtime.block_on(async {
            let mut kept = adopt(async_coroutine! { |_: ()|
                let _closed = (yield 1);
                let sum = heist::spawn(async { sleep(Duration::from_millis(1)).await; 2 });
                assert_eq!(sum.await.unwrap(), 2);
                heist::task::spawn_blocking(|| ()).await.unwrap();
                let mut ticks = adopt(ticker(inner));
                let _ = ticks.astart().await;
                drop(ticks);
                trace.lock().unwrap().push("the first is done");
                Ok(())
            });
            assert!(kept.astart().await.is_ok());
            kept
        });
        drop(runtime);
        let mut seen = log.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, ["closed", "closing", "the first is done"]);
        drop(kept);
    });
}

/// What is not closed in time is dropped at its `.await`, by the end or after it.
#[test]
fn a_clean_up_that_runs_out_of_time_is_dropped() {
    for timeout in [Duration::ZERO, Duration::from_millis(200)] {
        with_every_runtime(|runtime| {
            let drops = Counter::default();
            let (kept_one, dropped_one) = (drops.on_drop(), drops.on_drop());
            let hangs = |guard| {
                async_coroutine! { |_: ()|
                    let _guard = guard;
                    let _closed = (yield 1);
                    std::future::pending::<()>().await;
                    Ok(())
                }
            };
            let (mut kept, mut dropped) =
                runtime.block_on(async { (adopt(hangs(kept_one)), adopt(hangs(dropped_one))) });
            assert!(runtime.block_on(kept.astart()).is_ok());
            assert!(runtime.block_on(dropped.astart()).is_ok());
            drop(dropped);
            runtime.shutdown_timeout(timeout);
            // Without any time the one that is kept stays with its owner.
            let (ended, owned) = if timeout.is_zero() { (1, Some(kept)) } else { (2, None) };
            support::eventually("the clean-up is dropped", || drops.get() == ended);
            drop(owned);
            support::eventually("the owner's is dropped", || drops.get() == 2);
        });
    }
}
