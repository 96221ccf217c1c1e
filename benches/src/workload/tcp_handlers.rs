//! Handlers that compute, behind sockets: what threads are for, with the kernel in between.

use super::about::{About, Means};
use crate::goal::Goal;
use crate::load::{Load, Times};

pub(super) const ABOUT: About = About {
    name: "tcp_handlers",
    explanation: "500 us of work per request over 64 connections; per request",
    rivals: &["heist", "tokio", "heist-single", "monoio"],
    means: Means::Echo(LOAD, Times { warm_up_ms: 100, measure_ms: 300 }),
    round_count_max: usize::MAX,
    goals: &[Goal::time("tokio", None), Goal::benefit_of_threads(1.9)],
};

const LOAD: Load = Load {
    connections: 64,
    threads: 1,
    message_size: 64,
    compute_micros: 500,
    think_micros: 0,
    computing: 0,
    churn: false,
    udp: false,
};
