//! Echo over connections that have one request in flight each, as fast as it goes.

use super::about::{About, Means};
use crate::goal::Goal;
use crate::load::{Load, Times};

const TIMES: Times = Times { warm_up_ms: 100, measure_ms: 250 };

const fn echo(connections: usize, message_size: usize) -> Means {
    let load = Load {
        connections,
        threads: 1,
        message_size,
        compute_micros: 0,
        think_micros: 0,
        computing: 0,
        churn: false,
        udp: false,
    };
    Means::Echo(load, TIMES)
}

const SMALL: About = About {
    name: "",
    explanation: "",
    rivals: &["heist", "tokio", "monoio", "raw-recv"],
    means: echo(1, 64),
    round_count_max: usize::MAX,
    // The CPU time is the server's alone; the time on the clock is shared with the load.
    // Most of it is the kernel's TCP, which is the same for all. 2026-11-21, 100 connections, one round on a machine that others
    // used too, microseconds of user and kernel time per request: heist 0.6 and 6.1, tokio 0.6 and 6.1, raw-recv, without tasks
    // and on one thread, 0.2 and 6.0. So the floor is some 0.91 of tokio's, and the aim lies below it.
    goals: &[
        Goal::cpu("tokio", Some(0.85)),
        Goal::cpu_of_best(0.95),
        Goal::cpu("raw-recv", Some(1.05)),
        Goal::time("tokio", None),
    ],
};

pub(super) const ONE: About =
    About { name: "tcp_echo_1", explanation: "64 B echo over 1 connection; per request", ..SMALL };

pub(super) const HUNDRED: About = About {
    name: "tcp_echo",
    explanation: "64 B echo over 100 connections; per request",
    means: echo(100, 64),
    rivals: &[
        "heist",
        "tokio",
        "heist-single",
        "heist-poll",
        "smol",
        "monoio",
        "compio",
        "glommio",
        "raw-poll",
        "raw-recv",
    ],
    ..SMALL
};

pub(super) const THOUSAND: About = About {
    name: "tcp_echo_1000",
    explanation: "64 B echo over 1,000 connections; per request",
    means: echo(1_000, 64),
    ..SMALL
};

pub(super) const LARGE: About = About {
    name: "tcp_echo_16k",
    explanation: "16 KiB echo over 100 connections; per request",
    means: echo(100, 16_384),
    ..SMALL
};
