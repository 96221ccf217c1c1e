//! The runtime itself in worlds: its real scheduler, timers, driver and locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use heist::runtime::{Builder, Handle};
use heist::sim;
use heist::sync::{Mutex, mpsc, oneshot};
use heist::time::{Duration, Instant, sleep, timeout};

#[heist::sim::test(seeds = 200, twice = true)]
async fn tasks_of_all_workers_end() {
    let tasks: Vec<_> = (0..20_u64)
        .map(|number| {
            heist::spawn(async move {
                heist::task::yield_now().await;
                number
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, 190);
}

#[heist::sim::test(seeds = 200, twice = true)]
async fn an_hour_takes_no_time() {
    let began = Instant::now();
    sleep(Duration::from_secs(3600)).await;
    assert!(began.elapsed() >= Duration::from_secs(3600));
    assert!(timeout(Duration::from_secs(60), std::future::pending::<()>()).await.is_err());
}

#[heist::sim::test(seeds = 200, twice = true)]
async fn channels_and_locks_lose_nothing() {
    let (send, mut receive) = mpsc::channel(2);
    let total = Arc::new(Mutex::new(0));
    for number in 0..5 {
        let (send, total) = (send.clone(), total.clone());
        heist::spawn(async move {
            for _ in 0..4 {
                let (answer, answered) = oneshot::channel();
                send.send((number, answer)).await.unwrap();
                *total.lock().await += answered.await.unwrap();
            }
        });
    }
    drop(send);
    let mut count = 0;
    while let Some((number, answer)) = receive.recv().await {
        answer.send(number).unwrap();
        count += 1;
    }
    assert_eq!(count, 20);
    // The last one may not have added its answer yet.
    while *total.lock().await != 4 * (1 + 2 + 3 + 4) {
        heist::task::yield_now().await;
    }
}

/// The processor counts on while a world sleeps, and knows nothing of its hours.
#[heist::sim::test(seeds = 20, twice = true)]
fn an_observed_task_is_as_old_as_the_world_says() {
    let runtime = Builder::new_multi_thread().worker_threads(2).observe(true).build().unwrap();
    runtime.block_on(async {
        let hour = Duration::from_secs(3600);
        let task = heist::spawn(std::future::pending::<()>());
        for hours in 1..=3 {
            sleep(hour).await;
            let dump = Handle::current().dump().await;
            let stats = dump.task(task.id()).and_then(|task| task.stats()).expect("it is observed");
            let age = stats.age();
            assert!(age >= hours * hour && age < hours * hour + Duration::from_secs(60), "{age:?}");
        }
    });
}

#[heist::sim::test(seeds = 100, twice = true)]
async fn closures_that_block_run_beside_the_workers() {
    let blocked = heist::task::spawn_blocking(|| {
        std::thread::sleep(std::time::Duration::from_secs(10));
        1
    });
    let began = Instant::now();
    sleep(Duration::from_secs(5)).await;
    assert!(began.elapsed() < Duration::from_secs(6));
    assert_eq!(blocked.await.unwrap(), 1);
}

#[heist::sim::test(seeds = 100, twice = true)]
fn a_runtime_ends_while_its_tasks_wait() {
    static DROPPED: AtomicU32 = AtomicU32::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    let runtime = heist::runtime::Runtime::new().unwrap();
    for _ in 0..10 {
        let counted = Counted;
        runtime.spawn(async move {
            sleep(Duration::from_secs(1_000_000)).await;
            drop(counted);
        });
    }
    runtime.block_on(sleep(Duration::from_millis(10)));
    drop(runtime);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 10);
}

#[heist::sim::test(seeds = 50, twice = true)]
fn a_stuck_worker_keeps_nobody_waiting() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let stuck = heist::spawn(async { std::thread::sleep(std::time::Duration::from_secs(1)) });
        sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        let others: Vec<_> = (0..10).map(|_| heist::spawn(heist::task::yield_now())).collect();
        for other in others {
            other.await.unwrap();
        }
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        stuck.await.unwrap();
    });
}

/// A program as it ships.
#[heist::main]
async fn idle() {
    loop {
        sleep(Duration::from_secs(60)).await;
    }
}

#[test]
fn a_simulated_day_of_five_idle_hosts_is_short() {
    let began = std::time::Instant::now();
    let (_, report) = sim::Builder::new()
        .time_limit(Duration::from_secs(25 * 3600))
        .run(|| {
            for number in 0..5 {
                sim::host(format!("idle-{number}")).start(idle);
            }
            std::thread::sleep(Duration::from_secs(24 * 3600));
        })
        .unwrap();
    assert!(report.lasted >= Duration::from_secs(24 * 3600));
    let took = began.elapsed();
    println!("a day of five hosts, {} steps, took {took:?}", report.steps_count);
    assert!(took < Duration::from_secs(20), "{took:?}");
}
