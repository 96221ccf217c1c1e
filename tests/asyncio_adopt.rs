//! Generators whose clean-up the runtime takes care of. The numbers are those of the list of behaviours that CPython's
//! own tests assert (`test_asyncgen`).
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use heist::asyncio::{Adopted, Origin, Promise, adopt, run, set_exception_handler, sleep};
use heist::generator::{AsyncCoroutineExt, AsyncResume, CloseError, State, Step, async_coroutine};
use heist::runtime::{Builder, Runtime};

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
    set_exception_handler(move |unhandled| {
        assert_eq!(unhandled.origin(), Origin::Generator);
        sink.lock().unwrap().push(unhandled.error().to_string());
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
