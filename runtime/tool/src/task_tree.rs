//! Tasks as trees: below a task stand those that it waits for, or those that it has spawned.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::forest::{self, ForestLine, LineForm};
use crate::protocol::{SourcePlace, TaskLine};

/// The tasks with the lines in which they are shown.
pub(crate) struct TaskTree<'a> {
    tasks: &'a [(TaskLine, String)],
    listed: HashSet<u64>,
    deadlocked: HashSet<u64>,
    pub(crate) lines: Vec<ForestLine>,
    is_by_parent: bool,
}

impl<'a> TaskTree<'a> {
    /// Below a task stand those that it waits for, or those that it has spawned.
    pub(crate) fn new(
        tasks: &'a [(TaskLine, String)],
        deadlocks: &[Vec<u64>],
        is_by_parent: bool,
    ) -> TaskTree<'a> {
        let places: HashMap<u64, usize> =
            tasks.iter().enumerate().map(|(place, (task, _))| (task.id, place)).collect();
        let mut children = vec![Vec::new(); tasks.len()];
        for (place, (task, _)) in tasks.iter().enumerate() {
            if is_by_parent {
                if let Some(parent) = task.parent.and_then(|parent| places.get(&parent)) {
                    children[*parent].push(place);
                }
                continue;
            }
            for awaited in task.reasons.iter().filter_map(|reason| places.get(&reason.awaits?)) {
                if !children[place].contains(awaited) {
                    children[place].push(*awaited);
                }
            }
        }
        let (listed, deadlocked) =
            (places.into_keys().collect(), deadlocks.iter().flatten().copied().collect());
        TaskTree { tasks, listed, deadlocked, lines: forest::lines(&children), is_by_parent }
    }

    pub(crate) fn is_deadlocked(&self, line: &ForestLine) -> bool {
        self.deadlocked.contains(&self.tasks[line.node].0.id)
    }

    pub(crate) fn text(&self, line: &ForestLine) -> String {
        let task = &self.tasks[line.node].0;
        let mut text = format!("{}{}", line.branches, label(task));
        match line.form {
            LineForm::SeenAbove => text.push_str(", see above"),
            LineForm::Elsewhere => text.push_str(", goes on in a tree of its own"),
            LineForm::Full => {
                text.push_str(&format!(" {}, {}", SourcePlace::text(task.location.as_ref()), task.activity));
                let reasons: Vec<&str> = task.reasons.iter().map(|reason| &*reason.text).collect();
                if !reasons.is_empty() {
                    text.push_str(&format!(" {}", reasons.join("; ")));
                }
                if self.is_by_parent {
                    if let Some(parent) = task.parent.filter(|parent| !self.listed.contains(parent)) {
                        text.push_str(&format!(", spawned by {parent}, which has ended"));
                    }
                }
            }
        }
        if self.is_deadlocked(line) {
            text.push_str(" [deadlock]");
        }
        text
    }

    pub(crate) fn deadlock_lines(&self, deadlocks: &[Vec<u64>]) -> Vec<String> {
        let label = |id: &u64| {
            let place = self.tasks.binary_search_by_key(id, |(task, _)| task.id);
            place.map_or(id.to_string(), |place| label(&self.tasks[place].0))
        };
        let circles = deadlocks.iter().filter(|circle| !circle.is_empty());
        let labels = circles.map(|circle| circle.iter().map(label).collect::<Vec<_>>());
        labels
            .map(|labels| format!("deadlock: {} waits for {}", labels.join(" waits for "), labels[0]))
            .collect()
    }

    pub(crate) fn object(&self, line: &ForestLine) -> Result<Value, serde_json::Error> {
        let (task, raw) = &self.tasks[line.node];
        let is_deadlocked = self.is_deadlocked(line);
        Ok(match line.form {
            LineForm::Full => {
                let task: Value = serde_json::from_str(raw)?;
                json!({ "depth": line.depth, "is_deadlocked": is_deadlocked, "task": task })
            }
            LineForm::SeenAbove | LineForm::Elsewhere => {
                json!({ "depth": line.depth, "is_deadlocked": is_deadlocked, "see": task.id })
            }
        })
    }
}

/// The number of a task, and its name if it has one.
fn label(task: &TaskLine) -> String {
    task.name.as_ref().map_or(task.id.to_string(), |name| format!("{} \"{name}\"", task.id))
}

#[cfg(test)]
mod tests {
    use super::{TaskLine, TaskTree};

    /// A task that waits for these, and was spawned by that one.
    fn task(id: u64, awaits: &[u64], parent: Option<u64>) -> (TaskLine, String) {
        let reasons: Vec<_> = awaits
            .iter()
            .map(|id| serde_json::json!({ "text": format!("for task {id}"), "awaits": id }))
            .collect();
        let location = serde_json::json!({ "file": "a.rs", "line": id, "column": 5 });
        let activity = if awaits.is_empty() { "runnable" } else { "waiting" };
        let line = serde_json::json!({ "id": id, "name": null, "kind": "shared", "location": location,
            "activity": activity, "reasons": reasons, "parent": parent });
        (serde_json::from_value(line.clone()).expect("a task"), line.to_string())
    }

    fn texts(tasks: &[(TaskLine, String)], deadlocks: &[Vec<u64>], is_by_parent: bool) -> Vec<String> {
        let tree = TaskTree::new(tasks, deadlocks, is_by_parent);
        let mut texts = tree.deadlock_lines(deadlocks);
        texts.extend(tree.lines.iter().map(|line| tree.text(line)));
        texts
    }

    #[test]
    fn below_a_task_stand_those_that_it_waits_for_and_deadlocks_are_marked() {
        let tasks = [
            task(1, &[2], None),
            task(2, &[], None),
            task(3, &[4], None),
            task(4, &[3], None),
            task(5, &[99], None),
        ];
        let expected = [
            "deadlock: 3 waits for 4 waits for 3",
            "1 a.rs:1:5, waiting for task 2",
            "\u{2514}\u{2500} 2 a.rs:2:5, runnable",
            "5 a.rs:5:5, waiting for task 99",
            "3 a.rs:3:5, waiting for task 4 [deadlock]",
            "\u{2514}\u{2500} 4 a.rs:4:5, waiting for task 3 [deadlock]",
            "   \u{2514}\u{2500} 3, see above [deadlock]",
        ];
        assert_eq!(texts(&tasks, &[vec![3, 4]], false), expected);
    }

    #[test]
    fn below_a_task_stand_those_that_it_has_spawned() {
        let tasks =
            [task(2, &[], None), task(3, &[2], Some(2)), task(4, &[], Some(1)), task(5, &[], Some(3))];
        let expected = [
            "2 a.rs:2:5, runnable",
            "\u{2514}\u{2500} 3 a.rs:3:5, waiting for task 2",
            "   \u{2514}\u{2500} 5 a.rs:5:5, runnable",
            "4 a.rs:4:5, runnable, spawned by 1, which has ended",
        ];
        assert_eq!(texts(&tasks, &[], true), expected);
    }
}
