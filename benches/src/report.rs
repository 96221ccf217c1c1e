//! The tables, and what is judged.

use serde::Serialize;

use crate::compare::{Entry, Outcome, Plan, Results};
use crate::goal::{Figure, Goal, Yardstick};
use crate::rival::contender::OTHER_BUILD;
use crate::workload::about::{ONE_THREAD, THREADS};

/// Fewer rounds than this show that it runs, not how fast.
const ROUND_COUNT_MIN: usize = 10;

/// More than this, and two workers have no two processors.
const NEIGHBOURS_SHARE_MAX: f64 = 0.1;

/// One figure against one goal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judgement {
    pub(crate) workload: &'static str,
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) goal: f64,
    /// Where the design wants it to end up.
    pub(crate) aim: Option<f64>,
    /// Is more better?
    pub(crate) is_least: bool,
    pub(crate) is_met: bool,
    pub(crate) is_aim_met: bool,
    /// What can be reached without a runtime, where that was measured.
    pub(crate) floor: Option<f64>,
}

/// Judges every outcome in which subject and yardstick took part.
pub(crate) fn judgements(outcomes: &[Outcome]) -> Vec<Judgement> {
    let all =
        outcomes.iter().flat_map(|outcome| outcome.workload.goals.iter().map(move |goal| (outcome, goal)));
    all.filter_map(|(outcome, goal)| judge(outcome, goal)).collect()
}

fn judge(outcome: &Outcome, goal: &Goal) -> Option<Judgement> {
    let subject = outcome.entry(goal.subject)?;
    let ratio = |other: &Entry| Outcome::ratio(subject, other, goal.figure).median;
    let inverse = |other: &Entry| Outcome::ratio(other, subject, goal.figure).median;
    let (value, against) = match goal.yardstick {
        Yardstick::Nothing => (subject.median(goal.figure), goal.subject),
        Yardstick::Ratio(other) => (ratio(outcome.entry(other)?), other),
        Yardstick::SpeedUp(other) => (inverse(outcome.entry(other)?), other),
        Yardstick::BestPeer => {
            let best = best_peer(outcome, goal.figure)?;
            (ratio(best), best.rival)
        }
    };
    let is_least = matches!(goal.yardstick, Yardstick::SpeedUp(_));
    let holds = |bound: f64| if is_least { value >= bound } else { value <= bound };
    let what = match goal.yardstick {
        Yardstick::Nothing => format!("{} of {against}", goal.what),
        Yardstick::BestPeer => format!("{}, the best peer's: {against}", goal.what),
        _ => format!("{}, {against}'s", goal.what),
    };
    Some(Judgement {
        workload: outcome.workload.name,
        what,
        value,
        goal: goal.goal,
        aim: goal.aim,
        is_least,
        is_met: holds(goal.goal),
        is_aim_met: goal.aim.is_some_and(holds),
        floor: floor(outcome, goal),
    })
}

/// What two threads without a runtime reach where two workers are held against one thread, if that was measured.
fn floor(outcome: &Outcome, goal: &Goal) -> Option<f64> {
    let Yardstick::SpeedUp("heist-single") = goal.yardstick else { return None };
    let [one, two] = [ONE_THREAD, THREADS].map(|name| outcome.entry(name));
    Some(Outcome::ratio(one?, two?, goal.figure).median)
}

/// Whoever is best among other people's runtimes.
fn best_peer(outcome: &Outcome, figure: Figure) -> Option<&Entry> {
    let is_ours = |name: &str| name.starts_with("heist") || name.starts_with("raw") || name == OTHER_BUILD;
    let is_peer = |entry: &&Entry| !is_ours(entry.rival);
    let order = |one: &&Entry, other: &&Entry| one.median(figure).total_cmp(&other.median(figure));
    outcome.entries.iter().filter(is_peer).min_by(order)
}

