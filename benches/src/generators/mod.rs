//! Generators against hand-written iterators, other crates' generators and Python's: nanoseconds per yield.
//!
//! The gate is the loop whose every item passes through `black_box`: a folded sum proves that the optimiser sees
//! through a generator, which is pleasant to know and no promise. Hand-written and generated loop are the same function
//! but for the iterator. Contenders take turns within a round; a contender's figure in a round is the median over its
//! copies (see [`place`]), and what is compared is the median of the ratios within the rounds.
//!
//! `--instructions` counts instead of timing: exact, whatever else the machine does.

mod groups;
mod instructions;
mod place;
mod python;
mod row;
mod streams;
mod sync;

use std::hint::black_box;
use std::pin::pin;
use std::time::Instant;

use groups::{GROUPS, Group, Judgement};
pub(crate) use instructions::{count, run_one};
use place::PLACES_COUNT;
use row::Row;

/// Whose versions are kept with the figures.
pub(crate) const PACKAGES: [&str; 4] = ["heist", "genawaiter", "corosensei", "async-stream"];

/// How long to measure.
struct Effort {
    rounds_count: usize,
    /// Of one copy in one round.
    yields_count: u64,
}

/// Measures everything and prints it. Quick: two short rounds that show nothing but that all contestants run.
pub(crate) fn run(is_quick: bool) -> Vec<Row> {
    let effort = if is_quick {
        Effort { rounds_count: 2, yields_count: 20_000 }
    } else {
        Effort { rounds_count: 15, yields_count: 200_000 }
    };
    println!("{:44} {:>9}  {:>10}   {:15}", "", "per yield", "heist / it", "middle half");
    let mut rows: Vec<Row> = GROUPS.iter().flat_map(|group| measure(group, &effort)).collect();
    rows.extend(python::compare(is_quick, &rows));
    fold();
    let missed_count = rows.iter().filter(|row| !row.is_met).count();
    let goals_count = rows.iter().filter(|row| row.goal.is_some()).count();
    println!("goals: {} of {goals_count} met", goals_count - missed_count);
    rows
}

fn measure(group: &Group, effort: &Effort) -> Vec<Row> {
    let contestants = group.contestants;
    let sum = (contestants[0].copies[0])(effort.yields_count);
    let mut rounds: Vec<Vec<f64>> = Vec::new();
    for round in 0..effort.rounds_count {
        let mut samples = vec![Vec::with_capacity(PLACES_COUNT); contestants.len()];
        for place in 0..PLACES_COUNT {
            for turn in 0..contestants.len() {
                // Each turn begins with another one.
                let index = (turn + place + round) % contestants.len();
                samples[index].push(time(contestants[index].copies[place], effort.yields_count, sum));
            }
        }
        rounds.push(samples.into_iter().map(|copies| quantile(copies, 0.0)).collect());
    }
    let ours = contestants.iter().position(|one| one.judgement == Judgement::Ours).expect("heist takes part");
    println!("{}", group.title);
    let mut rows = Vec::new();
    for (index, one) in contestants.iter().enumerate() {
        let ratios: Vec<f64> = rounds.iter().map(|round| round[ours] / round[index]).collect();
        let goal = one.judgement.goal();
        let heist_ratio = quantile(ratios.clone(), 0.5);
        rows.push(Row {
            group: group.title.to_owned(),
            name: one.name.to_owned(),
            time_ns: quantile(rounds.iter().map(|round| round[index]).collect(), 0.5),
            heist_ratio,
            heist_ratio_quartiles: (quantile(ratios.clone(), 0.25), quantile(ratios, 0.75)),
            goal,
            is_met: goal.is_none_or(|goal| heist_ratio <= goal),
        });
    }
    rows.iter().for_each(Row::print);
    rows
}

/// Nanoseconds per yield.
fn time(run: fn(u64) -> u64, yields_count: u64, sum: u64) -> f64 {
    let start = Instant::now();
    let found = run(black_box(yields_count));
    let elapsed = start.elapsed();
    assert_eq!(found, sum, "each contestant adds up the same numbers");
    elapsed.as_nanos() as f64 / yields_count as f64
}

fn quantile(mut figures: Vec<f64>, part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[((figures.len() - 1) as f64 * part).round() as usize]
}

/// Does the optimiser turn the sum of a generator into its formula? Information, not a gate.
fn fold() {
    const COUNT: u64 = 1_000_000_000_000;
    let start = Instant::now();
    // A sum that any machine can do comes first: without the formula, the large one would take an hour.
    black_box(pin!(sync::range(black_box(1_000_000))).sum::<u64>());
    let small = start.elapsed().as_nanos() as f64 / 1e6;
    if small > 0.05 {
        println!("sum without black_box: not folded ({small:.3} ns per yield)");
        return;
    }
    let start = Instant::now();
    let sum = pin!(sync::range(black_box(COUNT))).fold(0_u64, u64::wrapping_add);
    println!("sum of {COUNT} without black_box: folded, {:?} ({sum})", start.elapsed());
}
