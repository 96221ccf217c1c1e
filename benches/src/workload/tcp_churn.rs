//! A new connection for every request.

use super::about::{About, Means};
use crate::goal::Goal;
use crate::load::{Load, Times};

pub(super) const ABOUT: About = About {
    name: "tcp_churn",
    explanation: "connect, 64 B echo, close, 64 at a time; per connection",
    rivals: &["heist", "tokio", "heist-poll", "monoio"],
    means: Means::Echo(LOAD, Times { warm_up_ms: 100, measure_ms: 250 }),
    round_count_max: usize::MAX,
    goals: &[Goal::cpu("tokio", None), Goal::time("tokio", None)],
};

const LOAD: Load = Load {
    connections: 64,
    threads: 1,
    message_size: 64,
    compute_micros: 0,
    think_micros: 0,
    computing: 0,
    churn: true,
    udp: false,
};
