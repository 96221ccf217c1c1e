//! What is shown, computed from two samples.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::sample::Sample;
use crate::protocol::{RuntimeCounts, SourcePlace, TaskLine};
use crate::visible::Visible;

/// The order of the groups of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum GroupSort {
    /// The largest first.
    #[default]
    Count,
    /// The busiest first.
    Busy,
    /// By the place where the tasks were spawned.
    Place,
}

impl GroupSort {
    /// The order after this one; that by busy time is for observed runtimes.
    pub(super) fn next(self, is_observed: bool) -> GroupSort {
        match self {
            GroupSort::Count if is_observed => GroupSort::Busy,
            GroupSort::Count | GroupSort::Busy => GroupSort::Place,
            GroupSort::Place => GroupSort::Count,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            GroupSort::Count => "count",
            GroupSort::Busy => "busy",
            GroupSort::Place => "location",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct WorkerShare {
    pub(super) index: u64,
    /// From 0 to 1; none without an earlier sample.
    pub(super) busy: Option<f64>,
    pub(super) queue_depth: u64,
}

/// Tasks that were spawned at one place under one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TaskGroup {
    pub(super) name: Option<Visible>,
    pub(super) kind: Visible,
    pub(super) place: Option<SourcePlace>,
    pub(super) count: u64,
    pub(super) running: u64,
    pub(super) runnable: u64,
    pub(super) waiting: u64,
    /// 1 is a whole worker; none without an earlier sample, or if the runtime is not observed.
    pub(super) busy: Option<f64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct TopFigures {
    pub(super) workers: Vec<WorkerShare>,
    pub(super) counts: RuntimeCounts,
    pub(super) groups: Vec<TaskGroup>,
}

impl TopFigures {
    pub(super) fn between(earlier: Option<&Sample>, now: &Sample) -> TopFigures {
        // A clock that stands still gives no shares.
        let elapsed =
            earlier.map(|earlier| now.now_us.saturating_sub(earlier.now_us)).filter(|micros| *micros > 0);
        let share = |before: u64, after: u64| Some(after.saturating_sub(before) as f64 / elapsed? as f64);
        let busy_before: HashMap<u64, u64> = earlier.map_or_else(HashMap::new, |earlier| {
            earlier.counts.workers.iter().map(|worker| (worker.index, worker.busy_us)).collect()
        });
        let workers = now.counts.workers.iter().map(|worker| WorkerShare {
            index: worker.index,
            busy: busy_before
                .get(&worker.index)
                .and_then(|before| share(*before, worker.busy_us))
                .map(|busy| busy.min(1.0)),
            queue_depth: worker.queue_depth,
        });
        TopFigures {
            workers: workers.collect(),
            counts: now.counts.clone(),
            groups: groups(earlier, now, share),
        }
    }

    pub(super) fn sort(&mut self, sort: GroupSort) {
        // Nanoshares: floating-point numbers have no order of their own.
        let busy = |group: &TaskGroup| (group.busy.unwrap_or(0.0) * 1e9) as u64;
        let place = |group: &TaskGroup| (group.place.clone(), group.name.clone(), group.kind.clone());
        self.groups.sort_by_cached_key(|group| match sort {
            GroupSort::Count => (Reverse(group.count), place(group)),
            GroupSort::Busy => (Reverse(busy(group)), place(group)),
            GroupSort::Place => (Reverse(0), place(group)),
        });
    }

    /// The figures for programs.
    pub(super) fn object(&self, sample: &Sample) -> Value {
        let workers: Vec<Value> = self
            .workers
            .iter()
            .map(|worker| json!({ "index": worker.index, "busy": worker.busy, "queue_depth": worker.queue_depth }))
            .collect();
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|group| {
                json!({ "name": group.name.as_deref(), "kind": &*group.kind,
                    "location": SourcePlace::text(group.place.as_ref()), "count": group.count,
                    "running": group.running, "runnable": group.runnable, "waiting": group.waiting,
                    "busy": group.busy })
            })
            .collect();
        let counts = &self.counts;
        json!({ "now_us": sample.now_us, "uptime_ms": sample.uptime.as_millis() as u64,
            "live_tasks": counts.live_tasks, "injector_depth": counts.injector_depth,
            "blocking_threads": counts.blocking_threads, "blocking_queue_depth": counts.blocking_queue_depth,
            "slow_polls": counts.slow_polls, "stalls": counts.stalls, "workers": workers, "groups": groups })
    }
}

fn groups(earlier: Option<&Sample>, now: &Sample, share: impl Fn(u64, u64) -> Option<f64>) -> Vec<TaskGroup> {
    let busy_of = |task: &TaskLine| task.busy_us.unwrap_or(0);
    let before: HashMap<u64, u64> = earlier.map_or_else(HashMap::new, |earlier| {
        earlier.tasks.iter().map(|task| (task.id, busy_of(task))).collect()
    });
    let mut groups: HashMap<_, (TaskGroup, u64)> = HashMap::new();
    for task in &now.tasks {
        let key = (&task.name, &task.kind, &task.location);
        let (group, busy_us) = groups.entry(key).or_insert_with(|| {
            let (name, kind, place) = (task.name.clone(), task.kind.clone(), task.location.clone());
            let group =
                TaskGroup { name, kind, place, count: 0, running: 0, runnable: 0, waiting: 0, busy: None };
            (group, 0)
        });
        group.count += 1;
        match &*task.activity {
            "running" => group.running += 1,
            "runnable" => group.runnable += 1,
            _ => group.waiting += 1,
        }
        if task.busy_us.is_some() {
            // What a new task did, it did since the earlier sample.
            *busy_us += busy_of(task).saturating_sub(before.get(&task.id).copied().unwrap_or(0));
            group.busy = share(0, *busy_us);
        }
    }
    groups.into_values().map(|(group, _)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::{GroupSort, Sample, TopFigures};
    use crate::protocol::{RuntimeCounts, TaskLine, WorkerCounts};
    use crate::visible::Visible;

    fn task(id: u64, name: &str, activity: &str, busy_us: Option<u64>) -> TaskLine {
        let (name, activity) = (Some(Visible::new(name)), Visible::new(activity));
        TaskLine { id, name, activity, busy_us, ..TaskLine::default() }
    }

    fn sample(now_us: u64, busy_us: [u64; 2], tasks: Vec<TaskLine>) -> Sample {
        let worker =
            |index| WorkerCounts { index: index as u64, busy_us: busy_us[index], ..WorkerCounts::default() };
        let counts = RuntimeCounts { workers: vec![worker(0), worker(1)], ..RuntimeCounts::default() };
        Sample { counts, now_us, tasks, ..Sample::default() }
    }

    fn names(figures: &TopFigures) -> Vec<String> {
        figures.groups.iter().map(|group| group.name.as_ref().expect("a name").to_string()).collect()
    }

    #[test]
    fn shares_are_the_busy_time_between_two_samples() {
        let earlier = sample(1_000_000, [500_000, 0], vec![task(1, "a", "waiting", Some(100_000))]);
        let tasks = vec![
            task(1, "a", "running", Some(300_000)),
            task(2, "a", "runnable", Some(50_000)),
            task(3, "b", "waiting", Some(1_500_000)),
        ];
        // The second worker's time is longer than the time between: its last poll began before.
        let mut figures =
            TopFigures::between(Some(&earlier), &sample(2_000_000, [750_000, 1_200_000], tasks));
        let busy: Vec<Option<f64>> = figures.workers.iter().map(|worker| worker.busy).collect();
        assert_eq!(busy, [Some(0.25), Some(1.0)]);
        figures.sort(GroupSort::Count);
        assert_eq!(names(&figures), ["a", "b"]);
        let first = &figures.groups[0];
        assert_eq!((first.count, first.running, first.runnable, first.waiting), (2, 1, 1, 0));
        assert_eq!(first.busy, Some(0.25));
        figures.sort(GroupSort::Busy);
        assert_eq!(names(&figures), ["b", "a"]);
        figures.sort(GroupSort::Place);
        assert_eq!(names(&figures), ["a", "b"]);
    }

    #[test]
    fn there_are_no_shares_without_an_earlier_sample_or_an_observed_runtime() {
        let now = || sample(2_000_000, [1, 2], vec![task(1, "a", "waiting", None)]);
        let alone = TopFigures::between(None, &now());
        assert_eq!((alone.workers[0].busy, alone.groups[0].busy), (None, None));
        let unobserved = TopFigures::between(Some(&sample(1_000_000, [1, 1], Vec::new())), &now());
        assert_eq!((unobserved.workers[0].busy, unobserved.groups[0].busy), (Some(0.0), None));
        let at_once = TopFigures::between(Some(&now()), &now());
        assert_eq!(at_once.workers[0].busy, None);
    }
}
