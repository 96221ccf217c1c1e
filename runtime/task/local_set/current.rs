//! The set that a thread has entered, and what the set's own thread keeps of it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::inbox::Inbox;
use crate::primitive::thread;
use crate::task::guests::HoldsTasks;
use crate::task::{Cause, Header, Id, JoinHandle, OwnedTasks, Runnable, Schedule};

/// The part of a set that its tasks hold.
pub(super) struct LocalTasks {
    pub(super) owned: OwnedTasks,
    pub(super) inbox: Inbox<Runnable>,
}

/// The part of a set that stays on its thread.
pub(super) struct LocalPart {
    pub(super) tasks: Arc<LocalTasks>,
    /// Tasks that are due.
    pub(super) due: RefCell<VecDeque<Runnable>>,
    /// How many polls, or drops, of the set are on the stack.
    polls_count: Cell<usize>,
}

/// How a thread is inside of a set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// The set is being polled, or dropped, below on the stack: due tasks are found without a wake.
    Polling,
    /// A guard holds the set open: nobody looks for due tasks.
    Entered,
}

struct InSet {
    part: Rc<LocalPart>,
    presence: Presence,
}

impl InSet {
    /// Whether a poll that it speaks of is still on the stack: no wake is called for without one.
    fn is_true(&self) -> bool {
        self.presence == Presence::Entered || self.part.polls_count.get() > 0
    }
}

thread::thread_local! {
    static CURRENT: RefCell<Option<InSet>> = const { RefCell::new(None) };
}

/// Keeps a set entered on this thread. Dropping it restores the one before.
pub(super) struct SetGuard {
    part: Rc<LocalPart>,
    presence: Presence,
    former: Option<InSet>,
}

/// Makes `part` the current set. Without effect while the thread ends and its storage is gone.
pub(super) fn enter(part: &Rc<LocalPart>, presence: Presence) -> SetGuard {
    if presence == Presence::Polling {
        part.polls_count.set(part.polls_count.get() + 1);
    }
    let entered = InSet { part: part.clone(), presence };
    let former = CURRENT.try_with(|current| current.replace(Some(entered))).ok().flatten();
    SetGuard { part: part.clone(), presence, former }
}

impl SetGuard {
    /// A guard of `LocalSet::enter` may outlive the poll in which it was made, and may end in
    /// another one. It undoes what it did only if that is still in force.
    fn is_in_force(&self, current: Option<&InSet>) -> bool {
        let is_own = |set: &InSet| set.presence == self.presence && Rc::ptr_eq(&set.part, &self.part);
        self.presence == Presence::Polling || current.is_some_and(is_own)
    }
}

impl Drop for SetGuard {
    fn drop(&mut self) {
        if self.presence == Presence::Polling {
            self.part.polls_count.set(self.part.polls_count.get() - 1);
        }
        let former = self.former.take().filter(InSet::is_true);
        // This may be the last reference to a set's part, which has nothing of users'.
        let left = CURRENT.try_with(|current| {
            let is_in_force = self.is_in_force(current.borrow().as_ref());
            is_in_force.then(|| current.replace(former))
        });
        drop(left);
    }
}

impl fmt::Debug for SetGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetGuard")
    }
}

/// Returns the set that this thread has entered.
pub(super) fn part() -> Option<Rc<LocalPart>> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(|entered| entered.part.clone())).ok().flatten()
}

/// Returns how this thread is inside of its set, if it has one.
pub(super) fn presence() -> Option<Presence> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(|entered| entered.presence)).ok().flatten()
}

impl LocalPart {
    pub(super) fn new() -> Rc<LocalPart> {
        let tasks = Arc::new(LocalTasks { owned: OwnedTasks::new(1), inbox: Inbox::new() });
        Rc::new(LocalPart { tasks, due: RefCell::default(), polls_count: Cell::new(0) })
    }

    /// Spawns a task on this thread. A closed set drops the future at once.
    pub(super) fn spawn<F>(
        &self,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runnable, join) = self.tasks.owned.bind_local(future, self.tasks.clone(), id, location);
        if let Some(runnable) = runnable {
            self.tasks.schedule(runnable, Cause::Spawned);
        }
        join
    }
}

impl HoldsTasks for LocalTasks {
    fn tasks(&self) -> &OwnedTasks {
        &self.owned
    }
}

impl Schedule for Arc<LocalTasks> {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        // No thread but the set's own has this set in `CURRENT`, because it never leaves an `Rc`.
        let mut task = Some(task);
        let _ = CURRENT.try_with(|current| {
            if let Some(InSet { part, presence: Presence::Polling }) = &*current.borrow() {
                if Arc::ptr_eq(&part.tasks, self) {
                    part.due.borrow_mut().extend(task.take());
                }
            }
        });
        task.into_iter().for_each(|task| self.inbox.post(task));
    }

    fn release(&self, task: &Header) {
        self.owned.remove(task);
    }
}
