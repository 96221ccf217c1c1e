//! A binary tree: each task spawns its two halves and joins them.
//!
//! On one thread 1612 instructions per task with heist, 2876 with tokio (callgrind, 2026-11-21, a tree of 1,023): a fifth is
//! malloc and free of the boxes that the workload makes itself, a tenth the list of live tasks, and no other function of
//! heist's is as much as a twentieth.

use std::future::Future;
use std::pin::Pin;

use super::about::{About, Task};
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[
        Goal::time("tokio", Some(0.35)),
        Goal::time("small", Some(1.0)),
        Goal::time("small-lifo", Some(1.0)),
        Goal::NEVER_BEHIND_ONE_THREAD,
    ],
    ..About::here(
        "fork_join",
        "a tree of 8,191 tasks, each joining its two children; per task",
        Task::ForkJoin,
        15,
    )
};

pub(crate) const DEPTH: u32 = 12;
pub(crate) const TASK_COUNT: u64 = (1 << (DEPTH + 1)) - 1;

/// How many tasks are below and including this one.
fn tree<R: Rival>(depth: u32) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            return 1;
        }
        let (left, right) = (R::spawn(tree::<R>(depth - 1)), R::spawn(tree::<R>(depth - 1)));
        1 + left.await.expect("no panic") + right.await.expect("no panic")
    })
}

pub(super) fn once<R: Rival>(rival: &R) {
    let root = rival.spawn_from_outside(tree::<R>(DEPTH));
    let count = rival.block_on(async { root.await.expect("no panic") });
    assert_eq!(count, TASK_COUNT);
}
