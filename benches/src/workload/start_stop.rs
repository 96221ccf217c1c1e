//! A runtime is started, runs one task, and is stopped.

use super::about::{About, Task};
use crate::goal::Goal;
use crate::rival::contract::Rival;
use crate::usage::Sample;

pub(super) const ABOUT: About = About {
    // smol's executor is one for the whole process and never stops.
    rivals: &["heist", "tokio", "heist-single", "heist-poll"],
    goals: &[Goal::time("tokio", None)],
    ..About::here("start_stop", "a runtime started, one task run, stopped; per runtime", Task::StartStop, 100)
};

pub(super) fn measure<R: Rival>(repetition_count: u32) -> Sample {
    Sample::take(u64::from(repetition_count), || {
        for _ in 0..repetition_count {
            let rival = R::start();
            rival.block_on(async { R::spawn(async {}).await.expect("no panic") });
        }
    })
}
