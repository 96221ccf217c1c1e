//! A dump as a tree of text.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::Duration;

use super::{Dump, TaskDump, TaskKind};
use crate::task::{Id, REASONS_COUNT_MAX, TaskActivity, TaskStats, WaitReason};

/// So many tasks of one kind are shown one by one; more share a line.
const ALIKE_COUNT_MAX: usize = 4;
/// A deadline that is further away means never.
const FAR_AWAY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How deep a chain of tasks that await each other is followed.
const DEPTH_MAX: usize = 32;

/// What tasks that share a line have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    name: Option<&'a str>,
    kind: &'static str,
    activity: &'static str,
    reasons: Vec<&'a str>,
    awaited: Vec<Id>,
}

impl<'a> Likeness<'a> {
    fn of(task: &'a TaskDump) -> Likeness<'a> {
        let location = task.location();
        Likeness {
            file: location.file(),
            line: location.line(),
            column: location.column(),
            name: task.name(),
            kind: name_of(task.kind()),
            activity: match task.activity() {
                TaskActivity::Running => "running",
                TaskActivity::Runnable => "runnable",
                TaskActivity::Waiting => "waiting",
            },
            reasons: task.reasons().iter().map(name).collect(),
            awaited: task.awaited().collect(),
        }
    }
}

/// The kind of a task, unless it is the usual one.
fn name_of(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Shared => "",
        TaskKind::Local => "local",
        TaskKind::Blocking => "blocking",
        TaskKind::BlockOn => "block_on",
        TaskKind::LocalSet => "local set",
    }
}

/// What reasons of one kind have in common.
fn name(reason: &WaitReason) -> &str {
    match reason {
        WaitReason::Readiness { operation, .. } | WaitReason::Operation { operation, .. } => operation,
        WaitReason::Timer { .. } => "timer",
        WaitReason::Task { .. } => "task",
        WaitReason::Sync { primitive, .. } => primitive,
    }
}

/// A task in a line: its id, and its name if it has one.
struct Label<'a>(&'a TaskDump);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0.id())?;
        self.0.name().map_or(Ok(()), |name| write!(f, " {name:?}"))
    }
}

/// A reason, as seen from the dump that has it.
pub(in crate::runtime) struct Description<'a> {
    dump: &'a Dump,
    reason: &'a WaitReason,
}

impl Dump {
    /// A reason of one of its tasks, in words.
    pub(in crate::runtime) fn describe<'a>(&'a self, reason: &'a WaitReason) -> Description<'a> {
        Description { dump: self, reason }
    }
}

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            WaitReason::Timer { deadline } => {
                let left = deadline.saturating_duration_since(self.dump.taken_at);
                if left > FAR_AWAY {
                    f.write_str("for a timer that is years away")
                } else {
                    write!(f, "for a timer, due in {left:.1?}")
                }
            }
            WaitReason::Task { id } if self.dump.task(*id).is_none() => {
                write!(f, "{}, which is not listed", self.reason)
            }
            reason => reason.fmt(f),
        }
    }
}

/// Writes the tree. Each task is shown in full once.
struct Tree<'a, 'f, 'b> {
    dump: &'a Dump,
    shown: HashSet<Id>,
    out: &'f mut fmt::Formatter<'b>,
}

