//! The looks at a service that browsers share. They use two connections: one for what is cheap, and
//! one for the tasks, which may be many.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::facts::{self, cut, cut_name};
use super::groups::{EarlierTasks, GroupsLook, TaskTally};
use super::kept_connection::KeptConnection;
use super::shared_look::SharedLook;
use crate::client::{ConsoleClient, shown};
use crate::failure::Failure;
use crate::protocol::{DumpEnd, MetricsEnd, MetricsLine, RuntimeCounts, SlowPollLine, TaskLine};
use crate::task_tree::TaskTree;

/// Lines of a tree that an answer may have.
pub(super) const TREE_LINES_MAX: usize = 5000;

/// Deadlocks that an answer has.
const DEADLOCKS_MAX: usize = 100;

/// Slow polls that an answer has: as many as a service keeps.
const STALLS_MAX: usize = 64;

/// Workers that an answer has.
const WORKERS_MAX: usize = 1024;

/// Tasks that a look takes in. A service with more is refused, because a look stays in memory.
const TASKS_READ_MAX: u64 = 2_000_000;

/// How long the answer to a look may take in all.
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(60);

pub(super) struct Looks {
    pub(super) metrics: Arc<SharedLook<Value>>,
    pub(super) stalls: Arc<SharedLook<Value>>,
    pub(super) groups: Arc<SharedLook<GroupsLook>>,
    pub(super) tree: Arc<SharedLook<TreeLook>>,
}

impl Looks {
    /// At the service whose socket is there. Nothing is asked before the first look.
    pub(super) fn new(path: PathBuf) -> Looks {
        let (cheap, tasks) = (KeptConnection::new(path.clone()), KeptConnection::new(path));
        let (for_metrics, for_tree) = (cheap.clone(), tasks.clone());
        let earlier = Mutex::new(None);
        Looks {
            metrics: SharedLook::new(move || for_metrics.look(metrics)),
            stalls: SharedLook::new(move || cheap.look(stalls)),
            groups: SharedLook::new(move || {
                let mut earlier = earlier.lock().unwrap_or_else(PoisonError::into_inner);
                tasks.look(|client| groups(client, &mut earlier))
            }),
            tree: SharedLook::new(move || for_tree.look(tree)),
        }
    }
}

fn counts(client: &mut ConsoleClient) -> Result<(RuntimeCounts, u64), Failure> {
    let (lines, end): (Vec<(MetricsLine, String)>, MetricsEnd) = client.ask_all("metrics")?;
    Ok((lines.into_iter().next().map(|(line, _)| line.metrics).unwrap_or_default(), end.now_us))
}

fn metrics(client: &mut ConsoleClient) -> Result<Value, Failure> {
    let (counts, now_us) = counts(client)?;
    let workers: Vec<Value> = counts
        .workers
        .iter()
        .take(WORKERS_MAX)
        .map(|worker| {
            json!({ "index": worker.index, "busy_us": worker.busy_us, "polls": worker.polls,
                "steals": worker.steals, "parks": worker.parks, "queue_depth": worker.queue_depth })
        })
        .collect();
    Ok(json!({ "runtime": facts::runtime(&client.greeting), "now_us": now_us,
        "uptime_ms": client.uptime().as_millis() as u64, "workers": workers,
        "live_tasks": counts.live_tasks, "injector_depth": counts.injector_depth,
        "blocking_threads": counts.blocking_threads, "blocking_queue_depth": counts.blocking_queue_depth,
        "slow_polls": counts.slow_polls, "stalls": counts.stalls }))
}

/// The latest first.
fn stalls(client: &mut ConsoleClient) -> Result<Value, Failure> {
    let (lines, _): (Vec<(SlowPollLine, String)>, Value) = client.ask_all("stalls")?;
    let stalls: Vec<Value> = lines
        .iter()
        .rev()
        .take(STALLS_MAX)
        .map(|(poll, _)| {
            json!({ "task": poll.task, "name": poll.name.as_deref().map(cut_name),
                "location": facts::place(poll.location.as_ref()), "worker": poll.worker,
                "duration_us": poll.duration_us, "is_over": poll.is_over, "ago_ms": poll.ago_ms })
        })
        .collect();
    Ok(json!({ "stalls": stalls }))
}

/// With the runtime that it was of.
type EarlierLook = ((u32, u64), EarlierTasks);

fn groups(client: &mut ConsoleClient, kept: &mut Option<EarlierLook>) -> Result<GroupsLook, Failure> {
    let (_, now_us) = counts(client)?;
    let runtime = (client.greeting.pid, client.greeting.runtime.id);
    let earlier = kept.as_ref().filter(|(of, _)| *of == runtime).map(|(_, earlier)| earlier);
    let mut tally = TaskTally::new(earlier, now_us);
    each_task(client, "tasks", |task| {
        tally.add(task);
        tally.count()
    })?;
    let (look, now) = tally.finish(&client.greeting);
    *kept = Some((runtime, now));
    Ok(look)
}

