//! A walk through the live tasks of a scheduler, a few at a time.

use std::panic::Location;
use std::sync::Arc;

use super::activity::TaskActivity;
use super::id::{Id, try_id};
use super::names::name_of;
use super::owned::OwnedTasks;
use super::raw::Reference;
use super::stats::TaskStats;
use super::trace::Note;

/// How many slots are looked at under the lock, which threads that spawn wait for.
const SLOTS_AT_ONCE: usize = 64;

/// A task as a walk has found it.
#[derive(Clone, Debug)]
pub(crate) struct SeenTask {
    pub(crate) id: Id,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) activity: TaskActivity,
    /// If it is observed.
    pub(crate) stats: Option<TaskStats>,
    /// Empty unless it was asked for and the task waits.
    pub(crate) notes: Vec<Note>,
}

/// What a walk is to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Which tasks there are.
    Presence,
    /// Also what those wait for that wait. They are polled for it: on this thread, which must be
    /// one where they may be polled.
    Reasons,
}

/// How far a walk has come. It sees each task that is alive from its beginning to its end once.
#[derive(Default)]
pub(crate) struct Census {
    shard: usize,
    slot: usize,
    /// Tasks that were taken from the list, to be looked at.
    taken: Vec<Reference>,
}

impl Census {
    /// Looks at some tasks more, without the one that calls this, until `is_late` returns true.
    /// `None` at the end of the list. Only tasks that `is_wanted` are looked at.
    pub(crate) fn proceed(
        &mut self,
        tasks: &OwnedTasks,
        question: Question,
        is_wanted: impl Fn(Id) -> bool,
        is_late: impl Fn() -> bool,
    ) -> Option<Vec<SeenTask>> {
        if self.taken.is_empty() {
            let (mut taken, is_end) = tasks.references_in(self.shard, self.slot, SLOTS_AT_ONCE)?;
            taken.reverse();
            self.taken = taken;
            (self.shard, self.slot) =
                if is_end { (self.shard + 1, 0) } else { (self.shard, self.slot + SLOTS_AT_ONCE) };
        }
        let mut seen = Vec::with_capacity(self.taken.len());
        while let Some(reference) = self.taken.pop() {
            let id = reference.task().id();
            if Some(id) != try_id() && is_wanted(id) {
                seen.extend(see(&reference, question));
                if is_late() {
                    break;
                }
            }
        }
        Some(seen)
    }
}

impl Reference {
    /// The id of the task.
    pub(crate) fn id(&self) -> Id {
        self.task().id()
    }

    /// What the task does. `None` if it is complete.
    pub(crate) fn seen(&self) -> Option<SeenTask> {
        see(self, Question::Presence)
    }
}

/// `None` if it is complete.
fn see(reference: &Reference, question: Question) -> Option<SeenTask> {
    let task = reference.task();
    let activity = task.state().activity()?;
    // Before it is polled, by which it may end, and which counts as a poll.
    let name = name_of(task.id());
    let (is_running, is_due) = (activity == TaskActivity::Running, activity == TaskActivity::Runnable);
    let stats = reference.stats(is_running, is_due);
    let is_asked = question == Question::Reasons && activity == TaskActivity::Waiting;
    let mut notes = if is_asked { reference.trace() } else { Vec::new() };
    notes.shrink_to_fit();
    Some(SeenTask { id: task.id(), name, location: task.location(), activity, stats, notes })
}
