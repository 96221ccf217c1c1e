//! shuttle: random schedules, without and with naps, and random priorities.

use std::sync::Arc;

use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler};
use shuttle::{Config, MaxSteps, Runner};

use super::bounds::{Bounds, Tried};
use super::naps::NapScheduler;
use crate::primitive::clock;

/// What runs are called.
pub(crate) const KIND: &str = "schedules";

/// Runtimes need larger stacks than shuttle's own.
const STACK_BYTES: usize = 0x4_0000;

pub(crate) fn explore(bounds: &Bounds, run: impl Fn() + Send + Sync + 'static) -> Tried {
    let run = Arc::new(move || {
        clock::restart();
        run();
    });
    let runner_config = config(bounds);
    let _note = ScheduleNote;
    let (first, second, third) = (run.clone(), run.clone(), run);
    if let Some(schedule) = &bounds.replay {
        let scheduler = ReplayScheduler::new_from_encoded(schedule);
        let runs = Runner::new(scheduler, runner_config).run(move || first());
        return Tried { runs, are_all: false };
    }
    let (count, changes) = (bounds.schedules, bounds.priority_changes);
    let (random, priorities) = match bounds.seed {
        Some(seed) => {
            (RandomScheduler::new_from_seed(seed, count), PctScheduler::new_from_seed(seed, changes, count))
        }
        None => (RandomScheduler::new(count), PctScheduler::new(changes, count)),
    };
    let naps = NapScheduler::new(bounds.seed, count);
    let mut runs = Runner::new(random, runner_config.clone()).run(move || first());
    runs += Runner::new(naps, runner_config.clone()).run(move || second());
    runs += Runner::new(priorities, runner_config).run(move || third());
    Tried { runs, are_all: false }
}

fn config(bounds: &Bounds) -> Config {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    config.max_steps = MaxSteps::FailAfter(bounds.steps_max);
    config.silence_warnings = true;
    config.max_time = bounds.time_max;
    config
}

/// Says how to see a schedule again that has failed, after shuttle has printed it.
struct ScheduleNote;

impl Drop for ScheduleNote {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or("a model").to_owned();
            eprint!(
                "a schedule of {name} failed; with this variable the same test
  repeats it: HEIST_MODEL_REPLAY=the text between the quotes above\n"
            );
        }
    }
}
