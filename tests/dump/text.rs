//! A dump as text.

use std::time::Duration;

use heist::sync::oneshot;

use crate::support::{on_every_runtime, two_workers};
use crate::{dump_when, reasons_of};

#[test]
fn a_tree_shows_what_is_awaited_below_who_awaits_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_sender, receiver) = oneshot::channel::<()>();
            let leaf = heist::spawn(async move { receiver.await.is_ok() });
            let leaf_id = leaf.id();
            let root = heist::spawn(async move { leaf.await.is_ok() });
            let root_id = root.id();
            reasons_of(leaf_id).await;
            reasons_of(root_id).await;
            let has_both =
                |dump: &heist::runtime::Dump| dump.tasks().iter().all(|task| task.reasons().len() == 1);
            let text = dump_when("both have a reason", has_both).await.to_string();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[0], "2 tasks: 0 running, 0 runnable, 2 waiting");
            assert!(
                lines[1].starts_with(&format!("task {root_id}, spawned at tests/dump/text.rs:")),
                "{text}"
            );
            assert_eq!(lines[2], format!("  for the end of task {leaf_id}"));
            assert!(
                lines[3].starts_with(&format!("  task {leaf_id}, spawned at tests/dump/text.rs:")),
                "{text}"
            );
            assert!(lines[4].starts_with("    for oneshot channel, for its value"), "{text}");
            assert_eq!(lines.len(), 5, "{text}");
            root.abort();
        });
    });
}

#[test]
fn tasks_of_one_place_share_a_line() {
    let runtime = two_workers();
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..1000).map(|_| heist::spawn(heist::time::sleep(Duration::from_secs(3600)))).collect();
        let all_wait =
            |dump: &heist::runtime::Dump| dump.tasks().iter().all(|task| task.reasons().len() == 1);
        let text = dump_when("all have a reason", all_wait).await.to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("1000 tasks ("), "{text}");
        assert!(text.contains("  for a timer, "), "{text}");
        tasks.iter().for_each(heist::task::JoinHandle::abort);
    });
}
