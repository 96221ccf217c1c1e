//! Tasks in groups, and the busiest ones: counted line by line, so that a look at many tasks needs
//! little memory and its answer is short.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::facts::{self, cut_name};
use crate::protocol::{Greeting, SourcePlace, TaskLine};

/// How many groups an answer has.
pub(super) const GROUPS_MAX: usize = 200;

/// How many tasks an answer has.
pub(super) const TASKS_MAX: usize = 100;

/// More are kept before the least busy ones are dropped, which costs a sort.
const TASKS_KEPT_MAX: usize = 32 * TASKS_MAX;

/// The order of the groups, which decides which of them an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupOrder {
    /// The largest first.
    Count,
    /// The busiest first.
    Busy,
    /// The most often polled first.
    Polls,
    /// By the place where the tasks were spawned.
    Location,
    /// By name; groups without one come last.
    Name,
}

impl GroupOrder {
    const ALL: [GroupOrder; 5] =
        [GroupOrder::Count, GroupOrder::Busy, GroupOrder::Polls, GroupOrder::Location, GroupOrder::Name];

    pub(super) fn parse(text: &str) -> Option<GroupOrder> {
        GroupOrder::ALL.into_iter().find(|order| order.name() == text)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            GroupOrder::Count => "count",
            GroupOrder::Busy => "busy",
            GroupOrder::Polls => "polls",
            GroupOrder::Location => "location",
            GroupOrder::Name => "name",
        }
    }

    fn sort(self, groups: &mut [CountedGroup]) {
        let largest = |number: fn(&GroupCounts) -> u64| {
            move |group: &CountedGroup| (Reverse(number(&group.1)), group.0.clone())
        };
        match self {
            GroupOrder::Count => groups.sort_by_cached_key(largest(|counts| counts.count)),
            GroupOrder::Busy => groups.sort_by_cached_key(largest(|counts| counts.busy_us.unwrap_or(0))),
            GroupOrder::Polls => groups.sort_by_cached_key(largest(|counts| counts.polls.unwrap_or(0))),
            GroupOrder::Location => groups.sort_by(|one, other| one.0.cmp(&other.0)),
            GroupOrder::Name => groups
                .sort_by_cached_key(|group| (group.0.name.is_none(), group.0.name.clone(), group.0.clone())),
        }
    }
}

/// Tasks that were spawned at one place under one name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct GroupKey {
    place: Option<SourcePlace>,
    name: Option<String>,
    kind: String,
}

#[derive(Clone, Debug, Default)]
struct GroupCounts {
    count: u64,
    running: u64,
    runnable: u64,
    waiting: u64,
    /// None if the runtime is not observed, as the rest.
    polls: Option<u64>,
    /// Since the earlier look.
    busy_us: Option<u64>,
}

type CountedGroup = (GroupKey, GroupCounts);

/// What a look remembers for the next one.
#[derive(Debug, Default)]
pub(super) struct EarlierTasks {
    now_us: u64,
    busy_us: HashMap<u64, u64>,
}

/// A look in the making.
pub(super) struct TaskTally<'a> {
    earlier: Option<&'a EarlierTasks>,
    now: EarlierTasks,
    count: u64,
    observed_count: u64,
    groups: HashMap<GroupKey, GroupCounts>,
    busiest: Vec<TaskLine>,
    /// A task that is not busier than this is not among the busiest.
    floor_us: u64,
}

