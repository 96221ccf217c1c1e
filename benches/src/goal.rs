//! What heist is to reach: today, and in the end.

use crate::rival::contract::SUBJECT;
use crate::usage::Sample;

/// Today's goal: on no workload may heist need more than this much of what tokio needs.
const SLICE_GOAL: f64 = 1.2;

/// One number of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Time on the clock per operation.
    Time,
    /// CPU time per operation.
    Cpu,
    /// Context switches per operation.
    Switches,
    /// Latency in the middle.
    P50,
    /// Latency of the slowest in a hundred.
    P99,
    /// Latency of the slowest in a thousand.
    P999,
    /// Memory per operation.
    Bytes,
    /// Clock ticks of CPU.
    Ticks,
}

impl Figure {
    /// This number of `sample`.
    pub(crate) fn of(self, sample: &Sample) -> f64 {
        match self {
            Figure::Time => sample.time_ns,
            Figure::Cpu => sample.cpu_ns,
            Figure::Switches => sample.switches,
            Figure::P50 => sample.latency.p50_micros,
            Figure::P99 => sample.latency.p99_micros,
            Figure::P999 => sample.latency.p999_micros,
            Figure::Bytes => sample.bytes,
            Figure::Ticks => sample.tick_count as f64,
        }
    }
}

/// What the subject's figure is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yardstick {
    /// Nothing: the figure itself is judged.
    Nothing,
    /// The figure of this rival: the subject's divided by it, at most the goal.
    Ratio(&'static str),
    /// The figure of this rival: divided by the subject's, at least the goal.
    SpeedUp(&'static str),
    /// As [`Yardstick::Ratio`], of whoever is best among other people's runtimes.
    BestPeer,
}

/// A figure, and what it should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// For the table.
    pub(crate) what: &'static str,
    /// Whose figure is judged.
    pub(crate) subject: &'static str,
    pub(crate) figure: Figure,
    pub(crate) yardstick: Yardstick,
    /// Today's.
    pub(crate) goal: f64,
    /// Where the design wants it to end up.
    pub(crate) aim: Option<f64>,
}

impl Goal {
    /// Two workers are never slower than the single-threaded loop.
    pub(crate) const NEVER_BEHIND_ONE_THREAD: Goal = Goal::benefit_of_threads(0.95);

    const fn new(what: &'static str, figure: Figure, yardstick: Yardstick, goal: f64) -> Self {
        Goal { what, subject: SUBJECT, figure, yardstick, goal, aim: None }
    }

    /// Time against `rival`.
    pub(crate) const fn time(rival: &'static str, aim: Option<f64>) -> Self {
        Goal { aim, ..Goal::new("time", Figure::Time, Yardstick::Ratio(rival), SLICE_GOAL) }
    }

    /// CPU time against `rival`.
    pub(crate) const fn cpu(rival: &'static str, aim: Option<f64>) -> Self {
        Goal { aim, ..Goal::new("CPU", Figure::Cpu, Yardstick::Ratio(rival), SLICE_GOAL) }
    }

    /// CPU time against the best of the others.
    pub(crate) const fn cpu_of_best(aim: f64) -> Self {
        Goal { aim: Some(aim), ..Goal::new("CPU", Figure::Cpu, Yardstick::BestPeer, SLICE_GOAL) }
    }

    /// Memory against `rival`.
    pub(crate) const fn memory(rival: &'static str, aim: f64) -> Self {
        Goal { aim: Some(aim), ..Goal::new("memory", Figure::Bytes, Yardstick::Ratio(rival), SLICE_GOAL) }
    }

    /// Latency of the slowest in a hundred against `rival`.
    pub(crate) const fn p99_of(rival: &'static str) -> Self {
        Goal::new("p99", Figure::P99, Yardstick::Ratio(rival), SLICE_GOAL)
    }

    /// Operations in a given time against `rival`, with the design's aim.
    pub(crate) const fn speed_up(rival: &'static str, aim: f64) -> Self {
        let yardstick = Yardstick::SpeedUp(rival);
        Goal { aim: Some(aim), ..Goal::new("operations/s", Figure::Time, yardstick, 1.0 / SLICE_GOAL) }
    }

    /// Operations in a given time against the single-threaded loop.
    pub(crate) const fn benefit_of_threads(goal: f64) -> Self {
        Goal::new("2 workers against 1 thread", Figure::Time, Yardstick::SpeedUp("heist-single"), goal)
    }

    /// Latency of `subject`'s slowest in a hundred, in microseconds.
    pub(crate) const fn p99(subject: &'static str, goal: f64) -> Self {
        Goal { subject, ..Goal::new("p99, us", Figure::P99, Yardstick::Nothing, goal) }
    }

    /// No CPU at all.
    pub(crate) const NOTHING: Goal =
        Goal::new("clock ticks of CPU in two idle seconds", Figure::Ticks, Yardstick::Nothing, 0.0);
}
