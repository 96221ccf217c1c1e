//! Figures of a row, and how heist compares.

use serde::Serialize;

use super::lane::Mode;

/// Heist with two workers, as the other runtimes.
const HEIST: &str = "heist";
/// Heist with one: the figure for what a read costs.
pub(super) const ONE_WORKER: &str = "1 worker";

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) per_second: f64,
    pub(super) cpu_micros: f64,
}

/// The figures of each contestant, round by round.
#[derive(Default)]
pub(super) struct Row(Vec<(&'static str, Vec<Figures>)>);

/// What heist's figure divided by a rival's should be.
pub(super) enum Goal {
    /// Operations per second, of two workers.
    SpeedAtLeast(&'static str, f64),
    /// CPU per operation, of one worker.
    CpuAtMost(&'static str, f64),
}

/// What came of a goal; of one whose rival is not here, nothing.
#[derive(Serialize)]
struct Judgement {
    what: &'static str,
    rival: &'static str,
    goal: f64,
    value: Option<f64>,
    is_met: bool,
}

/// A row as it is kept.
#[derive(Serialize)]
pub(super) struct KeptRow {
    title: String,
    contestants: Vec<Contestant>,
    judgements: Vec<Judgement>,
}

#[derive(Serialize)]
struct Contestant {
    name: &'static str,
    per_second: f64,
    cpu_micros: f64,
    /// heist's speed, with two workers, divided by this one's.
    heist_speed_ratio: Option<f64>,
    rounds: Vec<Figures>,
}

/// The goals of DESIGN section 10.
pub(super) fn goals(mode: Mode, depth: usize) -> Vec<Goal> {
    match (mode, depth) {
        (Mode::Read, 64) => vec![
            Goal::SpeedAtLeast("tokio", 8.0),
            Goal::CpuAtMost("ring", 1.1),
            Goal::SpeedAtLeast("ring", 1.7),
        ],
        (Mode::ReadDirect, 64 | 256) => vec![Goal::SpeedAtLeast("fio", 0.97)],
        _ => Vec::new(),
    }
}

impl Row {
    pub(super) fn add(&mut self, name: &'static str, figures: Figures) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rounds)) => rounds.push(figures),
            None => self.0.push((name, vec![figures])),
        }
    }

    fn of(&self, name: &str) -> Option<&[Figures]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, rounds)| rounds.as_slice())
    }

    /// The median of one contestant's figures, each divided by the rival's of the same round.
    fn ratio(&self, subject: &str, rival: &str, figure: fn(&Figures) -> f64) -> Option<f64> {
        let (own, theirs) = (self.of(subject)?, self.of(rival)?);
        Some(median(own.iter().zip(theirs).map(|(own, theirs)| figure(own) / figure(theirs)).collect()))
    }

    fn judge(&self, goal: &Goal) -> Judgement {
        match *goal {
            Goal::SpeedAtLeast(rival, goal) => {
                let value = self.ratio(HEIST, rival, |figures| figures.per_second);
                let is_met = value.is_none_or(|value| value >= goal);
                Judgement { what: "speed of two workers, at least", rival, goal, value, is_met }
            }
            Goal::CpuAtMost(rival, goal) => {
                let value = self.ratio(ONE_WORKER, rival, |figures| figures.cpu_micros);
                let is_met = value.is_none_or(|value| value <= goal);
                Judgement { what: "CPU of one worker, at most", rival, goal, value, is_met }
            }
        }
    }

    /// Judges the row and prints it.
    pub(super) fn keep(self, title: &str, goals: &[Goal]) -> KeptRow {
        let judgements = goals.iter().map(|goal| self.judge(goal)).collect();
        let contestants = self.0.iter().map(|(name, rounds)| Contestant {
            name,
            per_second: median(rounds.iter().map(per_second).collect()),
            cpu_micros: median(rounds.iter().map(cpu_micros).collect()),
            heist_speed_ratio: self.ratio(HEIST, name, per_second),
            rounds: rounds.clone(),
        });
        let row = KeptRow { title: title.to_owned(), contestants: contestants.collect(), judgements };
        row.print();
        row
    }
}

impl KeptRow {
    /// A goal without a rival is not judged.
    pub(super) fn is_met(&self) -> bool {
        self.judgements.iter().all(|judgement| judgement.is_met)
    }

    fn print(&self) {
        println!("\n{}", self.title);
        for Contestant { name, per_second, cpu_micros, heist_speed_ratio, .. } in &self.contestants {
            let faster = heist_speed_ratio.unwrap_or(f64::NAN);
            println!(
                "  {name:8} {per_second:>10.0}/s {cpu_micros:>9.2} \u{b5}s CPU   heist is {faster:.2}x as fast"
            );
        }
        for Judgement { what, rival, goal, value, is_met } in &self.judgements {
            match value {
                None => println!("  goal: {what} {goal}x that of {rival}: not measured"),
                Some(value) => {
                    let verdict = if *is_met { "met" } else { "MISSED" };
                    println!("  goal: {what} {goal}x that of {rival}: {value:.2}x, {verdict}");
                }
            }
        }
    }
}

fn per_second(figures: &Figures) -> f64 {
    figures.per_second
}

fn cpu_micros(figures: &Figures) -> f64 {
    figures.cpu_micros
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
