//! Echo while all workers but one compute, 100 ms at a time: does a conversation wait for a worker that computes?
//!
//! 16 conversations pause 10 ms between requests, so that a good part of their requests falls into every computation, and
//! those that belong to the computing worker's ring show in the slowest hundredth.

use super::about::{About, Means};
use crate::goal::Goal;
use crate::load::{Load, Times};
use crate::rival::contract::WORKER_COUNT;

pub(super) const ABOUT: About = About {
    name: "echo_beside",
    explanation: "64 B echo while all workers but one compute 100 ms at a time; per request",
    rivals: &["heist", "tokio", "heist-poll", "smol", "monoio", "compio", "glommio"],
    means: Means::Echo(LOAD, Times { warm_up_ms: 300, measure_ms: 1_000 }),
    round_count_max: 3,
    goals: &[Goal::p99("heist", 5_000.0), Goal::p99("heist-poll", 5_000.0)],
};

const LOAD: Load = Load {
    connections: 16,
    threads: 1,
    message_size: 64,
    compute_micros: 0,
    think_micros: 10_000,
    computing: WORKER_COUNT - 1,
    churn: false,
    udp: false,
};
