//! Rules about what the docs promise.

use crate::source::{Source, words};

/// The rooms whose asynchronous methods are dropped half-way by time-outs and selects.
const ROOMS: [&str; 3] = ["fs", "io", "net"];

/// Each public asynchronous function documents what a dropped future leaves behind, or refers to
/// where that is documented.
pub(crate) fn cancel_safety_is_told(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some_and(|room| ROOMS.contains(&room))) {
        let code = source.product();
        for place in words(code, "async").filter(|&place| code[..place].ends_with("pub ")) {
            let line = source.line_of(place);
            let above = source.text.lines().take(line - 1).collect::<Vec<_>>();
            let notes = above
                .iter()
                .rev()
                .map(|line| line.trim_start())
                .take_while(|line| ["///", "#["].iter().any(|start| line.starts_with(start)));
            let mut notes = notes.collect::<Vec<_>>();
            notes.reverse();
            let text = notes.join(" ").replace("/// ", "").to_lowercase();
            if !text.contains("cancel safety") {
                complaints.push(source.complaint(place, "does not say what a dropped future leaves behind"));
            }
        }
    }
    complaints
}
