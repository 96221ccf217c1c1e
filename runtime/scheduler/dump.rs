//! What all tasks of a runtime do, and what they wait for.
//!
//! *Lookers* are tasks that walk through the lists of live tasks and poll those that wait. A task
//! may be polled where its looker runs: shared tasks on any worker, pinned tasks on their thread. A
//! thread of its own gathers what they find, so that a dump ends although every worker is in a poll
//! that does not.

use std::collections::HashSet;
use std::convert::Infallible;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::primitive::sync::{Condvar, Mutex};
use crate::primitive::{clock, thread};
use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::pinned;
use crate::scheduler::schedule::spawn;
use crate::scheduler::seat::Seat;
use crate::scheduler::shared::SharedScheduler;
use crate::sync::oneshot;
use crate::task::{Census, Id, OwnedTasks, Question, SeenTask, yield_now};

/// How long a looker may find nothing before the rest is listed without it.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a looker works before it lets other tasks run.
const TURN: Duration = Duration::from_micros(500);

/// Which tasks to look at. `None`: at all.
pub(crate) type Selection = Option<Arc<HashSet<Id>>>;

/// The tasks of a runtime, by who runs them.
#[derive(Default)]
pub(crate) struct Roll {
    pub(crate) shared: Vec<SeenTask>,
    /// They stay on one thread.
    pub(crate) pinned: Vec<SeenTask>,
    /// Closures on the blocking pool.
    pub(crate) blocking: Vec<SeenTask>,
    /// Futures of `block_on`, if the runtime is observed.
    pub(crate) roots: Vec<SeenTask>,
    /// Tasks of local sets, if the runtime is observed.
    pub(crate) in_sets: Vec<SeenTask>,
}

/// A list of live tasks.
#[derive(Clone)]
enum TaskList {
    Shared(Arc<SharedScheduler>),
    Pinned(Arc<Seat>),
}

/// What was found in one list, in the pieces in which it came.
struct Findings {
    list: TaskList,
    pieces: Vec<Vec<SeenTask>>,
    has_looker: bool,
}

/// Where lookers put what they find.
struct Desk {
    state: Mutex<DeskState>,
    has_news: Condvar,
}

struct DeskState {
    findings: Vec<Findings>,
    deliveries_count: u64,
    is_closed: bool,
}

/// A looker at the list with this index. It has ended when this is dropped.
struct Looker {
    desk: Arc<Desk>,
    index: usize,
    chosen: Selection,
}

/// While it lives, a dump is under way, which a paused clock waits for.
struct UnderWay(Arc<SharedScheduler>);

impl UnderWay {
    fn begin(shared: &Arc<SharedScheduler>) -> UnderWay {
        shared.dumps.begin();
        UnderWay(shared.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dumps.end();
    }
}

impl TaskList {
    fn tasks(&self) -> &OwnedTasks {
        match self {
            TaskList::Shared(shared) => &shared.owned,
            TaskList::Pinned(seat) => &seat.owned,
        }
    }
}

impl Findings {
    fn new(list: TaskList) -> Findings {
        Findings { list, pieces: Vec::new(), has_looker: true }
    }

    /// Adds the tasks that the looker has not come to, as far as they can be seen from outside.
    fn complete(&mut self, chosen: &Selection) {
        if !self.has_looker {
            return;
        }
        let known: HashSet<Id> = self.pieces.iter().flatten().map(|task| task.id).collect();
        let is_missing = |id| is_chosen(chosen, id) && !known.contains(&id);
        let mut census = Census::default();
        while let Some(seen) = census.proceed(self.list.tasks(), Question::Presence, is_missing, || false) {
            self.pieces.push(seen);
        }
    }
}

fn is_chosen(chosen: &Selection, id: Id) -> bool {
    chosen.as_ref().is_none_or(|chosen| chosen.contains(&id))
}

impl Looker {
    async fn work(self, list: TaskList) {
        let mut census = Census::default();
        let mut began = clock::now();
        loop {
            let is_late = || clock::now().saturating_duration_since(began) >= TURN;
            let is_wanted = |id| is_chosen(&self.chosen, id);
            let Some(seen) = census.proceed(list.tasks(), Question::Reasons, is_wanted, is_late) else {
                return;
            };
            if !self.desk.deliver(self.index, seen) {
                return;
            }
            if is_late() {
                yield_now().await;
                began = clock::now();
            }
        }
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.desk.end(self.index);
    }
}

impl Desk {
    fn new(lists: impl IntoIterator<Item = TaskList>) -> Arc<Desk> {
        let findings = lists.into_iter().map(Findings::new).collect();
        let state = DeskState { findings, deliveries_count: 0, is_closed: false };
        Arc::new(Desk { state: Mutex::new(state), has_news: Condvar::new() })
    }

    /// Returns whether more is wanted.
    fn deliver(&self, index: usize, seen: Vec<SeenTask>) -> bool {
        let mut state = self.state.lock();
        if !state.is_closed {
            state.deliveries_count += 1;
            state.findings[index].pieces.push(seen);
        }
        !state.is_closed
    }

    fn end(&self, index: usize) {
        let mut state = self.state.lock();
        if !state.is_closed {
            state.findings[index].has_looker = false;
            self.has_news.notify_one();
        }
    }

    /// Waits for the lookers, as long as they find something.
    fn close(&self) -> Vec<Findings> {
        let mut state = self.state.lock();
        let (mut known_count, mut since) = (0, clock::now());
        while state.findings.iter().any(|findings| findings.has_looker) {
            if state.deliveries_count != known_count {
                (known_count, since) = (state.deliveries_count, clock::now());
            }
            let waited = clock::now().saturating_duration_since(since);
            let Some(left) = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero()) else { break };
            (state, _) = self.state.wait_timeout(&self.has_news, state, left);
        }
        state.is_closed = true;
        std::mem::take(&mut state.findings)
    }
}