impl Tree<'_, '_, '_> {
    fn task(&mut self, task: &TaskDump, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        let kind = name_of(task.kind());
        let comma = if kind.is_empty() { "" } else { ", " };
        let (id, location, activity) = (task.id(), task.location(), task.activity());
        if !self.shown.insert(id) {
            return writeln!(self.out, "{indent}{}: see above", Label(task));
        }
        writeln!(self.out, "{indent}{}{comma}{kind}, spawned at {location}: {activity}", Label(task))?;
        self.stats(&[task], &indent)?;
        self.reasons(task, &indent, "")?;
        self.awaited(task, depth)
    }

    /// The sums of what is counted of tasks.
    fn stats(&mut self, tasks: &[&TaskDump], indent: &str) -> fmt::Result {
        let stats = || tasks.iter().filter_map(|task| task.stats());
        let Some(first) = stats().next() else { return Ok(()) };
        let sum = |of: fn(&TaskStats) -> Duration| stats().map(of).sum::<Duration>();
        let polls: u64 = stats().map(TaskStats::polls).sum();
        let (busy, scheduled) = (sum(TaskStats::busy), sum(TaskStats::scheduled));
        let plural = if polls == 1 { "" } else { "s" };
        write!(self.out, "{indent}  {polls} poll{plural}: {busy:.1?} busy, {scheduled:.1?} runnable")?;
        match (tasks.len(), first.parent()) {
            (1, Some(parent)) => {
                writeln!(self.out, ", {:.1?} idle; spawned by task {parent}", first.idle())
            }
            (1, None) => writeln!(self.out, ", {:.1?} idle", first.idle()),
            _ => writeln!(self.out, " in all"),
        }
    }

    /// `of` says whose they are, if that is not the line above.
    fn reasons(&mut self, task: &TaskDump, indent: &str, of: &str) -> fmt::Result {
        if task.reasons().is_empty() && task.activity() == TaskActivity::Waiting {
            return writeln!(self.out, "{indent}  for something unknown{of}");
        }
        for reason in task.reasons() {
            writeln!(self.out, "{indent}  {}{of}", self.dump.describe(reason))?;
        }
        if task.reasons().len() == REASONS_COUNT_MAX {
            writeln!(self.out, "{indent}  and perhaps more")?;
        }
        Ok(())
    }

    fn awaited(&mut self, task: &TaskDump, depth: usize) -> fmt::Result {
        for awaited in task.awaited().filter_map(|id| self.dump.task(id)) {
            if depth < DEPTH_MAX {
                self.task(awaited, depth + 1)?;
            } else {
                writeln!(self.out, "{}  {}: further down", "  ".repeat(depth), Label(awaited))?;
            }
        }
        Ok(())
    }

    fn alike(&mut self, tasks: &[&TaskDump]) -> fmt::Result {
        let [first, .., last] = tasks else { return tasks.iter().try_for_each(|task| self.task(task, 0)) };
        if tasks.len() <= ALIKE_COUNT_MAX {
            return tasks.iter().try_for_each(|task| self.task(task, 0));
        }
        self.shown.extend(tasks.iter().map(|task| task.id()));
        let kind = name_of(first.kind());
        let space = if kind.is_empty() { "" } else { " " };
        let (count, location, activity) = (tasks.len(), first.location(), first.activity());
        let (from, to) = (first.id(), last.id());
        let name = first.name().map_or(String::new(), |name| format!(" {name:?}"));
        writeln!(
            self.out,
            "{count}{space}{kind} tasks{name} ({from} to {to}), spawned at {location}: {activity}"
        )?;
        self.stats(tasks, "")?;
        self.reasons(first, "", &format!(" (task {from})"))?;
        self.awaited(first, 0)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |activity| self.tasks.iter().filter(|task| task.activity() == activity).count();
        let (running, runnable) = (count(TaskActivity::Running), count(TaskActivity::Runnable));
        let waiting = count(TaskActivity::Waiting);
        let (count, plural) = (self.tasks.len(), if self.tasks.len() == 1 { "" } else { "s" });
        writeln!(f, "{count} task{plural}: {running} running, {runnable} runnable, {waiting} waiting")?;
        for deadlock in &self.deadlocks {
            let names: Vec<String> = deadlock
                .iter()
                .map(|id| self.task(*id).map_or(format!("task {id}"), |task| Label(task).to_string()))
                .collect();
            writeln!(f, "deadlock: {} waits for {}", names.join(" waits for "), names[0])?;
        }
        let awaited: HashSet<Id> = self.tasks.iter().flat_map(TaskDump::awaited).collect();
        let mut groups: BTreeMap<Likeness<'_>, Vec<&TaskDump>> = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| !awaited.contains(&task.id())) {
            groups.entry(Likeness::of(task)).or_default().push(task);
        }
        let mut tree = Tree { dump: self, shown: HashSet::new(), out: f };
        groups.values().try_for_each(|tasks| tree.alike(tasks))?;
        // Circles, in which each task is awaited, and what lies too deep.
        for task in &self.tasks {
            if !tree.shown.contains(&task.id()) {
                tree.task(task, 0)?;
            }
        }
        Ok(())
    }
}
