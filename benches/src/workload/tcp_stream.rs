//! Large writes in one direction, and what it costs to ask for those that do not copy where they are copied all the same.

use super::about::{About, Means};
use crate::goal::{Figure, Goal, Yardstick};
use crate::load::Times;

const TIMES: Times = Times { warm_up_ms: 100, measure_ms: 400 };

/// Asking for what the kernel does not do costs one write of each connection.
const ASKING: Goal = Goal {
    what: "CPU of asking for zero copy",
    subject: "heist-zero-copy",
    figure: Figure::Cpu,
    yardstick: Yardstick::Ratio("heist"),
    goal: 1.1,
    aim: Some(1.02),
};

pub(super) const MIDDLE: About = About {
    name: "tcp_stream_64k",
    explanation: "one connection, writes of 64 KiB in one direction; per MiB",
    rivals: &["heist", "tokio", "heist-zero-copy", "heist-poll"],
    means: Means::Stream(64 * 1024, TIMES),
    round_count_max: usize::MAX,
    goals: &[Goal::cpu("tokio", None), ASKING],
};

pub(super) const LARGE: About = About {
    name: "tcp_stream_1m",
    explanation: "one connection, writes of 1 MiB in one direction; per MiB",
    means: Means::Stream(1 << 20, TIMES),
    ..MIDDLE
};
