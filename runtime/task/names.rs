//! Names of tasks. They stand beside the tasks, so a task without one costs nothing more.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::id::{BLOCK_SIZE, Id};
use crate::primitive::sync::StaticMutex;

/// A thread stays within one of these maps for a whole block of ids.
const SHARDS_COUNT: u64 = 16;

type Names = StaticMutex<BTreeMap<Id, Arc<str>>>;

/// The names of all tasks of the process that have one and whose future was not dropped.
static NAMES: [Names; SHARDS_COUNT as usize] =
    [const { StaticMutex::new(BTreeMap::new()) }; SHARDS_COUNT as usize];

fn shard_of(task: Id) -> &'static Names {
    &NAMES[(task.to_u64() / BLOCK_SIZE % SHARDS_COUNT) as usize]
}

/// Returns the name of a task, if it has one and its future was not dropped.
pub(crate) fn name_of(task: Id) -> Option<Arc<str>> {
    shard_of(task).lock().get(&task).cloned()
}

pin_project! {
    /// The future of a task that has a name.
    pub(crate) struct Named<F> {
        #[pin]
        future: F,
        // After the future, whose destructor may be what somebody looks at.
        entry: NameEntry,
    }
}

/// The name of this task is known while it lives.
struct NameEntry(Id);

impl<F> Named<F> {
    /// Gives `task`, whose future it is, a name.
    pub(crate) fn new(future: F, task: Id, name: Arc<str>) -> Named<F> {
        Named { future, entry: NameEntry::new(task, name) }
    }
}

/// Gives `task`, which runs `closure`, a name.
pub(crate) fn named_closure<R>(closure: impl FnOnce() -> R, task: Id, name: Arc<str>) -> impl FnOnce() -> R {
    let entry = NameEntry::new(task, name);
    move || {
        let output = closure();
        drop(entry);
        output
    }
}

impl NameEntry {
    fn new(task: Id, name: Arc<str>) -> NameEntry {
        shard_of(task).lock().insert(task, name);
        NameEntry(task)
    }
}

impl<F: Future> Future for Named<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl Drop for NameEntry {
    fn drop(&mut self) {
        shard_of(self.0).lock().remove(&self.0);
    }
}
