//! Tasks of a set that were woken from outside of its poll, and the waker of the party that polls
//! the set. One lock guards both, so that a task is either seen by the poll that is about to wait
//! or wakes it: [inbox-wakes].

use std::collections::VecDeque;
use std::task::Waker;

use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::task::quiet::quietly;

pub(in crate::task) struct Inbox<T> {
    state: Mutex<InboxState<T>>,
    /// Notified only after the set began to close.
    has_tasks: Condvar,
}

struct InboxState<T> {
    tasks: Vec<T>,
    /// Empty after it was called: the poll that follows puts one there again.
    waker: Option<Waker>,
    is_closing: bool,
}

impl<T> Inbox<T> {
    pub(in crate::task) fn new() -> Inbox<T> {
        let state = InboxState { tasks: Vec::new(), waker: None, is_closing: false };
        Inbox { state: Mutex::new(state), has_tasks: Condvar::new() }
    }

    /// Adds a task, and wakes the party that polls the set. Called on any thread.
    pub(in crate::task) fn post(&self, task: T) {
        let mut state = self.state.lock();
        state.tasks.push(task);
        let waker = state.waker.take();
        if state.is_closing {
            self.has_tasks.notify_one();
        }
        drop(state);
        // Without the lock, because wakers are user code.
        quietly(|| waker.into_iter().for_each(Waker::wake));
    }

    /// Makes every task that is posted from now on call `waker`. Returns whether there are some
    /// already. `on_change` is called if that was another waker before, or none.
    #[must_use = "tasks that are there call no waker"]
    pub(in crate::task) fn listen(&self, waker: &Waker, on_change: impl FnOnce()) -> bool {
        let state = self.state.lock();
        if state.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return !state.tasks.is_empty();
        }
        drop(state);
        on_change();
        // Cloned and dropped without the lock, because wakers are user code.
        let fresh = waker.clone();
        let mut state = self.state.lock();
        let stale = state.waker.replace(fresh);
        let has_tasks = !state.tasks.is_empty();
        drop(state);
        quietly(|| drop(stale));
        has_tasks
    }

    /// Moves all tasks to `due`.
    pub(in crate::task) fn take(&self, due: &mut VecDeque<T>) {
        due.extend(self.state.lock().tasks.drain(..));
    }

    /// Takes the waker out: nothing polls the set any more. Tasks may still come.
    pub(in crate::task) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closing = true;
        let waker = state.waker.take();
        drop(state);
        quietly(|| drop(waker));
    }

    /// Waits until there are tasks, and moves them to `due`. Called after `close`, while a task is
    /// on its way.
    pub(in crate::task) fn wait(&self, due: &mut VecDeque<T>) {
        let mut state = self.state.lock();
        while state.tasks.is_empty() {
            state = wait(&self.has_tasks, state);
        }
        due.extend(state.tasks.drain(..));
    }
}
