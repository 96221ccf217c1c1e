//! Time: never early, in order, at any length, and cancelled without a trace.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use heist::runtime::Runtime;
use heist::time::{Instant, Sleep, interval, interval_at, sleep, sleep_until, timeout};

use crate::support::{self, Counter, on_every_backend, on_every_runtime};
#[cfg(target_os = "linux")]
use crate::support::{Shape, watched};

/// A small generator with a printed seed: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn a_sleep_is_never_short_and_ends_soon_after() {
    const LATE_MAX: Duration = Duration::from_secs(1);
    const TRIES_COUNT: usize = 10;
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            for millis in [1, 2, 3, 7, 20, 63, 64, 65, 130] {
                let time = Duration::from_millis(millis);
                let mut late = Vec::new();
                // A thread that the system does not run is late as well: again then.
                while late.last().is_none_or(|&late| late > LATE_MAX) {
                    assert!(late.len() < TRIES_COUNT, "late by {late:?} after {time:?}");
                    let start = std::time::Instant::now();
                    sleep(time).await;
                    let slept = start.elapsed();
                    assert!(slept >= time, "{slept:?} of {time:?}");
                    late.push(slept - time);
                }
            }
        });
    });
}

/// Fault I2: zero, past and shorter than a tick.
#[test]
fn deadlines_that_have_passed_are_over_at_once() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            for _ in 0..100 {
                assert!(futures::poll!(pin!(sleep(Duration::ZERO))).is_ready());
                assert!(futures::poll!(pin!(sleep_until(Instant::now()))).is_ready());
                if let Some(past) = Instant::now().checked_sub(Duration::from_millis(50)) {
                    assert!(futures::poll!(pin!(sleep_until(past))).is_ready());
                }
                // Another turn, with a budget of its own.
                heist::task::yield_now().await;
            }
            sleep(Duration::from_nanos(1)).await;
            assert!(timeout(Duration::ZERO, std::future::pending::<()>()).await.is_err());
            assert_eq!(timeout(Duration::ZERO, async { 1 }).await.expect("ready at the first look"), 1);
        });
    });
}

/// Fault I1: no duration is too long.
#[test]
fn the_longest_durations_mean_never() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let years = Duration::from_secs(60 * 60 * 24 * 365);
            for time in [Duration::MAX, Duration::from_secs(u64::MAX), years * 1_000, years * 30] {
                let mut long = Box::pin(sleep(time));
                assert!(futures::poll!(long.as_mut()).is_pending());
                assert!(timeout(Duration::from_millis(2), long.as_mut()).await.is_err());
                assert_eq!(timeout(time, async { 3 }).await.expect("not elapsed"), 3);
                let mut ticks = interval(time.min(years * 30));
                ticks.tick().await;
                assert!(timeout(Duration::from_millis(2), ticks.tick()).await.is_err());
            }
        });
    });
}

/// The deadlines of sleeping tasks in the order in which they went on; none if not all slept before
/// the first of them.
fn order_of_sleepers(runtime: &Runtime, lead: Duration) -> Option<Vec<Instant>> {
    const SLEEPERS_COUNT: usize = 2_000;
    let order = Arc::new(Mutex::new(Vec::new()));
    let all_slept_in_time = runtime.block_on(async {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let armed = Counter::default();
        let start = Instant::now() + lead;
        let mut tasks = Vec::new();
        for _ in 0..SLEEPERS_COUNT {
            let deadline = start + Duration::from_micros(random.below(300_000));
            let (order, armed) = (order.clone(), armed.clone());
            tasks.push(heist::spawn(async move {
                let mut timer = pin!(sleep_until(deadline));
                let _is_over = futures::poll!(timer.as_mut());
                armed.bump();
                timer.await;
                let now = Instant::now();
                assert!(now >= deadline, "early by {:?}", deadline - now);
                order.lock().expect("no panic").push(deadline);
            }));
        }
        while armed.get() < SLEEPERS_COUNT {
            heist::task::yield_now().await;
        }
        let all_slept_in_time = Instant::now() < start;
        for task in tasks {
            task.await.expect("no panic");
        }
        all_slept_in_time
    });
    let order = std::mem::take(&mut *order.lock().expect("no panic"));
    assert_eq!(order.len(), SLEEPERS_COUNT);
    all_slept_in_time.then_some(order)
}

/// By how much the worst of them comes after a later one.
fn disorder(order: &[Instant]) -> Duration {
    let mut latest = order[0];
    let behind = order.iter().map(|&deadline| {
        latest = latest.max(deadline);
        latest - deadline
    });
    behind.max().expect("there are some")
}

