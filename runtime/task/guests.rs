//! What an observed runtime runs beside the tasks in its scheduler's lists: the futures of
//! `block_on`, and local sets.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Weak};

use super::census::SeenTask;
use super::owned::OwnedTasks;
use super::root::RootRecord;
use crate::primitive::sync::Mutex;
use crate::primitive::thread;

/// Something with tasks that are in no list of a scheduler.
pub(super) trait HoldsTasks: Send + Sync {
    fn tasks(&self) -> &OwnedTasks;
}

/// The guests of a runtime.
pub(crate) struct Guests(Mutex<GuestLists>);

#[derive(Default)]
struct GuestLists {
    roots: Vec<Arc<RootRecord>>,
    /// Sets end by themselves, and are forgotten when the next one comes.
    sets: Vec<Weak<dyn HoldsTasks>>,
}

/// A local set, as a dump sees it.
pub(crate) struct SeenSet(Arc<dyn HoldsTasks>);

thread::thread_local! {
    /// Those of the runtime that this thread polls something of, if it is observed.
    static HOST: RefCell<Option<Arc<Guests>>> = const { RefCell::new(None) };
}

/// While it lives, a local set that this thread polls for the first time is a guest.
pub(crate) struct Hosting {
    outer: Option<Arc<Guests>>,
}

impl Hosting {
    pub(crate) fn begin(guests: Arc<Guests>) -> Hosting {
        Hosting { outer: HOST.try_with(|host| host.replace(Some(guests))).ok().flatten() }
    }
}

impl Drop for Hosting {
    fn drop(&mut self) {
        // While the thread ends, nobody reads it.
        let _ = HOST.try_with(|host| host.replace(self.outer.take()));
    }
}

/// Lists a set with the runtime of this thread, if that is observed, unless it is listed there.
/// From then on its new tasks have records.
pub(super) fn list_set<T: HoldsTasks + 'static>(set: &Arc<T>) {
    let host = HOST.try_with(|host| host.borrow().clone()).ok().flatten();
    let Some(guests) = host else { return };
    let fresh = Arc::downgrade(set) as Weak<dyn HoldsTasks>;
    let mut lists = guests.0.lock();
    lists.sets.retain(|known| known.strong_count() > 0);
    if !lists.sets.iter().any(|known| known.ptr_eq(&fresh)) {
        lists.sets.push(fresh);
        drop(lists);
        set.tasks().observe();
    }
}

impl Guests {
    pub(crate) fn new() -> Arc<Guests> {
        Arc::new(Guests(Mutex::new(GuestLists::default())))
    }

    pub(super) fn add_root(&self, root: &Arc<RootRecord>) {
        self.0.lock().roots.push(root.clone());
    }

    pub(super) fn remove_root(&self, root: &Arc<RootRecord>) {
        self.0.lock().roots.retain(|known| !Arc::ptr_eq(known, root));
    }

    /// The futures of `block_on`.
    pub(crate) fn roots(&self) -> Vec<SeenTask> {
        let roots = self.0.lock().roots.clone();
        roots.iter().map(|root| root.seen()).collect()
    }

    pub(crate) fn sets(&self) -> Vec<SeenSet> {
        self.0.lock().sets.iter().filter_map(Weak::upgrade).map(SeenSet).collect()
    }
}

impl fmt::Debug for Guests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guests").finish_non_exhaustive()
    }
}

impl SeenSet {
    pub(crate) fn tasks(&self) -> &OwnedTasks {
        self.0.tasks()
    }
}
