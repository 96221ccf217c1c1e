//! The figures of one contestant.

use serde::Serialize;

/// One row of the table.
#[derive(Clone, Serialize)]
pub(crate) struct Row {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) time_ns: f64,
    /// heist's time divided by this one's: median, and the middle half of the rounds.
    pub(super) heist_ratio: f64,
    pub(super) heist_ratio_quartiles: (f64, f64),
    pub(super) goal: Option<f64>,
    pub(crate) is_met: bool,
}

impl Row {
    pub(super) fn print(&self) {
        let verdict = match self.goal {
            Some(goal) if self.is_met => format!("goal {goal}: met"),
            Some(goal) => format!("goal {goal}: MISSED"),
            None => String::new(),
        };
        let (low, high) = self.heist_ratio_quartiles;
        println!(
            "  {:42} {:6.3} ns  {:8.3} x   {low:.3} to {high:.3}   {verdict}",
            self.name, self.time_ns, self.heist_ratio
        );
    }
}