/// Fault I3 at the level of the interface: random deadlines across the wheel's levels fire in order
/// and not early.
#[test]
fn random_deadlines_fire_in_order() {
    const DISORDER_MAX: Duration = Duration::from_millis(100);
    const TRIES_COUNT: usize = 15;
    on_every_runtime(|runtime| {
        let mut lead = Duration::from_millis(20);
        let mut disorders = Vec::new();
        // Two workers may swap neighbours, and a worker that the system stops keeps what it was
        // about to run. A wheel with the wrong order has it in every try: the deadlines are the
        // same.
        while disorders.last().is_none_or(|&disorder| disorder > DISORDER_MAX) {
            assert!(disorders.len() < TRIES_COUNT, "out of order by {disorders:?}");
            match order_of_sleepers(runtime, lead) {
                Some(order) => disorders.push(disorder(&order)),
                None => {
                    lead *= 2;
                    assert!(lead < support::PATIENCE / 10, "2,000 tasks are not spawned within {lead:?}");
                }
            }
        }
    });
}

/// Fault I5: cancelled, reset and re-polled timers neither fire wrongly nor stay behind.
#[test]
fn cancelled_and_reset_timers_fire_only_as_they_were_last_set() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut random = Random(0x2545_f491_4f6c_dd1d);
            let mut fired = FuturesUnordered::new();
            for _ in 0..500 {
                let (first, second) = (random.below(40), random.below(40));
                let choice = random.below(4);
                fired.push(heist::spawn(async move {
                    let mut timer = Box::pin(sleep(Duration::from_millis(first)));
                    if choice > 0 {
                        // In the wheel from here on, unless it is over already.
                        let _is_over = futures::poll!(timer.as_mut());
                    }
                    if choice == 1 {
                        return drop(timer);
                    }
                    if choice > 1 {
                        let deadline = Instant::now() + Duration::from_millis(second);
                        timer.as_mut().reset(deadline);
                        assert_eq!(timer.deadline(), deadline);
                    }
                    let deadline = timer.deadline();
                    timer.as_mut().await;
                    assert!(Instant::now() >= deadline);
                    assert!(timer.is_elapsed());
                }));
            }
            while let Some(outcome) = fired.next().await {
                outcome.expect("no panic");
            }
        });
    });
}

/// Fault I5 across threads: a timer polled by one task is dropped, reset or awaited by others,
/// about when it is due.
#[test]
fn timers_that_change_hands_when_they_are_due_are_exact() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let mut random = Random(0xdead_beef_cafe_f00d);
            for round in 0..300_u64 {
                let micros = 500 + random.below(2_000);
                let mut timer = Box::pin(sleep(Duration::from_micros(micros)));
                let polled = heist::spawn(async move {
                    let _is_over = futures::poll!(timer.as_mut());
                    Armed(timer)
                });
                let Armed(mut timer) = polled.await.expect("no panic");
                let wait = Duration::from_micros(random.below(3_000));
                let other = heist::spawn(async move {
                    let start = std::time::Instant::now();
                    while start.elapsed() < wait {
                        heist::task::yield_now().await;
                    }
                    match round % 3 {
                        0 => drop(timer),
                        1 => timer.await,
                        _ => {
                            let deadline = Instant::now() + Duration::from_millis(1);
                            timer.as_mut().reset(deadline);
                            timer.await;
                            assert!(Instant::now() >= deadline);
                        }
                    }
                });
                other.await.expect("no panic");
            }
        });
    });
}

/// A sleep that was polled, handed on without being awaited.
struct Armed(Pin<Box<Sleep>>);

/// A sleep of one millisecond that a worker polled.
fn armed_by_a_worker(runtime: &Runtime) -> Armed {
    let task = runtime.spawn(async {
        let mut timer = Box::pin(sleep(Duration::from_millis(1)));
        assert!(futures::poll!(timer.as_mut()).is_pending() || timer.is_elapsed());
        Armed(timer)
    });
    runtime.block_on(task).expect("no panic")
}

#[test]
fn a_foreign_thread_may_drop_a_timer_that_a_worker_armed() {
    on_every_backend(|runtime| {
        for _ in 0..100 {
            let armed = armed_by_a_worker(runtime);
            std::thread::spawn(move || drop(armed)).join().expect("no panic");
        }
    });
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut timer = Box::pin(sleep(Duration::from_millis(5)));
            // Shown to a waker that nobody listens to, then awaited by this task. A thread that the
            // system stops in between comes too late, and needs another timer.
            while timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                timer = Box::pin(sleep(Duration::from_millis(5)));
            }
            timer.await;
        });
    });
}

