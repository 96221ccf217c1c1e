//! Figures of a row, and how heist compares.

use super::lane::Mode;

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) per_second: f64,
    pub(super) cpu_micros: f64,
}

/// The figures of each contestant, round by round.
#[derive(Default)]
pub(super) struct Row(Vec<(&'static str, Vec<Figures>)>);

/// What heist's figure divided by a rival's should be.
pub(super) enum Goal {
    SpeedAtLeast(&'static str, f64),
    CpuAtMost(&'static str, f64),
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

    /// The median of heist's figures, each divided by the rival's of the same round.
    fn ratio(&self, rival: &str, figure: fn(&Figures) -> f64) -> Option<f64> {
        let (own, theirs) = (self.of("heist")?, self.of(rival)?);
        Some(median(own.iter().zip(theirs).map(|(own, theirs)| figure(own) / figure(theirs)).collect()))
    }

    /// Prints the row, and says whether all goals are met. One without a rival is not judged.
    pub(super) fn print(&self, title: &str, goals: &[Goal]) -> bool {
        println!("\n{title}");
        for (name, rounds) in &self.0 {
            let speed = median(rounds.iter().map(|figures| figures.per_second).collect());
            let cpu = median(rounds.iter().map(|figures| figures.cpu_micros).collect());
            let faster = self.ratio(name, |figures| figures.per_second).unwrap_or(f64::NAN);
            println!("  {name:8} {speed:>10.0}/s {cpu:>9.2} \u{b5}s CPU   heist is {faster:.2}x as fast");
        }
        let mut is_met = true;
        for goal in goals {
            let (rival, ratio, bound, is_reached): (_, _, _, fn(f64, f64) -> bool) = match *goal {
                Goal::SpeedAtLeast(rival, bound) => {
                    (rival, self.ratio(rival, |figures| figures.per_second), bound, |ratio, bound| {
                        ratio >= bound
                    })
                }
                Goal::CpuAtMost(rival, bound) => {
                    (rival, self.ratio(rival, |figures| figures.cpu_micros), bound, |ratio, bound| {
                        ratio <= bound
                    })
                }
            };
            let (what, sign) = match goal {
                Goal::SpeedAtLeast(..) => ("speed", "at least"),
                Goal::CpuAtMost(..) => ("CPU", "at most"),
            };
            let Some(ratio) = ratio else {
                println!("  goal: {what} against {rival}: not measured");
                continue;
            };
            let verdict = if is_reached(ratio, bound) { "met" } else { "MISSED" };
            is_met &= is_reached(ratio, bound);
            println!("  goal: {what} against {rival} {sign} {bound}x: {ratio:.2}x, {verdict}");
        }
        is_met
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
