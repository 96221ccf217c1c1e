//! What all tasks of a runtime do.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handle::Handle;
use crate::scheduler::{self, Roll, Selection};
use crate::task::{Id, REASONS_COUNT_MAX, SeenTask, TaskActivity, TaskStats, WaitReason};

mod circles;
mod tree;

/// How often tasks that seem to be deadlocked are looked at once more, until all of them wait.
const LOOKS_COUNT_MAX: u32 = 20;
const LOOK_PERIOD: Duration = Duration::from_millis(1);

/// What all tasks of a runtime do, and what they wait for: [`Handle::dump`] returns it.
///
/// Shown by `{}`, it is a tree for people: each task with the place where it was spawned, what it
/// does, what it waits for, and below it the tasks that it waits for. Deadlocks come first. Tasks
/// of one place that wait for the same kind of thing share a line.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let worker = heist::spawn(std::future::pending::<()>());
/// let dump = heist::runtime::Handle::current().dump().await;
/// assert!(dump.task(worker.id()).is_some());
/// println!("{dump}");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dump {
    tasks: Vec<TaskDump>,
    /// Places of tasks in the list.
    places: HashMap<Id, usize>,
    deadlocks: Vec<Vec<Id>>,
    taken_at: Instant,
}

/// A task in a [`Dump`].
///
/// # Examples
/// ```
/// use heist::runtime::{TaskActivity, TaskDump, TaskKind};
///
/// # #[heist::main]
/// # async fn main() {
/// let worker = heist::spawn(std::future::pending::<()>());
/// let dump = heist::runtime::Handle::current().dump().await;
/// let task: &TaskDump = dump.task(worker.id()).expect("it is alive");
/// assert_eq!((task.id(), task.kind()), (worker.id(), TaskKind::Shared));
/// assert_ne!(task.activity(), TaskActivity::Running);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TaskDump {
    id: Id,
    name: Option<Arc<str>>,
    kind: TaskKind,
    location: &'static Location<'static>,
    activity: TaskActivity,
    stats: Option<TaskStats>,
    reasons: Vec<WaitReason>,
    /// For each reason that is a lock: the number of the time that it was taken.
    takings: Vec<u64>,
}

/// Who may run a task, in a [`Dump`].
///
/// # Examples
/// ```
/// use heist::runtime::TaskKind;
///
/// # #[heist::main(flavor = "current_thread")]
/// # async fn main() {
/// let worker = heist::task::spawn_local(std::future::pending::<()>());
/// let dump = heist::runtime::Handle::current().dump().await;
/// assert_eq!(dump.task(worker.id()).expect("it is alive").kind(), TaskKind::Local);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskKind {
    /// Any worker.
    Shared,
    /// The thread that has spawned it, by [`spawn_local`](crate::task::spawn_local).
    Local,
    /// A thread of the blocking pool: it is a closure, from
    /// [`spawn_blocking`](crate::task::spawn_blocking). It is runnable while no thread is free for
    /// it, and what it does while it runs is not known.
    Blocking,
    /// The thread that blocks on it, by [`Runtime::block_on`](crate::runtime::Runtime::block_on) or
    /// [`Handle::block_on`]. Listed if the runtime is observed. What it waits for is not known, nor
    /// whether it is runnable, so it is either running or waiting. Its id is for dumps only.
    BlockOn,
    /// The thread that polls its [`LocalSet`](crate::task::LocalSet). Listed if the runtime that
    /// polls the set is observed, from the first poll of the set on. What it waits for is not
    /// known.
    LocalSet,
}

impl Handle {
    /// Finds out what all tasks of the runtime do, and what they wait for.
    ///
    /// For the latter each task that waits is polled once, a few at a time and by the workers, so
    /// that other tasks run in between. Operations of heist do nothing in such a poll but say what
    /// they wait for, and wake the task, so that it is polled once more as always. Futures of other
    /// crates are polled as after a wake-up that comes too early, and say nothing: a task that
    /// waits for nothing else is shown without a reason. So are tasks that no worker came to
    /// within 100 ms, for example because all workers are in polls that do not end. The dump ends
    /// all the same.
    ///
    /// The future of a `block_on` and the tasks of a [`LocalSet`](crate::task::LocalSet) are listed
    /// if the runtime is observed ([`Builder::observe`](super::Builder::observe)), without what
    /// they wait for.
    ///
    /// # Cancel safety
    /// Cancel safe: if the future is dropped, the dump is lost, and nothing else.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, WaitReason};
    /// use std::time::Duration;
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// let nap = heist::spawn(heist::time::sleep(Duration::from_secs(3600)));
    /// let is_asleep = async || {
    ///     let dump = Handle::current().dump().await;
    ///     let reasons = dump.task(nap.id()).expect("it is alive").reasons().to_vec();
    ///     matches!(reasons[..], [WaitReason::Timer { .. }])
    /// };
    /// while !is_asleep().await {}
    /// # }
    /// ```
    pub fn dump(&self) -> impl Future<Output = Dump> + Send + use<> {
        let scheduler = self.scheduler.clone();
        async move { scheduler::call_roll(&scheduler, Dump::take).await }
    }
}

