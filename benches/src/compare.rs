//! Runs rounds, each rival once per round, and keeps the rounds together so that ratios are taken within them.

use crate::echo;
use crate::rival::{self, Contender};
use crate::usage::Sample;
use crate::workload::Workload;

/// Connections of the echo workload.
const CONNECTION_COUNT: usize = 100;

/// Idling takes seconds and does not swing; it needs no more rounds than this.
const IDLE_ROUND_COUNT: usize = 3;

/// What to run.
pub(crate) struct Plan {
    /// In this order.
    pub(crate) workloads: Vec<Workload>,
    /// The subject first.
    pub(crate) rivals: Vec<Contender>,
    /// Were they named on the command line?
    pub(crate) are_rivals_chosen: bool,
    /// Rounds that count, after one that does not.
    pub(crate) round_count: usize,
    /// As short as can be.
    pub(crate) is_quick: bool,
}

impl Plan {
    /// Figures to keep.
    pub(crate) fn full() -> Self {
        Plan {
            workloads: Workload::ALL.to_vec(),
            rivals: rival::all(),
            are_rivals_chosen: false,
            round_count: 12,
            is_quick: false,
        }
    }

    /// Shows that everything runs.
    pub(crate) fn quick() -> Self {
        Plan { round_count: 2, is_quick: true, ..Plan::full() }
    }

    /// Compares the subject with these only.
    pub(crate) fn choose_rivals(&mut self, chosen: Vec<Contender>) {
        self.rivals.truncate(1);
        self.rivals.extend(chosen.into_iter().filter(|rival| rival.name != rival::SUBJECT));
        self.are_rivals_chosen = true;
    }

    /// Who takes part in `workload`: the back end makes no difference where nothing is waited for.
    fn rivals_of(&self, workload: Workload) -> Vec<Contender> {
        let has_io = matches!(workload, Workload::TcpEcho | Workload::Idle);
        let takes_part = |rival: &Contender| has_io || self.are_rivals_chosen || rival.name != "heist-poll";
        self.rivals.iter().copied().filter(takes_part).collect()
    }

    fn repetition_count(&self, workload: Workload) -> u32 {
        let full_count = match workload {
            Workload::SpawnManyLocal | Workload::SpawnManyRemote => 20,
            Workload::YieldMany => 10,
            Workload::PingPong => 60,
            Workload::ChainedSpawn => 200,
            Workload::TcpEcho | Workload::Idle => 1,
        };
        if self.is_quick { 1 } else { full_count }
    }

    fn measure(&self, workload: Workload, rival: &Contender) -> Sample {
        match workload {
            Workload::TcpEcho => {
                let (warm_up_ms, measure_ms) = if self.is_quick { (50, 100) } else { (300, 1_000) };
                echo::measure(rival, CONNECTION_COUNT, warm_up_ms, measure_ms)
            }
            Workload::Idle => echo::measure_idle(rival),
            _ => (rival.run)(workload, self.repetition_count(workload)),
        }
    }
}

/// What came of one workload.
pub(crate) struct Outcome {
    pub(crate) workload: Workload,
    /// The subject first; everyone has as many samples, one per round.
    pub(crate) entries: Vec<Entry>,
}

/// One rival's rounds.
pub(crate) struct Entry {
    pub(crate) rival: &'static str,
    pub(crate) samples: Vec<Sample>,
}

/// Runs everything in `plan`.
pub(crate) fn run(plan: &Plan) -> Vec<Outcome> {
    plan.workloads.iter().map(|&workload| run_workload(plan, workload)).collect()
}

fn run_workload(plan: &Plan, workload: Workload) -> Outcome {
    let rivals = plan.rivals_of(workload);
    let mut entries: Vec<Entry> =
        rivals.iter().map(|rival| Entry { rival: rival.name, samples: Vec::new() }).collect();
    let is_idle = workload == Workload::Idle;
    let round_count = if is_idle { plan.round_count.min(IDLE_ROUND_COUNT) } else { plan.round_count };
    let warm_up_count = usize::from(!plan.is_quick && !is_idle);
    for round in 0..warm_up_count + round_count {
        eprint!("\r{} round {}/{} ", workload.name(), round + 1, warm_up_count + round_count);
        for turn in 0..rivals.len() {
            // Each round begins with another rival: who comes first finds the machine as the last one left it.
            let index = (round + turn) % rivals.len();
            let sample = plan.measure(workload, &rivals[index]);
            if round >= warm_up_count {
                entries[index].samples.push(sample);
            }
        }
    }
    eprintln!();
    Outcome { workload, entries }
}

/// The middle of `values`, and the quarters beside it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        let at = |share: f64| {
            let place = share * last as f64;
            let (floor, part) = (place.floor() as usize, place.fract());
            values[floor] * (1.0 - part) + values[(floor + 1).min(last)] * part
        };
        Spread { low: at(0.25), median: at(0.5), high: at(0.75) }
    }
}

impl Outcome {
    /// The subject's figure divided by `entry`'s, round by round.
    pub(crate) fn ratio(&self, entry: &Entry, figure: fn(&Sample) -> f64) -> Spread {
        let pairs = self.entries[0].samples.iter().zip(&entry.samples);
        Spread::of(pairs.map(|(subject, other)| figure(subject) / figure(other)))
    }
}