#[test]
fn a_timeout_that_elapses_drops_what_it_limited() {
    on_every_runtime(|runtime| {
        let drops = Counter::default();
        let guard = drops.on_drop();
        runtime.block_on(async {
            let limited = timeout(Duration::from_millis(5), async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            });
            let elapsed = limited.await.expect_err("it elapsed");
            assert!(!elapsed.to_string().is_empty());
        });
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn an_interval_ticks_at_once_and_then_on_the_grid() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let start = Instant::now();
            let period = Duration::from_millis(5);
            let mut ticks = interval_at(start + period, period);
            for count in 1..=10_u32 {
                let tick = ticks.tick().await;
                assert_eq!(tick, start + period * count, "the grid does not drift");
                assert!(Instant::now() >= tick);
            }
            let mut ticks = interval(Duration::from_secs(3600));
            ticks.tick().await;
            assert!(futures::poll!(Box::pin(ticks.tick())).is_pending());
        });
    });
}

/// Promise: an idle runtime uses no CPU. Timers that are far off do not wake anyone.
#[cfg(target_os = "linux")]
#[test]
fn a_runtime_with_nothing_due_uses_no_cpu() {
    let test = "timer::a_runtime_with_nothing_due_uses_no_cpu";
    if support::process::role().is_none() {
        // In a process of its own: the clock counts the whole process.
        support::process::expect_success(&mut support::process::again(test, "idles"));
        return;
    }
    for kind in support::backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| {
                let runtime = support::builder(shape, kind).build().expect("available");
                drop(runtime.spawn(async { sleep(Duration::from_secs(3600)).await }));
                runtime.block_on(async {
                    heist::spawn(async { sleep(Duration::from_millis(1)).await }).await.expect("no panic");
                });
                // Searching ends within a few milliseconds after the last work, if its threads have
                // a core. Then one second is as idle as the next; in each the harness and the
                // kernel may have their moments.
                let idle_second = || {
                    let before = support::process::cpu_time();
                    std::thread::sleep(Duration::from_secs(1));
                    support::process::cpu_time() - before
                };
                std::thread::sleep(Duration::from_millis(50));
                let seconds = std::iter::repeat_with(idle_second).take(10);
                let used: Vec<_> = until_one_is_below(Duration::from_millis(3), seconds);
                assert!(used.len() < 10, "{shape:?} on {kind:?} used {used:?} in idle seconds");
            });
        }
    }
}

/// Those before the first that is shorter than `limit`, which is the end of them.
#[cfg(target_os = "linux")]
fn until_one_is_below(limit: Duration, times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    times.take_while(|&time| time >= limit).collect()
}

/// Fault I10 in small: many timers due in the same tick all fire.
#[test]
fn ten_thousand_timers_of_one_tick_all_fire() {
    on_every_runtime(|runtime| {
        let fired = Counter::default();
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_millis(50);
            let tasks: Vec<_> = (0..10_000)
                .map(|_| {
                    let fired = fired.clone();
                    heist::spawn(async move {
                        sleep_until(deadline).await;
                        fired.bump();
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        });
        assert_eq!(fired.get(), 10_000);
    });
}

/// Many timers armed and dropped unfired, as time limits around requests are.
#[test]
fn a_hundred_thousand_time_limits_leave_nothing_behind() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    heist::spawn(async {
                        for _ in 0..10_000 {
                            let mut polled = false;
                            let inner = std::future::poll_fn(|cx| {
                                if std::mem::replace(&mut polled, true) {
                                    return Poll::Ready(());
                                }
                                cx.waker().wake_by_ref();
                                Poll::Pending
                            });
                            timeout(Duration::from_secs(30), inner).await.expect("far from over");
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        });
    });
}

#[test]
fn a_sleep_that_is_reset_to_the_present_or_the_past_is_over_at_its_next_poll() {
    use std::pin::pin;
    use std::task::{Context, Waker};
    support::on_every_runtime(|runtime| {
        runtime.block_on(async {
            let cx = &mut Context::from_waker(Waker::noop());
            for moved in [Duration::ZERO, Duration::from_micros(300)] {
                let mut sleep = pin!(heist::time::sleep(Duration::from_secs(3600)));
                assert!(sleep.as_mut().poll(cx).is_pending());
                sleep.as_mut().reset(heist::time::Instant::now() - moved);
                assert!(sleep.as_mut().poll(cx).is_ready());
            }
        });
    });
}
