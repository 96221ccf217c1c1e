//! A foreign thread sends to a task of a runtime that is asleep: how long until the task has it?

use std::time::{Duration, Instant};

use super::about::{About, Task};
use crate::goal::Goal;
use crate::rival::contract::Rival;
use crate::usage::{Latency, Sample, Usage};

pub(super) const ABOUT: About = About {
    rivals: &["heist", "tokio", "heist-single", "heist-poll", "smol"],
    goals: &[Goal::p99_of("tokio")],
    ..About::here(
        "wake_latency",
        "a message from a foreign thread to an idle worker; per message",
        Task::WakeLatency,
        300,
    )
};

/// Long enough for every worker to be asleep again.
const PAUSE: Duration = Duration::from_micros(500);

/// Of `message_count` messages; the time is that from sending to receiving.
pub(super) fn measure<R: Rival>(message_count: u32) -> Sample {
    let rival = R::start();
    let (sender, receiver) = async_channel::unbounded::<Instant>();
    let listener = rival.spawn_from_outside(async move {
        let mut micros = Vec::new();
        while let Ok(sent_at) = receiver.recv().await {
            micros.push(sent_at.elapsed().as_nanos() as f32 / 1e3);
        }
        micros
    });
    let before = Usage::now();
    let talker = std::thread::spawn(move || {
        for _ in 0..message_count {
            std::thread::sleep(PAUSE);
            sender.send_blocking(Instant::now()).expect("the listener lives");
        }
    });
    let micros = rival.block_on(async { listener.await.expect("no panic") });
    talker.join().expect("no panic");
    let total = Duration::from_secs_f64(micros.iter().map(|&micros| f64::from(micros) / 1e6).sum());
    let sample = Sample::new(u64::from(message_count), total, Usage::now().since(before));
    Sample { latency: Latency::of(micros), ..sample }
}
