//! Dumps: what is said of every task, and that the tasks go on.

mod blocking;
mod deadlocks;
mod guests;
mod names;
mod poll;
mod quit;
mod reasons;
mod stats;
#[path = "../support/mod.rs"]
mod support;
mod text;
mod whole;

use heist::runtime::{Dump, Handle, TaskDump, WaitReason};
use heist::task::{Id, yield_now};

/// Takes dumps until one is as wanted.
pub(crate) async fn dump_when(what: &str, is_so: impl Fn(&Dump) -> bool) -> Dump {
    let start = std::time::Instant::now();
    loop {
        let dump = Handle::current().dump().await;
        if is_so(&dump) {
            return dump;
        }
        assert!(start.elapsed() < support::PATIENCE / 2, "waited in vain until {what}:\n{dump}");
        yield_now().await;
    }
}

/// Takes dumps until a task has a reason.
pub(crate) async fn reasons_of(id: Id) -> Vec<WaitReason> {
    let has_reason = |dump: &Dump| dump.task(id).is_some_and(|task| !task.reasons().is_empty());
    let dump = dump_when("the task has a reason", has_reason).await;
    dump.task(id).map(TaskDump::reasons).expect("it was there").to_vec()
}
