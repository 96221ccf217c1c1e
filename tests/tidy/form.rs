//! Rules about form: names, globs, lengths, and places on one machine.

use crate::docs;
use crate::source::{Source, is_word_byte, words};

/// Without the lines of examples in docs: every public function has one.
pub(crate) const LINE_COUNT_MAX: usize = 400;

pub(crate) const FUNCTION_LINE_COUNT_MAX: usize = 70;

/// May be longer than [`LINE_COUNT_MAX`], with the reason.
pub(crate) const LONG_FILES: [(&str, &str); 0] = [];

/// May be longer than [`FUNCTION_LINE_COUNT_MAX`], with the reason.
pub(crate) const LONG_FUNCTIONS: [(&str, &str, &str); 0] = [];

pub(crate) fn names_say_what_they_name(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for part in source.path.trim_end_matches(".rs").split('/') {
            if matches!(
                part,
                "util" | "utils" | "common" | "helper" | "helpers" | "misc" | "manager" | "legacy"
            ) {
                complaints.push(format!("{}: `{part}` says nothing", source.path));
            }
        }
    }
    complaints
}

/// A module of more than one file is a directory with a `mod.rs`, a suite of more than one file one
/// with a `main.rs`.
pub(crate) fn no_file_stands_beside_its_directory(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let Some(stem) = source.path.strip_suffix(".rs") else { continue };
        let directory = format!("{stem}/");
        if let Some(other) = sources.iter().find(|other| other.path.starts_with(&directory)) {
            complaints.push(format!("{}: stands beside {}; make it a `mod.rs`", source.path, other.path));
        }
    }
    complaints
}

/// A suite begins with a name of its own: `a_b` beside `a` or `a_c` belongs in `a/`.
pub(crate) fn suites_are_no_families(sources: &[Source]) -> Vec<String> {
    let name = |source: &Source| Some(source.path.strip_prefix("tests/")?.strip_suffix(".rs")?.to_owned());
    let flat: Vec<String> = sources.iter().filter_map(name).filter(|name| !name.contains('/')).collect();
    let directories: Vec<&str> = sources
        .iter()
        .filter_map(|source| Some(source.path.strip_prefix("tests/")?.split_once('/')?.0))
        .collect();
    let family = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
    let mut complaints = Vec::new();
    for name in &flat {
        let own = family(name);
        let has_kin = flat.iter().any(|other| other != name && family(other) == own);
        if has_kin || directories.contains(&own.as_str()) {
            complaints.push(format!("tests/{name}.rs: one of a family; it belongs in `tests/{own}/`"));
        }
    }
    complaints
}

pub(crate) fn globs_stay_in_tests(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for glob in ["::*;", "::*,", "::*}"] {
            for (place, _) in source.product().match_indices(glob) {
                complaints.push(source.complaint(place, "imports everything; name what is used"));
            }
        }
    }
    complaints
}

/// The library builds with the oldest compiler that `Cargo.toml` names (1.85). Clippy finds newer
/// parts of std (`incompatible_msrv`), but no newer syntax: a let chain needs 1.88.
pub(crate) fn syntax_is_old_enough(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let code = &source.code;
        let after = code.match_indices("&& let ").map(|(place, _)| place);
        let before = ["if let ", "while let "].into_iter().flat_map(|start| code.match_indices(start));
        let before = before.map(|(place, _)| place).filter(|place| is_chained(&code[*place..]));
        for place in after.chain(before) {
            complaints.push(source.complaint(place, "a let chain is newer than the oldest compiler"));
        }
    }
    complaints
}

/// Whether `&&` stands between a condition's `let` and its block, outside of all brackets.
fn is_chained(condition: &str) -> bool {
    let mut depth = 0;
    for (place, byte) in condition.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return false,
            b'&' if depth == 0 && condition[place..].starts_with("&& ") => return true,
            _ => {}
        }
    }
    false
}

pub(crate) fn files_and_functions_fit(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("tests/")) {
        let line_count = source.text.lines().count() - docs::example_line_count(source);
        let is_excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        if line_count > LINE_COUNT_MAX && !is_excused && !source.is_test() {
            complaints.push(format!("{}: {line_count} lines; {LINE_COUNT_MAX} fit", source.path));
        }
        for (name, place, count) in functions(source) {
            let is_excused =
                LONG_FUNCTIONS.iter().any(|(path, long, _)| *path == source.path && *long == name);
            if count > FUNCTION_LINE_COUNT_MAX && !is_excused {
                let what = format!("`{name}` has {count} lines; {FUNCTION_LINE_COUNT_MAX} fit on a screen");
                complaints.push(source.complaint(place, &what));
            }
        }
    }
    complaints
}

/// Name, place and number of lines of every function with a body.
pub(crate) fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let code = &source.code;
    let mut found = Vec::new();
    for place in words(code, "fn") {
        let rest = code[place + 2..].trim_start();
        let name: String = rest.bytes().take_while(|&byte| is_word_byte(byte)).map(char::from).collect();
        // `fn(…)` is a type, and what meets a semicolon first has no body.
        let Some(open) = code[place..].find(['{', ';']).map(|open| open + place) else { continue };
        if name.is_empty() || code.as_bytes()[open] == b';' {
            continue;
        }
        let mut depth = 0_usize;
        let body = code[open..].bytes().position(|byte| {
            depth = match byte {
                b'{' => depth + 1,
                b'}' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let end = open + body.unwrap_or(code.len() - open - 1);
        found.push((name, place, source.line_of(end) - source.line_of(place) + 1));
    }
    found
}

pub(crate) fn no_place_of_one_machine_is_named(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for place in
            [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")]
        {
            if let Some(offset) = source.text.find(place) {
                let line = source.text[..offset].matches('\n').count() + 1;
                complaints.push(format!("{}:{line}: names {place}, a place on one machine", source.path));
            }
        }
    }
    complaints
}
