//! The table, and what is judged.

use serde::Serialize;

use crate::compare::{Entry, Outcome, Plan, Spread};
use crate::rival;
use crate::usage::Sample;
use crate::workload::Workload;

/// Today's goal: on no workload may heist need more than this much of what tokio needs.
const SLICE_GOAL: f64 = 1.2;

/// Whom the goals name.
const YARDSTICK: &str = "tokio";

/// Fewer rounds than this show that it runs, not how fast.
const ROUND_COUNT_MIN: usize = 10;

/// One figure against one goal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judgement {
    pub(crate) workload: &'static str,
    pub(crate) what: &'static str,
    pub(crate) value: f64,
    pub(crate) goal: f64,
    /// Where the design wants it to end up.
    pub(crate) aim: Option<f64>,
    pub(crate) is_met: bool,
}

/// Judges every outcome in which the yardstick took part, and idleness always.
pub(crate) fn judgements(outcomes: &[Outcome]) -> Vec<Judgement> {
    outcomes.iter().flat_map(judge).collect()
}

fn judge(outcome: &Outcome) -> Vec<Judgement> {
    let workload = outcome.workload.name();
    if outcome.workload == Workload::Idle {
        let ticks = Spread::of(outcome.entries[0].samples.iter().map(|sample| sample.tick_count as f64));
        let what = "clock ticks of CPU in two idle seconds";
        let (value, goal) = (ticks.median, 0.0);
        return vec![Judgement { workload, what, value, goal, aim: None, is_met: value <= goal }];
    }
    let Some(yardstick) = outcome.entries.iter().find(|entry| entry.rival == YARDSTICK) else {
        return Vec::new();
    };
    let against = |what: &'static str, figure: fn(&Sample) -> f64, aim| {
        let value = outcome.ratio(yardstick, figure).median;
        Judgement { workload, what, value, goal: SLICE_GOAL, aim, is_met: value <= SLICE_GOAL }
    };
    let aim = outcome.workload.aim();
    match outcome.workload {
        // The CPU time is the server's alone; the time on the clock is shared with the load.
        Workload::TcpEcho => {
            vec![against("CPU per request", cpu, aim), against("time per request", time, None)]
        }
        _ => vec![against("time", time, aim)],
    }
}

fn time(sample: &Sample) -> f64 {
    sample.time_ns
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu_ns
}

/// Prints figures, ratios and judgements.
pub(crate) fn print(plan: &Plan, outcomes: &[Outcome]) {
    println!("medians of {} rounds; a ratio is heist's figure divided by the rival's", plan.round_count);
    println!("in the same round: the median of all rounds, with the middle half of them in brackets");
    for outcome in outcomes {
        println!("\n{}: {}", outcome.workload.name(), outcome.workload.explanation());
        match outcome.workload {
            Workload::Idle => print_idle(outcome),
            _ => print_figures(outcome),
        }
    }
    print_judgements(&judgements(outcomes));
    if plan.round_count < ROUND_COUNT_MIN {
        println!("fewer than {ROUND_COUNT_MIN} rounds: this shows that it runs, not how fast it is");
    }
}

fn print_idle(outcome: &Outcome) {
    println!("  {:14} {:>12} {:>12}", "rival", "CPU us", "clock ticks");
    for entry in &outcome.entries {
        let micros = median(entry, cpu) / 1e3;
        println!("  {:14} {:>12.0} {:>12.0}", entry.rival, micros, median(entry, |s| s.tick_count as f64));
    }
}

fn print_figures(outcome: &Outcome) {
    let is_echo = outcome.workload == Workload::TcpEcho;
    let latency =
        if is_echo { format!(" {:>9} {:>9} {:>9}", "req/s", "p50 us", "p99 us") } else { String::new() };
    println!(
        "  {:14} {:>9} {:>9} {:>9}{latency}   {:>20} {:>20}",
        "rival", "time ns", "CPU ns", "switches", "time ratio", "CPU ratio"
    );
    for entry in &outcome.entries {
        print!("  {:14} {:>9.0} {:>9.0}", entry.rival, median(entry, time), median(entry, cpu));
        print!(" {:>9.4}", median(entry, |sample| sample.switches));
        if is_echo {
            print!(" {:>9.0}", 1e9 / median(entry, time));
            print!(" {:>9.0}", median(entry, |sample| sample.median_micros));
            print!(" {:>9.0}", median(entry, |sample| sample.p99_micros));
        }
        if entry.rival != rival::SUBJECT {
            let ratios = (outcome.ratio(entry, time), outcome.ratio(entry, cpu));
            print!("   {:>20} {:>20}", show(ratios.0), show(ratios.1));
        }
        println!();
    }
}

fn show(ratio: Spread) -> String {
    format!("{:.2} [{:.2} {:.2}]", ratio.median, ratio.low, ratio.high)
}

/// The median of one figure over the rounds of one rival.
pub(crate) fn median(entry: &Entry, figure: fn(&Sample) -> f64) -> f64 {
    Spread::of(entry.samples.iter().map(figure)).median
}

fn print_judgements(judgements: &[Judgement]) {
    println!("\ngoals: today's, against {YARDSTICK}, and where the design wants to be");
    println!("  {:18} {:40} {:>6} {:>6} {:>6}  verdict", "workload", "what", "value", "goal", "aim");
    for judgement in judgements {
        let aim = judgement.aim.map_or_else(|| "-".to_owned(), |aim| format!("{aim:.2}"));
        let verdict = match (judgement.is_met, judgement.aim) {
            (false, _) => "MISSED",
            (true, Some(aim)) if judgement.value <= aim => "met, and the aim",
            (true, _) => "met",
        };
        println!(
            "  {:18} {:40} {:>6.2} {:>6.2} {:>6}  {verdict}",
            judgement.workload, judgement.what, judgement.value, judgement.goal, aim
        );
    }
}