impl Dump {
    /// `look` lists the tasks of these ids, or all.
    fn take(look: &dyn Fn(Selection) -> Roll) -> Dump {
        let mut dump = Dump::of(look(None));
        let stuck = dump.tasks.iter().filter(|task| task.waits_for_tasks_only());
        let awaited = stuck.map(|task| (task.id, task.awaited().collect())).collect();
        dump.deadlocks =
            circles::of(&awaited).into_iter().filter(|circle| dump.lasts(circle, look)).collect();
        dump
    }

    fn of(roll: Roll) -> Dump {
        let taken_at = Instant::now();
        let mut tasks: Vec<TaskDump> = tasks_of(roll).collect();
        tasks.sort_by_key(TaskDump::id);
        let places = tasks.iter().enumerate().map(|(place, task)| (task.id(), place)).collect();
        Dump { tasks, places, deadlocks: Vec::new(), taken_at }
    }

    /// Returns whether the tasks of a circle still wait for the same. The first look has seen them
    /// one after the other, so its parts may be of different times. If a second look, which begins
    /// after the first one has ended, finds every lock taken by the same taking and every task
    /// waiting for the same, then all of that was so at the time between the two.
    fn lasts(&self, circle: &[Id], look: &dyn Fn(Selection) -> Roll) -> bool {
        let chosen: Selection = Some(Arc::new(circle.iter().copied().collect()));
        for _look in 0..LOOKS_COUNT_MAX {
            let again = Dump::of(look(chosen.clone()));
            let now: Option<Vec<&TaskDump>> = circle.iter().map(|id| again.task(*id)).collect();
            let Some(now) = now else { return false };
            // Those that the first look has polled may be due, and say nothing until they were
            // polled.
            if now.iter().all(|task| task.activity() == TaskActivity::Waiting) {
                return now
                    .iter()
                    .all(|task| self.task(task.id()).is_some_and(|before| before.waits_as(task)));
            }
            std::thread::sleep(LOOK_PERIOD);
        }
        false
    }

    /// All tasks, in the order of their ids.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// for task in dump.tasks() {
    ///     println!("{} of {} is {}", task.id(), task.location(), task.activity());
    /// }
    /// # assert_eq!(dump.tasks().len(), 1);
    /// # }
    /// ```
    pub fn tasks(&self) -> &[TaskDump] {
        &self.tasks
    }

    /// The task with this id. `None` if it was not alive, or is not listed.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// assert!(dump.task(worker.id()).is_some());
    /// # }
    /// ```
    pub fn task(&self, id: Id) -> Option<&TaskDump> {
        self.places.get(&id).map(|place| &self.tasks[*place])
    }

    /// The circles of tasks that wait for each other and for nothing else that is known: by
    /// awaiting each other, or by [`Mutex`](crate::sync::Mutex)es that they have. Each begins with
    /// its lowest id, and each task waits for the next one. All of a circle was so at one time.
    ///
    /// A task that also waits for a deadline, or for another event, is in no deadlock. Three things
    /// a dump does not know: what a future of another crate beside the lock waits for, that a guard
    /// was moved to another task, and who has an [`RwLock`](crate::sync::RwLock) or a permit.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{Barrier, Mutex};
    /// use std::sync::Arc;
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    /// let both = Arc::new(Barrier::new(2));
    /// for (first, second) in [(left.clone(), right.clone()), (right, left)] {
    ///     let both = both.clone();
    ///     heist::spawn(async move {
    ///         let _first = first.lock().await;
    ///         both.wait().await;
    ///         let _second = second.lock().await;
    ///     });
    /// }
    /// let dump = loop {
    ///     let dump = heist::runtime::Handle::current().dump().await;
    ///     if !dump.deadlocks().is_empty() {
    ///         break dump;
    ///     }
    /// };
    /// assert_eq!(dump.deadlocks()[0].len(), 2);
    /// # }
    /// ```
    pub fn deadlocks(&self) -> &[Vec<Id>] {
        &self.deadlocks
    }
}