impl<'a> TaskTally<'a> {
    /// `now_us` is the time of this look on the clock of the service.
    pub(super) fn new(earlier: Option<&'a EarlierTasks>, now_us: u64) -> TaskTally<'a> {
        TaskTally {
            // A clock that stands still gives no shares.
            earlier: earlier.filter(|earlier| earlier.now_us < now_us),
            now: EarlierTasks { now_us, busy_us: HashMap::new() },
            count: 0,
            observed_count: 0,
            groups: HashMap::new(),
            busiest: Vec::new(),
            floor_us: 0,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, task: TaskLine) {
        self.count += 1;
        let key = GroupKey {
            place: task.location.clone(),
            name: task.name.as_deref().map(cut_name),
            kind: cut_name(&task.kind),
        };
        let group = self.groups.entry(key).or_default();
        group.count += 1;
        match &*task.activity {
            "running" => group.running += 1,
            "runnable" => group.runnable += 1,
            _ => group.waiting += 1,
        }
        if let Some(polls) = task.polls {
            group.polls = Some(group.polls.unwrap_or(0).saturating_add(polls));
        }
        let Some(busy_us) = task.busy_us else { return };
        self.observed_count += 1;
        if let Some(earlier) = self.earlier {
            // What a new task did, it did since the earlier look.
            let own = busy_us.saturating_sub(earlier.busy_us.get(&task.id).copied().unwrap_or(0));
            group.busy_us = Some(group.busy_us.unwrap_or(0).saturating_add(own));
        }
        self.now.busy_us.insert(task.id, busy_us);
        if self.busiest.len() < TASKS_MAX || busy_us > self.floor_us {
            self.busiest.push(task);
            if self.busiest.len() > TASKS_KEPT_MAX {
                self.keep_busiest();
            }
        }
    }

    fn keep_busiest(&mut self) {
        self.busiest.sort_by_key(|task| (Reverse(task.busy_us), task.id));
        self.busiest.truncate(TASKS_MAX);
        self.floor_us = self.busiest.last().and_then(|task| task.busy_us).unwrap_or(0);
    }

    /// The look, and what the next one needs.
    pub(super) fn finish(mut self, greeting: &Greeting) -> (GroupsLook, EarlierTasks) {
        self.keep_busiest();
        let elapsed_us = self.earlier.map(|earlier| self.now.now_us - earlier.now_us);
        let tasks: Vec<Value> = self.busiest.iter().map(|task| self.object(task, elapsed_us)).collect();
        let group_count = self.groups.len();
        let groups = leading(self.groups.into_iter().collect());
        let runtime = facts::runtime(greeting);
        let task_count = self.count;
        let tasks_more = self.observed_count.saturating_sub(tasks.len() as u64);
        let look = GroupsLook { runtime, groups, group_count, task_count, tasks, tasks_more, elapsed_us };
        (look, self.now)
    }

    fn object(&self, task: &TaskLine, elapsed_us: Option<u64>) -> Value {
        let busy_us = task.busy_us.unwrap_or(0);
        let before = self.earlier.and_then(|earlier| earlier.busy_us.get(&task.id)).copied().unwrap_or(0);
        let busy = elapsed_us.map(|elapsed| busy_us.saturating_sub(before) as f64 / elapsed as f64);
        json!({ "id": task.id, "name": task.name.as_deref().map(cut_name), "kind": cut_name(&task.kind),
            "location": facts::place(task.location.as_ref()), "activity": cut_name(&task.activity),
            "polls": task.polls, "busy_us": busy_us, "busy": busy, "scheduled_us": task.scheduled_us,
            "idle_us": task.idle_us, "age_ms": task.age_ms, "worker": task.worker, "moves": task.moves })
    }
}

/// The groups that are among the first in some order.
fn leading(mut groups: Vec<CountedGroup>) -> Vec<CountedGroup> {
    if groups.len() <= GROUPS_MAX {
        return groups;
    }
    let mut keys = HashSet::new();
    for order in GroupOrder::ALL {
        order.sort(&mut groups);
        keys.extend(groups.iter().take(GROUPS_MAX).map(|(key, _)| key.clone()));
    }
    groups.retain(|(key, _)| keys.contains(key));
    groups
}

/// A look at all tasks.
pub(super) struct GroupsLook {
    runtime: Value,
    groups: Vec<CountedGroup>,
    group_count: usize,
    task_count: u64,
    tasks: Vec<Value>,
    tasks_more: u64,
    elapsed_us: Option<u64>,
}

impl GroupsLook {
    pub(super) fn answer(&self, order: GroupOrder) -> Value {
        let mut groups = self.groups.clone();
        order.sort(&mut groups);
        groups.truncate(GROUPS_MAX);
        let more = self.group_count - groups.len();
        let groups: Vec<Value> = groups.iter().map(|group| self.group(group)).collect();
        json!({ "runtime": self.runtime, "count": self.task_count, "sort": order.name(),
            "groups": groups, "groups_more": more, "tasks": self.tasks, "tasks_more": self.tasks_more })
    }

    fn group(&self, (key, counts): &CountedGroup) -> Value {
        let share = |busy_us: u64| Some(busy_us as f64 / self.elapsed_us? as f64);
        json!({ "name": key.name, "kind": key.kind, "location": facts::place(key.place.as_ref()),
            "count": counts.count, "running": counts.running, "runnable": counts.runnable,
            "waiting": counts.waiting, "polls": counts.polls, "busy": counts.busy_us.and_then(share) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{EarlierTasks, GROUPS_MAX, GroupOrder, GroupsLook, TASKS_MAX, TaskLine, TaskTally};
    use crate::protocol::Greeting;

    fn greeting() -> Greeting {
        let runtime = json!({ "id": 7, "name": null, "flavor": "x", "driver": "x", "workers": 1 });
        serde_json::from_value(json!({ "version": "0.1.0", "pid": 1, "runtime": runtime }))
            .expect("a greeting")
    }

    fn task(id: u64, name: &str, activity: &str, counts: Option<(u64, u64)>) -> TaskLine {
        let (polls, busy_us) = counts.unzip();
        let location = json!({ "file": "a.rs", "line": 1, "column": 5 });
        let line = json!({ "id": id, "name": name, "kind": "shared", "location": location,
            "activity": activity, "polls": polls, "busy_us": busy_us });
        serde_json::from_value(line).expect("a task")
    }

    fn look(
        earlier: Option<&EarlierTasks>,
        now_us: u64,
        tasks: impl IntoIterator<Item = TaskLine>,
    ) -> (GroupsLook, EarlierTasks) {
        let mut tally = TaskTally::new(earlier, now_us);
        tasks.into_iter().for_each(|task| tally.add(task));
        tally.finish(&greeting())
    }

    fn names(answer: &Value) -> Vec<&str> {
        let groups = answer["groups"].as_array().expect("groups");
        groups.iter().map(|group| group["name"].as_str().expect("a name")).collect()
    }

    #[test]
    fn groups_have_the_states_the_polls_and_the_share_since_the_earlier_look() {
        let (first, earlier) = look(None, 1_000_000, [task(1, "a", "waiting", Some((5, 100_000)))]);
        let first = first.answer(GroupOrder::Count);
        assert_eq!((&first["groups"][0]["busy"], &first["groups"][0]["polls"]), (&Value::Null, &json!(5)));
        let tasks = [
            task(1, "a", "running", Some((7, 300_000))),
            task(2, "a", "runnable", Some((1, 50_000))),
            task(3, "b", "waiting", Some((1, 1_500_000))),
        ];
        let (second, _) = look(Some(&earlier), 2_000_000, tasks);
        let answer = second.answer(GroupOrder::Count);
        let group = json!({ "name": "a", "kind": "shared", "location": "a.rs:1:5", "count": 2, "running": 1,
            "runnable": 1, "waiting": 0, "polls": 8, "busy": 0.25 });
        assert_eq!(answer["groups"][0], group);
        assert_eq!((&answer["count"], &answer["groups_more"]), (&json!(3), &json!(0)));
        for (order, expected) in [
            (GroupOrder::Count, ["a", "b"]),
            (GroupOrder::Busy, ["b", "a"]),
            (GroupOrder::Polls, ["a", "b"]),
            (GroupOrder::Name, ["a", "b"]),
        ] {
            assert_eq!(names(&second.answer(order)), expected, "{}", order.name());
        }
        let busiest: Vec<_> =
            answer["tasks"].as_array().expect("tasks").iter().map(|task| &task["id"]).collect();
        assert_eq!(busiest, [3, 1, 2]);
        assert_eq!(answer["tasks"][1]["busy"], 0.2);
    }

    #[test]
    fn a_runtime_that_is_not_observed_has_groups_without_shares_and_no_busiest_tasks() {
        let (_, earlier) = look(None, 1, [task(1, "a", "waiting", None)]);
        let answer = look(Some(&earlier), 2, [task(1, "a", "waiting", None)]).0.answer(GroupOrder::Busy);
        assert_eq!(
            (&answer["groups"][0]["busy"], &answer["groups"][0]["polls"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!((&answer["tasks"], &answer["tasks_more"]), (&json!([]), &json!(0)));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_no_shares() {
        let (_, earlier) = look(None, 5, [task(1, "a", "waiting", Some((1, 1)))]);
        for now_us in [5, 4] {
            let answer = look(Some(&earlier), now_us, [task(1, "a", "waiting", Some((1, 2)))]).0;
            assert_eq!(answer.answer(GroupOrder::Count)["groups"][0]["busy"], Value::Null);
        }
    }

    #[test]
    fn of_many_groups_and_tasks_the_first_of_each_order_are_shown_and_the_rest_is_counted() {
        const COUNT: u64 = 100_000;
        // The larger the number, the busier and the less polled.
        let tasks = (1..=COUNT)
            .map(|id| task(id, &format!("{id:06}"), "waiting", Some((2 * COUNT - id, id))))
            .chain([task(COUNT + 1, "000500", "waiting", Some((0, 0)))]);
        let (_, earlier) = look(None, 1, []);
        let (look, _) = look(Some(&earlier), 2, tasks);
        for (order, first) in [
            (GroupOrder::Busy, "100000"),
            (GroupOrder::Polls, "000001"),
            (GroupOrder::Name, "000001"),
            (GroupOrder::Location, "000001"),
            (GroupOrder::Count, "000500"),
        ] {
            let answer = look.answer(order);
            assert_eq!((names(&answer)[0], names(&answer).len()), (first, GROUPS_MAX));
            assert_eq!(answer["groups_more"], COUNT - GROUPS_MAX as u64);
            assert_eq!(answer["tasks_more"], COUNT + 1 - TASKS_MAX as u64);
            let busiest = answer["tasks"].as_array().expect("tasks");
            assert_eq!(
                (busiest.len(), &busiest[0]["id"], &busiest[99]["id"]),
                (100, &json!(100_000), &json!(99_901))
            );
        }
    }

    #[test]
    fn figures_without_bounds_and_long_names_are_taken() {
        let long = "x".repeat(1 << 20);
        let tasks =
            [task(1, &long, "?", Some((u64::MAX, u64::MAX))), task(1, &long, "?", Some((1, u64::MAX)))];
        let (_, earlier) = look(None, 0, []);
        let answer = look(Some(&earlier), u64::MAX, tasks).0.answer(GroupOrder::Busy).to_string();
        assert!(answer.len() < 5000, "{}", answer.len());
    }
}
