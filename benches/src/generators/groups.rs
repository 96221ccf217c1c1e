//! Who competes with whom, and for what.

use super::place::{Copies, copies};
use super::{streams, sync};

/// A group of ways to do the same, heist's being one of them.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) contestants: &'static [Contestant],
}

pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) copies: Copies,
    pub(super) judgement: Judgement,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Judgement {
    /// The one that is compared with all others.
    Ours,
    /// heist may take this share of its time at most.
    AtMost(f64),
    /// Shown.
    Shown,
}

impl Judgement {
    pub(super) fn goal(self) -> Option<f64> {
        match self {
            Judgement::AtMost(goal) => Some(goal),
            Judgement::Ours | Judgement::Shown => None,
        }
    }
}

use Judgement::{AtMost, Ours, Shown};

const fn entry(name: &'static str, copies: Copies, judgement: Judgement) -> Contestant {
    Contestant { name, copies, judgement }
}

pub(super) const GROUPS: [Group; 9] = [
    Group {
        title: "yield, each item through black_box",
        contestants: &[
            entry("iterator by hand", copies!(sync::hand), AtMost(1.1)),
            entry("heist generator!", copies!(sync::heist_pinned), Ours),
            entry("heist generator!, boxed", copies!(sync::heist_boxed), Shown),
            entry("heist routine", copies!(sync::heist_routine), Shown),
            entry("genawaiter stack", copies!(sync::genawaiter_stack), AtMost(0.2)),
            entry("genawaiter rc", copies!(sync::genawaiter_rc), AtMost(0.2)),
            entry("corosensei", copies!(sync::stackful), Shown),
        ],
    },
    Group {
        title: "yield of random numbers, each through black_box",
        contestants: &[
            entry("iterator by hand", copies!(sync::hand_random), AtMost(1.1)),
            entry("heist generator!", copies!(sync::heist_random), Ours),
            entry("genawaiter stack", copies!(sync::genawaiter_random), Shown),
        ],
    },
    Group {
        title: "yield through dyn Iterator",
        contestants: &[
            entry("iterator by hand, dyn", copies!(sync::hand_dyn), Shown),
            entry("heist generator!, dyn", copies!(sync::heist_dyn), Ours),
        ],
    },
    Group {
        title: "yield from two ranges",
        contestants: &[
            entry("chain by hand", copies!(sync::hand_chain), Shown),
            entry("heist yield from", copies!(sync::heist_chain), Ours),
        ],
    },
    Group {
        title: "send a value, receive one",
        contestants: &[
            entry("closure by hand", copies!(sync::hand_send), Shown),
            entry("heist coroutine!", copies!(sync::heist_send), Ours),
            entry("corosensei", copies!(sync::stackful_send), Shown),
        ],
    },
    Group {
        title: "asynchronous, each yield ready, boxed stream",
        contestants: &[
            entry("stream by hand", copies!(streams::hand_boxed), Shown),
            entry("heist async_generator!", copies!(streams::heist_boxed), Ours),
            entry("async-stream", copies!(streams::async_stream_boxed), Shown),
        ],
    },
    Group {
        title: "asynchronous, each yield after a ready await, boxed stream",
        contestants: &[
            entry("heist async_generator!", copies!(streams::heist_awaits), Ours),
            entry("async-stream", copies!(streams::async_stream_awaits), Shown),
        ],
    },
    // The judged one: a function's stream, drained where the optimiser sees it, as the judged iterators are.
    Group {
        title: "asynchronous, each yield ready",
        contestants: &[
            entry("stream by hand", copies!(streams::hand), Shown),
            entry("heist async_generator!", copies!(streams::heist), Ours),
            entry("async-stream", copies!(streams::async_stream), AtMost(0.6)),
        ],
    },
    // Nothing can be faster than the loop by hand, which both become here; so there is nothing to judge.
    Group {
        title: "asynchronous, each yield ready, written in the function that drains it",
        contestants: &[
            entry("heist async_generator!", copies!(streams::heist_inline), Ours),
            entry("async-stream", copies!(streams::async_stream_inline), Shown),
        ],
    },
];
