//! Echo of datagrams: each peer has one request in flight, and the server one socket per thread, all on one port.

use super::about::{About, Means};
use crate::goal::Goal;
use crate::load::{Load, Times};

const fn echo(connections: usize) -> Means {
    let load = Load {
        connections,
        threads: 1,
        message_size: 64,
        compute_micros: 0,
        think_micros: 0,
        computing: 0,
        churn: false,
        udp: true,
    };
    Means::Echo(load, Times { warm_up_ms: 100, measure_ms: 250 })
}

pub(super) const ONE: About = About {
    name: "udp_echo_1",
    explanation: "64 B echo of datagrams with 1 peer; per request",
    rivals: &["heist", "tokio", "heist-poll", "smol", "monoio", "compio", "glommio"],
    means: echo(1),
    round_count_max: usize::MAX,
    goals: &[Goal::cpu("tokio", None), Goal::time("tokio", None)],
};

pub(super) const HUNDRED: About = About {
    name: "udp_echo",
    explanation: "64 B echo of datagrams with 100 peers; per request",
    means: echo(100),
    ..ONE
};