impl TaskDump {
    fn new(seen: SeenTask, kind: TaskKind) -> TaskDump {
        let SeenTask { id, name, location, activity, stats, notes } = seen;
        let (reasons, takings) = notes.into_iter().map(|note| (note.reason, note.taking)).unzip();
        TaskDump { id, name, kind, location, activity, stats, reasons, takings }
    }

    fn waits_as(&self, other: &TaskDump) -> bool {
        self.reasons == other.reasons && self.takings == other.takings
    }

    /// Returns whether it waits, and for nothing but tasks.
    fn waits_for_tasks_only(&self) -> bool {
        let is_whole = self.reasons.len() < REASONS_COUNT_MAX;
        !self.reasons.is_empty() && is_whole && self.awaited().count() == self.reasons.len()
    }

    /// Its id.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// assert_eq!(dump.tasks()[0].id(), worker.id());
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name that a [`TaskBuilder`](crate::task::TaskBuilder) gave it.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// assert_eq!(dump.tasks()[0].name(), None);
    /// # }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Who may run it.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// assert_eq!(dump.tasks()[0].kind(), heist::runtime::TaskKind::Shared);
    /// # }
    /// ```
    pub fn kind(&self) -> TaskKind {
        self.kind
    }

    /// Where it was spawned.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// println!("spawned in {}", dump.tasks()[0].location().file());
    /// # }
    /// ```
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// What it did when it was looked at.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// println!("it is {}", dump.tasks()[0].activity());
    /// # }
    /// ```
    pub fn activity(&self) -> TaskActivity {
        self.activity
    }

    /// Counts and times of it, at the time when it was looked at, if the runtime is observed: see
    /// [`Builder::observe`](super::Builder::observe). `None` for a closure on the blocking pool.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// let dump = runtime.block_on(runtime.handle().dump());
    /// for task in dump.tasks() {
    ///     if let Some(stats) = task.stats() {
    ///         println!("{}: {} polls in {:?}", task.id(), stats.polls(), stats.age());
    ///     }
    /// }
    /// # assert!(dump.task(task.id()).unwrap().stats().is_some());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stats(&self) -> Option<&TaskStats> {
        self.stats.as_ref()
    }

    /// What it waits for, at most 16 things. Empty if that is not known, or if it does not wait.
    ///
    /// A task that awaits several futures at once waits for several things: whether for all of them
    /// or for any one of them is not known.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let _worker = heist::spawn(std::future::pending::<()>());
    /// let dump = heist::runtime::Handle::current().dump().await;
    /// // `pending` does not say what it waits for.
    /// assert!(dump.tasks()[0].reasons().is_empty());
    /// # }
    /// ```
    pub fn reasons(&self) -> &[WaitReason] {
        &self.reasons
    }

    /// The tasks that it waits for.
    fn awaited(&self) -> impl Iterator<Item = Id> {
        self.reasons.iter().filter_map(awaited_by)
    }
}

/// The tasks of a roll, each with its kind.
pub(super) fn tasks_of(roll: Roll) -> impl Iterator<Item = TaskDump> {
    let shared = roll.shared.into_iter().map(|seen| TaskDump::new(seen, TaskKind::Shared));
    let local = roll.pinned.into_iter().map(|seen| TaskDump::new(seen, TaskKind::Local));
    let blocking = roll.blocking.into_iter().map(|seen| TaskDump::new(seen, TaskKind::Blocking));
    let roots = roll.roots.into_iter().map(|seen| TaskDump::new(seen, TaskKind::BlockOn));
    let in_sets = roll.in_sets.into_iter().map(|seen| TaskDump::new(seen, TaskKind::LocalSet));
    shared.chain(local).chain(blocking).chain(roots).chain(in_sets)
}

/// The task that a task with this reason waits for.
pub(super) fn awaited_by(reason: &WaitReason) -> Option<Id> {
    match reason {
        WaitReason::Task { id } => Some(*id),
        WaitReason::Sync { holder, .. } => *holder,
        _ => None,
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TaskKind::Shared => "shared",
            TaskKind::Local => "local",
            TaskKind::Blocking => "blocking",
            TaskKind::BlockOn => "block_on",
            TaskKind::LocalSet => "local set",
        })
    }
}
