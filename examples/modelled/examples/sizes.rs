//! How many interleavings small programs have, and how long loom takes for them.
//!
//! ```sh
//! RUSTFLAGS="--cfg rt_loom" cargo run --release -p modelled --example sizes
//! ```
//! Each program is `tasks` tasks that increment a counter, and are joined. A row that is not done
//! after a minute ends with "and more".

use std::time::{Duration, Instant};

use heist::model::sync::Arc;
use heist::model::sync::atomic::{AtomicUsize, Ordering};
use heist::model::{Depth, Explorer};

const LIMIT: Duration = Duration::from_secs(60);

async fn increments(tasks: usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..tasks)
        .map(|_| {
            let count = count.clone();
            heist::spawn(async move { count.fetch_add(1, Ordering::Relaxed) })
        })
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), tasks);
}

/// The time that this process has computed, where the system tells: other programs do not count.
fn computed(began: Instant) -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let ticks = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
        Some((number(11)? + number(12)?) / TICKS_PER_SECOND)
    };
    ticks().unwrap_or_else(|| began.elapsed().as_secs_f64())
}

fn main() {
    println!("| tasks | workers | preemptions | depth | interleavings | seconds |");
    println!("|---|---|---|---|---|---|");
    for (depth, workers) in
        [(Depth::Program, 1), (Depth::Program, 2), (Depth::Scheduler, 1), (Depth::Scheduler, 2)]
    {
        for preemptions in [1, 2] {
            for tasks in [1, 2, 3] {
                let (began, before) = (Instant::now(), computed(Instant::now()));
                let explorer = Explorer::new().worker_threads(workers).preemptions(preemptions).depth(depth);
                let explored = explorer.time_limit(LIMIT).check(move || increments(tasks));
                let more = if began.elapsed() < LIMIT { "" } else { " and more" };
                let (runs, seconds) = (explored.runs(), computed(began) - before);
                println!("| {tasks} | {workers} | {preemptions} | {depth:?} | {runs}{more} | {seconds:.1} |");
            }
        }
    }
}
