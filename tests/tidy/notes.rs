//! Rules about notes: plans, tags, orderings, claims, and what is left undone.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{DESIGN, Source, words};

/// Lines between an atomic access and the `Ordering:` note that covers it.
pub(crate) const NOTE_DISTANCE_MAX: usize = 12;

/// Lines of a file's header: what a reader of the file must know. The rest is the room's design.
const HEADER_LINE_COUNT_MAX: usize = 60;

pub(crate) fn headers_are_short(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    // Each of its programs stands in the header, because only there it is compiled.
    let programs = "runtime/must_not_compile.rs";
    for source in sources.iter().filter(|source| source.path.ends_with(".rs") && source.path != programs) {
        let count = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        if count > HEADER_LINE_COUNT_MAX {
            complaints
                .push(format!("{}:1: a header of {count} lines; {HEADER_LINE_COUNT_MAX} fit", source.path));
        }
    }
    complaints
}

/// Each room that is a directory has a design, with the same chapters in the same order.
pub(crate) fn rooms_have_their_design(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for door in sources {
        if !door.path.starts_with("runtime/") || door.path.matches('/').count() != 2 {
            continue;
        }
        let Some(room) = door.path.strip_suffix("mod.rs") else { continue };
        let path = format!("{}{DESIGN}", room.trim_end_matches('/'));
        let Some(source) = sources.iter().find(|source| source.path == path) else {
            complaints.push(format!("{path}: is missing"));
            continue;
        };
        let has_atomics = sources
            .iter()
            .any(|other| other.path.starts_with(room) && other.product().contains("Ordering::"));
        let mut wanted = vec!["# What", "# Algorithm", "# Invariants"];
        if has_atomics {
            wanted.push("# Orderings");
        }
        wanted.extend(["# Rejected", "# Verified by"]);
        let mut headings = source
            .comments
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect::<Vec<_>>();
        // The title goes before all.
        headings.retain(|line| line.starts_with("# "));
        if headings.first() != Some(&"# What") {
            complaints.push(format!("{}:1: does not open with `# What`", source.path));
        }
        let mut rest = headings.iter();
        for heading in wanted {
            if !rest.any(|found| *found == heading) {
                complaints.push(format!("{}:1: `{heading}` is missing, or out of order", source.path));
            }
        }
    }
    complaints
}

/// A tag is defined by a bullet of a header and cited by every note that rests on it.
pub(crate) fn tags_are_defined_once_and_cited(sources: &[Source]) -> Vec<String> {
    let mut definitions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut citations: BTreeMap<String, String> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        for (index, line) in source.comments.lines().enumerate() {
            let place = format!("{}:{}", source.path, index + 1);
            let line = line.trim_start();
            let bullet = line.strip_prefix("//! - ").map(|rest| rest.trim_start_matches(['`', '*']));
            let mut rest = line;
            if let Some(tag) = bullet.and_then(|bullet| tag_at(bullet)) {
                definitions.entry(tag.to_owned()).or_default().push(place.clone());
                rest = &line[line.find(']').expect("a tag ends") + 1..];
            }
            for (start, _) in rest.match_indices('[') {
                if let Some(tag) = tag_at(&rest[start..]) {
                    citations.entry(tag.to_owned()).or_insert_with(|| place.clone());
                }
            }
        }
    }
    let mut complaints = Vec::new();
    for (tag, places) in &definitions {
        if places.len() > 1 {
            complaints.push(format!("{}: [{tag}] is defined more than once", places.join(", ")));
        }
        if !citations.contains_key(tag) {
            complaints.push(format!("{}: [{tag}] is defined, and nothing rests on it", places[0]));
        }
    }
    for (tag, place) in citations {
        // A single word may be anything; with a hyphen it can only be a tag.
        if tag.contains('-') && !definitions.contains_key(&tag) {
            complaints.push(format!("{place}: [{tag}] is cited, but no header defines it"));
        }
    }
    complaints
}

/// A tag is cited beside a test, or in `# Verified by` of the header that defines it: with a test
/// that stands elsewhere, or the reason why there is none.
pub(crate) fn every_invariant_is_proved(sources: &[Source]) -> Vec<String> {
    let mut proved = BTreeSet::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let start = if source.is_test() { 0 } else { source.end_of_product() };
        proved.extend(tags_in(&source.comments[start..]));
    }
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let header = source.comments.lines().take_while(|line| line.is_empty() || line.starts_with("//!"));
        let header: Vec<&str> = header.collect();
        let verified = header.iter().skip_while(|line| **line != "//! # Verified by").copied();
        let verified: BTreeSet<&str> = verified.flat_map(tags_in).collect();
        for (index, line) in header.iter().enumerate() {
            let Some(tag) = defined_tag(line) else { continue };
            if !proved.contains(tag) && !verified.contains(tag) {
                complaints.push(format!(
                    "{}:{}: [{tag}] has no test that cites it, and `# Verified by` gives no reason",
                    source.path,
                    index + 1
                ));
            }
        }
    }
    complaints
}

/// The tag that a line of a header defines.
fn defined_tag(line: &str) -> Option<&str> {
    tag_at(line.strip_prefix("//! - ")?.trim_start_matches(['`', '*']))
}

fn tags_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(start, _)| tag_at(&text[start..]))
}

