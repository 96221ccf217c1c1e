//! Runs rounds, each rival once per round, and keeps the rounds together so that ratios are taken within them.

use indicatif::{ProgressBar, ProgressStyle};

use crate::echo;
use crate::goal::Figure;
use crate::load::Times;
use crate::rival;
use crate::rival::contender::Contender;
use crate::stream;
use crate::tools::{Tool, WRK};
use crate::usage::{Neighbours, Sample};
use crate::workload::about::{About, Means};
use crate::workload::{self, hyper_hello, idle, sleepers};

/// What to run.
pub(crate) struct Plan {
    /// In this order.
    pub(crate) workloads: Vec<About>,
    /// Whom to compare the subject with; empty: whoever each workload names.
    pub(crate) chosen: Vec<Contender>,
    /// Another build of this program, to compare the subject of this one with instead.
    pub(crate) against: Option<&'static str>,
    /// Rounds that count, after one that does not.
    pub(crate) round_count: usize,
    /// As short as can be.
    pub(crate) is_quick: bool,
}

impl Plan {
    /// Figures to keep.
    pub(crate) fn full() -> Self {
        Plan {
            workloads: workload::ALL.to_vec(),
            chosen: Vec::new(),
            against: None,
            round_count: 10,
            is_quick: false,
        }
    }

    /// Shows that everything runs.
    pub(crate) fn quick() -> Self {
        Plan { round_count: 2, is_quick: true, ..Plan::full() }
    }

    /// Who takes part in `workload`, its first one first.
    fn rivals_of(&self, workload: &About) -> Vec<Contender> {
        let named = |name: &&str| rival::by_name(name).expect("workloads name rivals that exist");
        let mut rivals: Vec<Contender> = workload.rivals.iter().map(named).collect();
        if !self.chosen.is_empty() {
            rivals.truncate(1);
            let others = self.chosen.iter().filter(|other| other.name != rivals[0].name);
            rivals.extend(others.copied().collect::<Vec<_>>());
        }
        if let Some(program) = self.against {
            rivals.truncate(1);
            rivals.push(rivals[0].built_otherwise(program));
        }
        rivals.retain(|rival| rival.suits(workload.means));
        rivals
    }

    /// The same without those that are not installed.
    fn installed_rivals_of(&self, workload: &About) -> Vec<Contender> {
        let mut rivals = self.rivals_of(workload);
        rivals.retain(|rival| rival.needs.is_none_or(Tool::is_installed));
        rivals
    }

    /// What has to be installed for all of the plan, and is not.
    pub(crate) fn missing(&self) -> Vec<Tool> {
        let mut missing: Vec<Tool> = Vec::new();
        for workload in &self.workloads {
            let load = matches!(workload.means, Means::Hello).then_some(WRK);
            let needed = self.rivals_of(workload).into_iter().filter_map(|rival| rival.needs).chain(load);
            missing.extend(needed.filter(|tool| !tool.is_installed()));
        }
        missing.sort_by_key(|tool| tool.program);
        missing.dedup();
        missing
    }

    fn round_count_of(&self, workload: &About) -> usize {
        self.round_count.min(workload.round_count_max)
    }

    /// Rounds that do not count: none of what is long.
    fn warm_up_count(&self, workload: &About) -> usize {
        usize::from(!self.is_quick && workload.round_count_max > self.round_count)
    }

    fn step_count(&self, workload: &About) -> usize {
        let round_count = self.warm_up_count(workload) + self.round_count_of(workload);
        round_count * self.installed_rivals_of(workload).len()
    }

