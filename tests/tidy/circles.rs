//! No circle of files, except for those that ARCHITECTURE.md names with a reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Graph, uses};
use crate::source::Source;

type Circle = BTreeSet<String>;

/// Each circle is named in ARCHITECTURE.md, and each that is named there exists.
pub(crate) fn circles_have_a_reason(sources: &[Source]) -> Vec<String> {
    let graph = uses(sources);
    let found = circles(&graph);
    let map = sources.iter().find(|source| source.path == "ARCHITECTURE.md");
    let named = map.map_or_else(Vec::new, |map| named(&map.text));
    let mut complaints = Vec::new();
    for circle in &found {
        if !named.iter().any(|(files, _)| files == circle) {
            complaints.push(format!("a circle of files:{}", edges(&graph, circle)));
        }
    }
    for (files, reason) in &named {
        let text = files.iter().cloned().collect::<Vec<_>>().join(", ");
        if !found.contains(files) {
            complaints.push(format!("ARCHITECTURE.md: there is no such circle any more: {text}"));
        }
        if reason.split_whitespace().count() < 3 {
            complaints.push(format!("ARCHITECTURE.md: a circle without a reason: {text}"));
        }
    }
    complaints
}

/// The uses within a circle, a line for each file.
fn edges(graph: &Graph, circle: &Circle) -> String {
    let line = |file: &String| {
        let used: Vec<&str> = graph[file].intersection(circle).map(String::as_str).collect();
        format!("\n    {file} -> {}", used.join(", "))
    };
    circle.iter().map(line).collect()
}

/// The sets of at least two files that all use each other, directly or not.
fn circles(graph: &Graph) -> Vec<Circle> {
    let reached: BTreeMap<&String, Circle> = graph.keys().map(|file| (file, reach(graph, file))).collect();
    let mut circles = BTreeSet::new();
    for (file, others) in &reached {
        let back = |other: &&String| reached.get(other).is_some_and(|there| there.contains(*file));
        let circle: Circle = others.iter().filter(back).cloned().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// Every file that a walk from `start` comes to.
fn reach(graph: &Graph, start: &String) -> Circle {
    let mut reached = Circle::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// The list below `## Circles of files`: `- FILE, FILE: reason.`
fn named(map: &str) -> Vec<(Circle, String)> {
    let section = map.split("\n## ").find(|section| section.starts_with("Circles of files\n"));
    let entries = section.into_iter().flat_map(|section| section.split("\n- ").skip(1));
    let parse = |entry: &str| {
        let (files, reason) = entry.split_once(':').unwrap_or((entry, ""));
        let files = files.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (files, reason.to_owned())
    };
    entries.map(parse).collect()
}