pub(crate) fn tag_at(text: &str) -> Option<&str> {
    let (tag, rest) = text.strip_prefix('[')?.split_once(']')?;
    let is_tag = tag.starts_with(|first: char| first.is_ascii_lowercase())
        && tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_tag && !rest.starts_with(['(', '['])).then_some(tag)
}

pub(crate) fn every_atomic_access_says_why(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some_and(|room| room != "primitive")) {
        let notes: Vec<bool> = source.comments.lines().map(|line| line.contains("Ordering:")).collect();
        for word in ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"] {
            for place in words(source.product(), word) {
                if !source.code[..place].ends_with("Ordering::") {
                    continue;
                }
                let line = source.line_of(place);
                let first = line.saturating_sub(NOTE_DISTANCE_MAX + 1);
                if !notes[first..line].contains(&true) {
                    complaints.push(source.complaint(place, "an atomic access without an `Ordering:` note"));
                }
            }
        }
    }
    complaints
}

/// An access that orders something names the invariant that it serves; a relaxed one may just say
/// why it can be relaxed.
pub(crate) fn every_ordering_serves_an_invariant(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some_and(|room| room != "primitive")) {
        let lines: Vec<&str> = source.comments.lines().collect();
        for word in ["Acquire", "Release", "AcqRel", "SeqCst"] {
            for place in words(source.product(), word) {
                let line = source.line_of(place);
                let first = line.saturating_sub(NOTE_DISTANCE_MAX + 1);
                let is_access = source.code[..place].ends_with("Ordering::");
                let note = lines[first..line].iter().rposition(|text| text.contains("Ordering:"));
                let Some(note) = note.filter(|_| is_access) else { continue };
                let text =
                    lines[first + note..].iter().take_while(|text| text.trim_start().starts_with("//"));
                if !text.into_iter().any(|text| tags_in(text).next().is_some()) {
                    complaints.push(source.complaint(place, "the note names no invariant"));
                }
            }
        }
    }
    complaints
}

pub(crate) fn nothing_is_left_undone(sources: &[Source]) -> Vec<String> {
    let marks = ["todo!", "unimplemented!", "dbg!"];
    // Spelled in halves: this file is tidy as well.
    let notes =
        [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X"), concat!("under ", "construction")];
    let mut complaints = Vec::new();
    for source in sources {
        for mark in marks {
            if let Some(place) = source.code.find(mark) {
                complaints.push(source.complaint(place, &format!("`{mark}` is left")));
            }
        }
        for note in notes {
            if let Some(place) = source.comments.find(note) {
                complaints.push(source.complaint(place, &format!("{note} is left")));
            }
        }
    }
    complaints
}

/// How many behaviours of the generator protocol there are.
const BEHAVIOURS_COUNT: usize = 147;

/// The table of the generator protocol has each behaviour once, and names tests that exist.
pub(crate) fn each_behaviour_has_its_test(sources: &[Source]) -> Vec<String> {
    const TABLE: &str = "tests/GENERATORS.md";
    let mut complaints = claims_hold(sources, TABLE);
    let text = sources.iter().find(|source| source.path == TABLE).map_or("", |source| &source.text);
    for number in 1..=BEHAVIOURS_COUNT {
        let start = format!("| {number} |");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&start)).collect();
        if rows.len() != 1 {
            complaints.push(format!("{TABLE}: behaviour {number} is there {} times", rows.len()));
        }
        if rows.iter().any(|row| !row.contains("`tests/")) {
            complaints.push(format!("{TABLE}: behaviour {number} has no test"));
        }
    }
    complaints
}

/// A claim is written `file.rs::test`, or `file.rs` alone for a program that must not compile; in
/// back quotes.
pub(crate) fn claims_hold(sources: &[Source], table_path: &str) -> Vec<String> {
    let Some(table) = sources.iter().find(|source| source.path == table_path) else {
        return vec![format!("{table_path}: is missing")];
    };
    let mut complaints = Vec::new();
    let mut claim_count = 0;
    for (index, line) in table.text.lines().enumerate() {
        let quoted = line.split('`').skip(1).step_by(2);
        for claim in quoted.filter(|claim| claim.contains(".rs::") || claim.ends_with(".rs")) {
            claim_count += 1;
            let is_there = match claim.split_once("::") {
                Some((path, test)) => {
                    sources.iter().any(|source| source.path == path && has_test(source, test))
                }
                None => {
                    let is_program = claim.starts_with("tests/compile_fail/");
                    is_program && sources.iter().any(|source| source.path == claim)
                }
            };
            if !is_there {
                complaints.push(format!("{table_path}:{}: there is no test {claim}", index + 1));
            }
        }
    }
    if claim_count == 0 {
        complaints.push(format!("{table_path}: claims nothing"));
    }
    complaints
}

/// An attribute stands close above: a test of its own, not a function that one calls.
fn has_test(source: &Source, test: &str) -> bool {
    source.code.find(&format!("fn {test}(")).is_some_and(|place| {
        source.code[..place].rsplit('}').next().is_some_and(|above| above.contains("test]"))
    })
}

/// Whether `claim`, a `file.rs::test`, is a test.
pub(crate) fn is_test_there(sources: &[Source], claim: &str) -> bool {
    let (path, test) = claim.split_once("::").expect("a claim is a file and a test");
    sources.iter().any(|source| source.path == path && has_test(source, test))
}