    fn measure(&self, workload: &About, rival: &Contender) -> Sample {
        match workload.means {
            Means::Here(task, repetition_count) => {
                let shorter = (repetition_count / 20).max(1);
                rival.run_of()(task, if self.is_quick { shorter } else { repetition_count })
            }
            Means::Echo(load, times) if self.is_quick => {
                let Times { warm_up_ms, measure_ms } = times;
                echo::measure(rival, &load, Times { warm_up_ms: warm_up_ms / 4, measure_ms: measure_ms / 4 })
            }
            Means::Echo(load, times) => echo::measure(rival, &load, times),
            Means::Stream(write_size, Times { warm_up_ms, measure_ms }) => {
                let share = if self.is_quick { 4 } else { 1 };
                let times = Times { warm_up_ms: warm_up_ms / share, measure_ms: measure_ms / share };
                stream::measure(rival, write_size, times)
            }
            Means::Hello => hyper_hello::measure(rival),
            Means::Idle => idle::measure(rival),
            Means::Sleepers => sleepers::measure(rival, self.is_quick),
        }
    }

    fn count_syscalls(&self, workload: &About, rival: &Contender) -> Option<f64> {
        match workload.means {
            Means::Echo(load, _) if !self.is_quick => echo::count_syscalls(rival, &load),
            _ => None,
        }
    }
}

/// What came of a plan.
pub(crate) struct Results {
    pub(crate) outcomes: Vec<Outcome>,
    /// How much of the machine others took meanwhile, from nothing to one.
    pub(crate) neighbours_share: f64,
}

/// What came of one workload.
pub(crate) struct Outcome {
    pub(crate) workload: About,
    /// The one that the others are compared with first; everyone has as many samples, one per round.
    pub(crate) entries: Vec<Entry>,
}

/// One rival's rounds.
pub(crate) struct Entry {
    pub(crate) rival: &'static str,
    pub(crate) samples: Vec<Sample>,
    /// System calls per operation, where they were counted.
    pub(crate) syscalls: Option<f64>,
}

impl Entry {
    /// The median of one figure over the rounds.
    pub(crate) fn median(&self, figure: Figure) -> f64 {
        Spread::of(self.samples.iter().map(|sample| figure.of(sample))).median
    }
}

/// Runs everything in `plan` that can run here: [`Plan::missing`] has the rest.
pub(crate) fn run(plan: &Plan) -> Results {
    let neighbours = Neighbours::watch();
    let total: usize = plan.workloads.iter().map(|workload| plan.step_count(workload)).sum();
    let progress = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}, {eta} left: {msg}");
    progress.set_style(style.expect("a template with known keys"));
    let mut outcomes = Vec::new();
    for workload in &plan.workloads {
        if matches!(workload.means, Means::Hello) && !WRK.is_installed() {
            continue;
        }
        progress.set_message(workload.name);
        outcomes.push(run_workload(plan, *workload, &progress));
    }
    progress.finish_and_clear();
    Results { outcomes, neighbours_share: neighbours.share() }
}

fn run_workload(plan: &Plan, workload: About, progress: &ProgressBar) -> Outcome {
    let rivals = plan.installed_rivals_of(&workload);
    let entry = |rival: &Contender| Entry { rival: rival.name, samples: Vec::new(), syscalls: None };
    let mut entries: Vec<Entry> = rivals.iter().map(entry).collect();
    let warm_up_count = plan.warm_up_count(&workload);
    for round in 0..warm_up_count + plan.round_count_of(&workload) {
        for turn in 0..rivals.len() {
            // Each round begins with another rival: who comes first finds the machine as the last one left it.
            let index = (round + turn) % rivals.len();
            if round < warm_up_count {
                entries[index].syscalls = plan.count_syscalls(&workload, &rivals[index]);
            }
            let sample = plan.measure(&workload, &rivals[index]);
            if round >= warm_up_count {
                entries[index].samples.push(sample);
            }
            progress.inc(1);
        }
    }
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
    /// `subject`'s figure divided by `other`'s, round by round.
    pub(crate) fn ratio(subject: &Entry, other: &Entry, figure: Figure) -> Spread {
        let pairs = subject.samples.iter().zip(&other.samples);
        Spread::of(pairs.map(|(subject, other)| figure.of(subject) / figure.of(other)))
    }

    /// The rounds of the rival called `name`, if it took part.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.rival == name)
    }
}