/// Calls `each`, which returns how many there have been.
fn each_task(
    client: &mut ConsoleClient,
    request: &str,
    mut each: impl FnMut(TaskLine) -> u64,
) -> Result<Value, Failure> {
    let (path, begin) = (client.path.clone(), Instant::now());
    client.ask(request, |line| {
        let about = |what: String| Failure::new(format!("{}: {what}", shown(&path)));
        let task =
            serde_json::from_str(line).map_err(|error| about(format!("a malformed answer ({error})")))?;
        if each(task) > TASKS_READ_MAX {
            return Err(about(format!("more than {TASKS_READ_MAX} tasks: `heist ps --limit` shows some")));
        }
        if begin.elapsed() > LOOK_PAUSE_MAX {
            let seconds = LOOK_PAUSE_MAX.as_secs();
            return Err(about(format!("the answer to {request} was not complete within {seconds} s")));
        }
        Ok(())
    })
}

/// Which task waits for which.
pub(super) struct TreeLook {
    count: usize,
    /// The first ones, those with deadlocks before others.
    lines: Vec<Value>,
    line_count: usize,
    deadlocks: Vec<String>,
    deadlock_count: usize,
}

impl TreeLook {
    pub(super) fn answer(&self, limit: usize) -> Value {
        let lines = &self.lines[..self.lines.len().min(limit)];
        json!({ "count": self.count, "lines": lines, "lines_more": self.line_count - lines.len(),
            "deadlocks": self.deadlocks, "deadlocks_more": self.deadlock_count - self.deadlocks.len() })
    }
}

fn tree(client: &mut ConsoleClient) -> Result<TreeLook, Failure> {
    let mut tasks = Vec::new();
    let end = each_task(client, "dump", |task| {
        tasks.push((task, String::new()));
        tasks.len() as u64
    })?;
    let end: DumpEnd = serde_json::from_value(end)
        .map_err(|error| Failure::new(format!("{}: a malformed answer ({error})", shown(&client.path))))?;
    tasks.sort_by_key(|(task, _)| task.id);
    Ok(tree_of(&tasks, &end.deadlocks))
}

fn tree_of(tasks: &[(TaskLine, String)], deadlocks: &[Vec<u64>]) -> TreeLook {
    let tree = TaskTree::new(tasks, deadlocks, false);
    let (deadlocked, others): (Vec<_>, Vec<_>) = tree
        .lines
        .chunk_by(|_, next| next.depth > 0)
        .partition(|lines| lines.iter().any(|line| tree.is_deadlocked(line)));
    let ordered = deadlocked.into_iter().chain(others).flatten();
    let object = |line| json!({ "text": cut(&tree.text(line)), "is_deadlocked": tree.is_deadlocked(line) });
    let lines = ordered.take(TREE_LINES_MAX).map(object).collect();
    let deadlocks: Vec<_> = deadlocks.iter().filter(|circle| !circle.is_empty()).cloned().collect();
    let shown = &deadlocks[..deadlocks.len().min(DEADLOCKS_MAX)];
    TreeLook {
        count: tasks.len(),
        lines,
        line_count: tree.lines.len(),
        deadlocks: tree.deadlock_lines(shown).iter().map(|line| cut(line)).collect(),
        deadlock_count: deadlocks.len(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DEADLOCKS_MAX, TREE_LINES_MAX, TaskLine, tree_of};

    fn task(id: u64, awaits: u64) -> (TaskLine, String) {
        let reasons = json!([{ "text": format!("for task {awaits}"), "awaits": awaits }]);
        let line = json!({ "id": id, "name": null, "kind": "shared", "location": null,
            "activity": "waiting", "reasons": reasons });
        (serde_json::from_value(line).expect("a task"), String::new())
    }

    #[test]
    fn deadlocks_come_first_and_the_lines_that_are_left_out_are_counted() {
        const COUNT: u64 = 10_000;
        // Only the last two wait for each other.
        let mut tasks: Vec<_> = (1..=COUNT - 2).map(|id| task(id, 0)).collect();
        tasks.extend([task(COUNT - 1, COUNT), task(COUNT, COUNT - 1)]);
        let look = tree_of(&tasks, &[vec![COUNT - 1, COUNT]]);
        let answer = look.answer(4);
        assert_eq!(answer["count"], COUNT);
        let lines = answer["lines"].as_array().expect("lines");
        let marks: Vec<_> = lines.iter().map(|line| &line["is_deadlocked"]).collect();
        assert_eq!(marks, [&json!(true), &json!(true), &json!(true), &json!(false)]);
        assert_eq!(answer["lines_more"], COUNT + 1 - 4);
        assert_eq!(answer["deadlocks"], json!(["deadlock: 9999 waits for 10000 waits for 9999"]));
        let all = look.answer(usize::MAX);
        assert_eq!(all["lines"].as_array().map(Vec::len), Some(TREE_LINES_MAX));
    }

    #[test]
    fn many_deadlocks_and_circles_without_tasks_are_bounded() {
        let circles: Vec<Vec<u64>> = (0..1000).map(|id| if id == 0 { vec![] } else { vec![id] }).collect();
        let answer = tree_of(&[], &circles).answer(1);
        assert_eq!(answer["deadlocks"].as_array().map(Vec::len), Some(DEADLOCKS_MAX));
        assert_eq!(answer["deadlocks_more"], 999 - DEADLOCKS_MAX);
    }
}