/// Makes a dump by `make`, whose argument lists the chosen tasks of the runtime. To find out what a
/// task waits for, it is polled. Dumps of one runtime are made one after the other.
///
/// `make` runs on a thread of its own, because it may have a million tasks to sort.
pub(crate) async fn call_roll<T: Send + 'static>(
    handle: &Arc<SchedulerHandle>,
    make: fn(&dyn Fn(Selection) -> Roll) -> T,
) -> T {
    let turn = handle.shared().dumps.turn().await;
    let under_way = UnderWay::begin(handle.shared());
    let (send, receive) = oneshot::channel();
    let runtime = handle.clone();
    let work = move || {
        let dump = make(&|chosen| gather(&runtime, &chosen));
        drop(turn);
        // Nobody listens any more if the dump was given up.
        let _ = send.send(dump);
        drop(under_way);
    };
    let thread = thread::Builder::new().name(String::from("heist-dump")).spawn(work);
    if thread.is_ok() {
        if let Ok(dump) = receive.await {
            return dump;
        }
    }
    // The system has no thread to spare.
    make(&|chosen| rolled(handle, lists(handle).into_iter().map(Findings::new), &chosen))
}

fn lists(handle: &Arc<SchedulerHandle>) -> Vec<TaskList> {
    let shared = handle.shared();
    let mut lists = vec![TaskList::Shared(shared.clone())];
    lists.extend(shared.seats.lock().iter().cloned().map(TaskList::Pinned));
    lists
}

fn gather(handle: &Arc<SchedulerHandle>, chosen: &Selection) -> Roll {
    let lists = lists(handle);
    let desk = Desk::new(lists.clone());
    // Of this file: by it lookers are known, also those of other dumps.
    let location = Location::caller();
    for (index, list) in lists.into_iter().enumerate() {
        let looker = Looker { desk: desk.clone(), index, chosen: chosen.clone() };
        match &list {
            TaskList::Shared(_) => drop(spawn(handle, looker.work(list), Id::next(), location)),
            // Its looker would be the only task of the thread.
            TaskList::Pinned(seat) if seat.owned.is_empty() => drop(looker),
            TaskList::Pinned(seat) => {
                let work = |seat| looker.work(TaskList::Pinned(seat));
                pinned::spawn_at(handle, seat, work, location);
            }
        }
    }
    rolled(handle, desk.close(), chosen)
}

/// Lists the tasks of a runtime without a poll of any, a few at a time, until `take` fails. So
/// nothing is known of what they wait for.
#[cfg(all(unix, feature = "console"))]
pub(crate) fn presence<E>(
    handle: &Arc<SchedulerHandle>,
    mut take: impl FnMut(Roll) -> Result<(), E>,
) -> Result<(), E> {
    for list in lists(handle) {
        let mut census = Census::default();
        while let Some(mut seen) = census.proceed(list.tasks(), Question::Presence, |_| true, || false) {
            seen.retain(|task| !is_looker(task));
            let mut roll = Roll::default();
            match list {
                TaskList::Shared(_) => roll.shared = seen,
                TaskList::Pinned(_) => roll.pinned = seen,
            }
            take(roll)?;
        }
    }
    visit_sets(handle, |_| true, |in_sets| take(Roll { in_sets, ..Roll::default() }))?;
    let roots = handle.shared().guests().map_or_else(Vec::new, |guests| guests.roots());
    take(Roll { blocking: handle.shared().blocking().tasks(), roots, ..Roll::default() })
}

/// Lists the wanted tasks of local sets, a few at a time, until `take` fails. Only the thread that
/// polls a set could ask its tasks what they wait for.
fn visit_sets<E>(
    handle: &SchedulerHandle,
    is_wanted: impl Fn(Id) -> bool,
    mut take: impl FnMut(Vec<SeenTask>) -> Result<(), E>,
) -> Result<(), E> {
    for set in handle.shared().guests().into_iter().flat_map(|guests| guests.sets()) {
        let mut census = Census::default();
        while let Some(seen) = census.proceed(set.tasks(), Question::Presence, &is_wanted, || false) {
            take(seen)?;
        }
    }
    Ok(())
}

fn is_looker(task: &SeenTask) -> bool {
    task.location.file() == Location::caller().file()
}

fn rolled(
    handle: &SchedulerHandle,
    findings: impl IntoIterator<Item = Findings>,
    chosen: &Selection,
) -> Roll {
    let mut blocking = handle.shared().blocking().tasks();
    blocking.retain(|task| is_chosen(chosen, task.id));
    let mut roots = handle.shared().guests().map_or_else(Vec::new, |guests| guests.roots());
    roots.retain(|root| is_chosen(chosen, root.id));
    let mut in_sets = Vec::new();
    let Ok(()) = visit_sets(
        handle,
        |id| is_chosen(chosen, id),
        |seen| {
            in_sets.extend(seen);
            Ok::<(), Infallible>(())
        },
    );
    let mut roll = Roll { blocking, roots, in_sets, ..Roll::default() };
    for mut findings in findings {
        findings.complete(chosen);
        let seen = findings.pieces.into_iter().flatten().filter(|task| !is_looker(task));
        match findings.list {
            TaskList::Shared(_) => roll.shared.extend(seen),
            TaskList::Pinned(_) => roll.pinned.extend(seen),
        }
    }
    roll
}
