//! The explorers of this crate's own models and scenarios.

/// Runs `f` under every interleaving that loom finds with two preemptions, and prints how many
/// there were; under many random schedules with shuttle; or many times without either.
pub(crate) fn model(f: impl Fn() + Send + Sync + 'static) {
    model_with_preemptions(2, f);
}

/// As `model`, with up to `count` preemptions.
#[cfg(rt_loom)]
pub(crate) fn model_with_preemptions(count: usize, f: impl Fn() + Send + Sync + 'static) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NAME_WIDTH: usize = 60;
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let mut builder = loom::model::Builder::new();
    if builder.preemption_bound.is_none() {
        builder.preemption_bound = Some(count);
    }
    builder.max_branches = builder.max_branches.max(20_000);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        f();
    });
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    print_line(&format!("model {name:NAME_WIDTH$} {} interleavings\n", runs.load(Ordering::Relaxed)));
}

/// Runs `f` under 10,000 schedules of each kind: random ones, and ones that change priorities at up
/// to five places.
#[cfg(rt_shuttle)]
pub(crate) fn model_with_preemptions(_count: usize, f: impl Fn() + Send + Sync + 'static) {
    const SCHEDULES_COUNT: usize = 10_000;
    const DEPTH: usize = 5;
    let f = std::sync::Arc::new(f);
    let random = f.clone();
    shuttle::check_random(move || random(), SCHEDULES_COUNT);
    shuttle::check_pct(move || f(), SCHEDULES_COUNT, DEPTH);
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    print_line(&format!("schedules {name} {}\n", 2 * SCHEDULES_COUNT));
}

/// Runs a whole runtime under a number of schedules of each kind: `RT_SCHEDULES`, or else 2,000.
/// Its threads have larger stacks than those of models, and a run that takes 200,000 steps counts
/// as endless and fails.
#[cfg(rt_shuttle)]
pub(crate) fn explore_runs(f: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};
    const SCHEDULES_COUNT: usize = 2_000;
    const DEPTH: usize = 5;
    const STEPS_COUNT_MAX: usize = 1_000_000;
    let mut config = shuttle::Config::new();
    config.stack_size = 0x2_0000;
    config.max_steps = shuttle::MaxSteps::FailAfter(STEPS_COUNT_MAX);
    config.silence_warnings = true;
    let count = match std::env::var("RT_SCHEDULES") {
        Ok(word) => word.parse().expect("RT_SCHEDULES is a number"),
        Err(_) => SCHEDULES_COUNT,
    };
    let f = std::sync::Arc::new(f);
    let random = f.clone();
    let random_count =
        shuttle::Runner::new(RandomScheduler::new(count), config.clone()).run(move || random());
    let pct_count = shuttle::Runner::new(PctScheduler::new(DEPTH, count), config).run(move || f());
    let name = std::thread::current().name().unwrap_or("scenario").to_owned();
    print_line(&format!("schedules {name} {}\n", random_count + pct_count));
}

/// Writes a line at once, because the test harness writes to the same place meanwhile, and scripts
/// read the line.
#[cfg(any(rt_loom, rt_shuttle))]
fn print_line(line: &str) {
    eprint!("{line}");
}

/// Runs `f` 500 times on real threads, so that the models compile and run without loom as well.
#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
pub(crate) fn model_with_preemptions(_count: usize, f: impl Fn() + Send + Sync + 'static) {
    const RUNS_COUNT: usize = 500;
    for _ in 0..RUNS_COUNT {
        f();
    }
}
