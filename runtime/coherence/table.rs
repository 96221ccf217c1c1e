//! The test that prints the table, and those that show that the count can fail.

use std::sync::Arc;

use super::World;
use super::operations::{Cost, OPERATIONS};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::count::{compute, on_machine, places};

/// Counts every operation with the numbers of workers that `RT_COUNT_WORKERS` names, and prints a
/// line for each. `RT_COUNT_ONLY` chooses operations, `RT_COUNT_PLACES` prints so many of the
/// places with the most transfers.
#[test]
fn the_table() {
    let workers = std::env::var("RT_COUNT_WORKERS").unwrap_or_else(|_| "2 8".to_owned());
    let workers: Vec<usize> =
        workers.split_whitespace().map(|word| word.parse().expect("a number of workers")).collect();
    let only = std::env::var("RT_COUNT_ONLY").ok();
    let places_count = std::env::var("RT_COUNT_PLACES").ok().and_then(|word| word.parse().ok()).unwrap_or(0);
    let is_wanted =
        |name: &str| only.as_ref().is_none_or(|only| only.split_whitespace().any(|word| word == name));
    for operation in OPERATIONS.iter().filter(|operation| is_wanted(operation.name)) {
        for workers_count in workers.iter().copied() {
            on_machine(|| {
                let cost = (operation.count)(workers_count);
                print(operation.name, workers_count, &cost);
                print_places(places_count, cost.operations_count);
            });
        }
    }
}

fn print(name: &str, workers_count: usize, cost: &Cost) {
    let each = |count: u64| count as f64 / cost.operations_count as f64;
    let Cost { transfers, .. } = cost;
    eprintln!(
        "transfers {name} {workers_count} {:.2} {:.2} {:.2} {:.2}",
        each(transfers.lines()),
        each(transfers.reads),
        each(transfers.writes),
        each(transfers.pairs),
    );
}

fn print_places(count: usize, operations_count: usize) {
    for (place, transfers) in places().into_iter().take(count) {
        eprintln!("    {:8.2} {}:{}", transfers as f64 / operations_count as f64, place.file(), place.line());
    }
}

/// What a spawn costs with a counter that all workers share: planted, it is noticed, and grows with
/// nothing but is there.
fn transfers_with(counter: Option<Arc<Vec<AtomicUsize>>>, stride: usize) -> f64 {
    const WORKERS_COUNT: usize = 4;
    const ROUNDS_COUNT: usize = 16;
    on_machine(|| {
        let world = World::new(WORKERS_COUNT);
        let transfers = world.on_every_worker(ROUNDS_COUNT, move |index| {
            if let Some(counters) = &counter {
                // Ordering: Relaxed: only counted.
                counters[index * stride].fetch_add(1, Ordering::Relaxed);
            }
            compute(500);
            crate::task::yield_now()
        });
        transfers.lines() as f64 / (WORKERS_COUNT * ROUNDS_COUNT) as f64
    })
}

fn counters() -> Option<Arc<Vec<AtomicUsize>>> {
    Some(Arc::new((0..256).map(|_| AtomicUsize::new(0)).collect()))
}

#[test]
fn a_counter_that_all_workers_share_is_noticed() {
    let (without, with) = (transfers_with(None, 0), transfers_with(counters(), 0));
    assert!(with > without + 0.7, "{with} transfers with a shared counter, {without} without");
}

#[test]
fn counters_that_share_a_line_are_noticed() {
    let (without, with) = (transfers_with(None, 0), transfers_with(counters(), 1));
    assert!(with > without + 0.5, "{with} transfers with neighbours in a line, {without} without");
}

#[test]
fn counters_on_lines_of_their_own_cost_nothing() {
    let (without, with) = (transfers_with(None, 0), transfers_with(counters(), 16));
    assert!(with < without + 0.1, "{with} transfers with separate counters, {without} without");
}

#[test]
fn a_run_counts_the_same_again() {
    let run = || transfers_with(counters(), 0);
    let (first, second) = (run(), run());
    assert!((first - second).abs() < 0.2, "{first} and {second}");
}