/// Prints figures and ratios.
pub(crate) fn print(plan: &Plan, results: &Results) {
    println!(
        "medians of up to {} rounds; a ratio is the first rival's figure divided by this one's",
        plan.round_count
    );
    println!("in the same round: the median of all rounds, with the middle half of them in brackets");
    for outcome in &results.outcomes {
        println!("\n{}: {}", outcome.workload.name, outcome.workload.explanation);
        print_figures(outcome);
    }
    if plan.round_count < ROUND_COUNT_MIN {
        println!("\nfewer than {ROUND_COUNT_MIN} rounds: this shows that it runs, not how fast it is");
    }
    let percent = 100.0 * results.neighbours_share;
    println!("\nother processes took {percent:.0} % of the machine meanwhile");
    if results.neighbours_share > NEIGHBOURS_SHARE_MAX {
        println!("that is too much: times on the clock, and what threads are worth, say nothing here");
    }
}

/// Columns beside time and CPU, each shown where it was measured: title, width, decimals.
const COLUMNS: [(Figure, &str, usize, usize); 5] = [
    (Figure::Bytes, "bytes", 7, 0),
    (Figure::Ticks, "ticks", 6, 0),
    (Figure::P50, "p50 us", 9, 1),
    (Figure::P99, "p99 us", 9, 1),
    (Figure::P999, "p999 us", 9, 1),
];

fn print_figures(outcome: &Outcome) {
    let is_measured = |figure| outcome.entries.iter().any(|entry| entry.median(figure) != 0.0);
    let columns: Vec<_> = COLUMNS.iter().filter(|column| is_measured(column.0)).collect();
    let has_syscalls = outcome.entries.iter().any(|entry| entry.syscalls.is_some());
    print!("  {:13} {:>11} {:>10} {:>9}", "rival", "time ns", "CPU ns", "switches");
    if has_syscalls {
        print!(" {:>9}", "syscalls");
    }
    for (_, title, width, _) in &columns {
        print!(" {title:>width$}");
    }
    println!("  {:>18} {:>18}", "time ratio", "CPU ratio");
    for entry in &outcome.entries {
        print!("  {:13} {:>11.0}", entry.rival, entry.median(Figure::Time));
        print!(" {:>10.0} {:>9.4}", entry.median(Figure::Cpu), entry.median(Figure::Switches));
        if has_syscalls {
            let shown = entry.syscalls.map_or_else(|| "-".to_owned(), |count| format!("{count:.3}"));
            print!(" {shown:>9}");
        }
        for &&(figure, _, width, decimals) in &columns {
            print!(" {:>width$.decimals$}", entry.median(figure));
        }
        for figure in [Figure::Time, Figure::Cpu] {
            print!("  {:>18}", ratio(outcome, entry, figure));
        }
        println!();
    }
}

fn ratio(outcome: &Outcome, entry: &Entry, figure: Figure) -> String {
    let subject = &outcome.entries[0];
    if subject.rival == entry.rival {
        return String::new();
    }
    let ratio = Outcome::ratio(subject, entry, figure);
    // Two versions of one runtime differ by little.
    let decimals = if entry.rival == OTHER_BUILD { 3 } else { 2 };
    format!("{:.decimals$} [{:.decimals$} {:.decimals$}]", ratio.median, ratio.low, ratio.high)
}

/// Prints goals and verdicts.
pub(crate) fn print_judgements(judgements: &[Judgement]) {
    println!("\ngoals: today's, and where the design wants to be");
    println!("  {:18} {:44} {:>8} {:>10} {:>7}  verdict", "workload", "what", "value", "goal", "aim");
    for judgement in judgements {
        let sign = if judgement.is_least { ">=" } else { "<=" };
        let goal = format!("{sign} {:.2}", judgement.goal);
        let aim = judgement.aim.map_or_else(|| "-".to_owned(), |aim| format!("{aim:.2}"));
        let verdict = match (judgement.is_met, judgement.is_aim_met) {
            (false, _) => "MISSED",
            (true, true) => "met, and the aim",
            (true, false) => "met",
        };
        let floor =
            judgement.floor.map_or_else(String::new, |floor| format!("; without a runtime {floor:.2}"));
        println!(
            "  {:18} {:44} {:>8.2} {goal:>10} {aim:>7}  {verdict}{floor}",
            judgement.workload, judgement.what, judgement.value
        );
    }
}
