//! Style and architecture as a test. Each rule is a function from sources to complaints, and each has been given a source
//! that it must complain about, at the end of this file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The only files of the library that may contain `unsafe`. Whoever adds one says there why, and here that it exists.
/// Tests say why as well, where they need it. What the macros generate is the business of `generator/airlock.rs`.
const UNSAFE_FILES: [&str; 21] = [
    "runtime/driver/poll/interest.rs",
    "runtime/driver/uring/core.rs",
    "runtime/driver/uring/doorbell.rs",
    "runtime/driver/uring/ring.rs",
    "runtime/generator/airlock.rs",
    "runtime/generator/async_machine.rs",
    "runtime/generator/co.rs",
    "runtime/generator/machine.rs",
    "runtime/net/receive.rs",
    "runtime/queue/deque.rs",
    "runtime/queue/slot.rs",
    "runtime/scheduler/current.rs",
    "runtime/scheduler/token.rs",
    "runtime/signal/delivery.rs",
    "runtime/task/harness.rs",
    "runtime/task/join.rs",
    "runtime/task/owned.rs",
    "runtime/task/pinned.rs",
    "runtime/task/raw.rs",
    "runtime/task/runnable.rs",
    "runtime/task/waker.rs",
];

/// May name std's atomics, besides `primitive.rs`: the ring's words are shared with the kernel.
const ATOMIC_FILES: [&str; 1] = ["runtime/driver/uring/ring.rs"];

/// May ask for the operating system, besides `driver/`.
const PLATFORM_FILES: [&str; 0] = [];

/// May be longer than [`LINE_COUNT_MAX`], with the reason.
const LONG_FILES: [(&str, &str); 1] = [(
    "runtime/runtime.rs",
    "the handle and the free functions are one interface; half of it is documentation",
)];

/// May be longer than [`FUNCTION_LINE_COUNT_MAX`], with the reason.
const LONG_FUNCTIONS: [(&str, &str, &str); 0] = [];

const LINE_COUNT_MAX: usize = 450;
const FUNCTION_LINE_COUNT_MAX: usize = 70;

/// Lines between an atomic access and the `Ordering:` note that covers it.
const NOTE_DISTANCE_MAX: usize = 12;

/// One file, as text and as code without comments and literals.
struct Source {
    path: String,
    text: String,
    /// The same length and lines; comments and the insides of literals are blank.
    code: String,
    /// The complement: only comments are left.
    comments: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        Source { path: path.to_owned(), text: text.to_owned(), code, comments }
    }

    fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    fn complaint(&self, offset: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, self.line_of(offset))
    }

    /// The room this file belongs to: the first name below `runtime/`.
    fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("runtime/")?;
        let first = rest.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
            .filter(|room| !matches!(*room, "lib" | "macros" | "must_not_compile"))
    }

    /// Does the whole file exist for tests only?
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().expect("a path has a name");
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || matches!(name, "models.rs" | "tests.rs" | "tidy.rs")
    }

    /// Where test modules at the end of the file begin.
    fn end_of_product(&self) -> usize {
        let marks = ["#[cfg(test)]\nmod ", "#[cfg(all(test"];
        marks.iter().filter_map(|mark| self.code.find(mark)).min().unwrap_or(self.code.len())
    }

    fn product(&self) -> &str {
        if self.is_test() { "" } else { &self.code[..self.end_of_product()] }
    }
}

/// Splits `text` into code and comments, each with everything else blanked and all lines kept.
fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut comments) = (vec![b' '; bytes.len()], vec![b' '; bytes.len()]);
    let mut index = 0;
    while index < bytes.len() {
        let end = match token_at(bytes, index) {
            Token::Comment(end) => {
                comments[index..end].copy_from_slice(&bytes[index..end]);
                end
            }
            Token::Literal(end) => {
                // The quotes stay, so that an empty call does not look like a call without arguments.
                code[index] = b'"';
                code[end - 1] = b'"';
                end
            }
            Token::Code => {
                code[index] = bytes[index];
                index + 1
            }
        };
        for place in index..end {
            if bytes[place] == b'\n' {
                code[place] = b'\n';
                comments[place] = b'\n';
            }
        }
        index = end;
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(code), text(comments))
}

enum Token {
    Comment(usize),
    Literal(usize),
    Code,
}

fn token_at(bytes: &[u8], start: usize) -> Token {
    let rest = &bytes[start..];
    let follows_word = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_');
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        return Token::Comment(start + length);
    }
    if rest.starts_with(b"/*") {
        let length = find(rest, b"*/").map_or(rest.len(), |place| place + 2);
        return Token::Comment(start + length);
    }
    if rest[0] == b'"' {
        return Token::Literal(start + quoted_length(rest, b'"'));
    }
    if rest[0] == b'r' && !follows_word {
        let hash_count = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
        if rest.get(1 + hash_count) == Some(&b'"') {
            let closing = [&b"\""[..], &b"#".repeat(hash_count)[..]].concat();
            let body = 2 + hash_count;
            let length =
                find(&rest[body..], &closing).map_or(rest.len(), |place| body + place + closing.len());
            return Token::Literal(start + length);
        }
    }
    // A quote is a character when it closes after one, else a lifetime.
    if rest[0] == b'\'' && (rest.get(1) == Some(&b'\\') || rest.get(2) == Some(&b'\'')) {
        return Token::Literal(start + quoted_length(rest, b'\''));
    }
    Token::Code
}

fn quoted_length(bytes: &[u8], quote: u8) -> usize {
    let mut index = 1;
    while index < bytes.len() && bytes[index] != quote {
        index += if bytes[index] == b'\\' { 2 } else { 1 };
    }
    (index + 1).min(bytes.len())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every place where `word` stands as a whole word.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(place, _)| place).filter(move |&place| {
        let bytes = text.as_bytes();
        let before = place.checked_sub(1).is_none_or(|before| !is_word_byte(bytes[before]));
        before && bytes.get(place + word.len()).is_none_or(|&after| !is_word_byte(after))
    })
}

// The rules.

/// How high a room stands. A room may import what stands lower, never what stands higher or beside it.
fn rank(room: &str) -> Option<u8> {
    match room {
        "primitive" => Some(0),
        "task" | "queue" | "blocking" | "generator" => Some(1),
        "time" | "driver" => Some(2),
        "scheduler" | "io" | "net" | "signal" => Some(3),
        "builder" | "runtime" | "join_set" => Some(4),
        "asyncio" => Some(5),
        _ => None,
    }
}

/// Rooms that share a rank and may know each other all the same.
fn are_neighbours(room: &str, other: &str) -> bool {
    let groups = [["io", "net", "signal"], ["builder", "runtime", "join_set"]];
    groups.iter().any(|group| group.contains(&room) && group.contains(&other))
}

fn imports_go_one_way(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let Some(own_rank) = rank(room) else {
            complaints
                .push(format!("{}: room `{room}` has no rank; give it one in tests/tidy.rs", source.path));
            continue;
        };
        let code = source.product();
        for (place, _) in code.match_indices("crate::") {
            for other in imported_rooms(&code[place + "crate::".len()..]) {
                let is_door = code[..place].trim_end().ends_with("pub use");
                let is_free = other == room || is_door || are_neighbours(room, &other);
                match rank(&other) {
                    Some(rank) if rank < own_rank || is_free => {}
                    Some(_) => {
                        complaints.push(source.complaint(place, &format!("`{room}` imports `{other}`")))
                    }
                    None if is_free || !is_module(sources, &other) => {}
                    None => complaints.push(source.complaint(place, &format!("`{other}` has no rank"))),
                }
            }
        }
    }
    complaints
}

/// The first names of a path or of a braced list of paths.
fn imported_rooms(path: &str) -> Vec<String> {
    let name = |text: &str| text.bytes().take_while(|&byte| is_word_byte(byte)).count();
    if let Some(list) = path.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut rooms = Vec::new();
        let mut is_start = true;
        for (place, byte) in list.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => break,
                b'}' => depth -= 1,
                b',' if depth == 0 => is_start = true,
                byte if is_start && is_word_byte(byte) => {
                    rooms.push(list[place..place + name(&list[place..])].to_owned());
                    is_start = false;
                }
                _ => {}
            }
        }
        return rooms;
    }
    vec![path[..name(path)].to_owned()]
}

fn is_module(sources: &[Source], name: &str) -> bool {
    sources.iter().any(|source| source.room() == Some(name))
}

fn unsafe_has_rooms(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some()) {
        let expectations = attributes(source, "expect").filter(|(_, text)| text.contains("unsafe_code"));
        let expectations: Vec<_> = expectations.collect();
        for (place, text) in &expectations {
            if !text.contains("reason = ") {
                complaints.push(source.complaint(*place, "no reason is given for `unsafe`"));
            }
        }
        for (place, text) in attributes(source, "allow") {
            if text.contains("unsafe_code") {
                complaints.push(source.complaint(place, "`expect(unsafe_code, reason)`, not `allow`"));
            }
        }
        let is_declared =
            expectations.iter().any(|(place, _)| source.is_test() || source.code[*place..].starts_with("#!"));
        let is_listed = source.is_test() || UNSAFE_FILES.contains(&source.path.as_str());
        // `unsafe fn(…)` is only a type.
        let first =
            words(&source.code, "unsafe").find(|place| !source.code[*place..].starts_with("unsafe fn("));
        match first {
            Some(place) if !(is_listed && is_declared) => {
                complaints
                    .push(source.complaint(place, "`unsafe` outside the files that are listed and say why"));
            }
            None if is_listed && !source.is_test() => {
                complaints.push(format!("{}: listed, but has no `unsafe`", source.path));
            }
            _ => {}
        }
    }
    complaints
}

/// Place and text of every `#[name(…)]` and `#![name(…)]`.
fn attributes<'a>(source: &'a Source, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    source.code.match_indices('#').filter_map(move |(place, _)| {
        let rest = &source.code[place..];
        let body = rest.trim_start_matches(['#', '!']).strip_prefix('[')?.strip_prefix(name)?;
        body.starts_with('(').then(|| (place, &rest[..rest.find(']').unwrap_or(rest.len())]))
    })
}

fn platforms_have_one_door(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.room().is_some_and(|room| room != "driver")) {
        if PLATFORM_FILES.contains(&source.path.as_str()) {
            continue;
        }
        for place in words(source.product(), "target_os") {
            complaints.push(source.complaint(place, "asks for the operating system outside `driver/`"));
        }
    }
    complaints
}

fn atomics_have_one_door(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let is_door = source.path == "runtime/primitive.rs" || source.room().is_none();
        // Models are tests that must go through the door; other tests never run under loom.
        let is_plain_test = source.is_test() && !source.path.ends_with("models.rs");
        if is_door || is_plain_test || ATOMIC_FILES.contains(&source.path.as_str()) {
            continue;
        }
        for library in ["std", "core"] {
            for place in words(&source.code, library) {
                let rest = &source.code[place..];
                let end = if is_use(&source.code, place) { rest.find(';') } else { path_end(rest) };
                let statement = &rest[..end.unwrap_or(rest.len())];
                for word in ["atomic", "UnsafeCell"] {
                    if words(statement, word).next().is_some() {
                        complaints
                            .push(source.complaint(place, &format!("{library}'s {word}, not the shim's")));
                    }
                }
            }
        }
        for place in words(&source.code, "loom") {
            complaints.push(source.complaint(place, "loom comes in through `primitive` only"));
        }
    }
    complaints
}

fn is_use(code: &str, place: usize) -> bool {
    code[..place].trim_end().ends_with("use") || code[..place].trim_end().ends_with("use ::")
}

fn path_end(rest: &str) -> Option<usize> {
    rest.bytes().position(|byte| !is_word_byte(byte) && byte != b':')
}

fn rooms_open_with_their_plan(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        if !source.path.starts_with("runtime/") || source.path.matches('/').count() != 2 {
            continue;
        }
        if !source.path.ends_with("/mod.rs") {
            continue;
        }
        let room = &source.path[..source.path.len() - "mod.rs".len()];
        let has_atomics = sources
            .iter()
            .any(|other| other.path.starts_with(room) && other.product().contains("Ordering::"));
        let mut wanted = vec!["# What", "# Algorithm", "# Invariants"];
        if has_atomics {
            wanted.push("# Orderings");
        }
        wanted.extend(["# Rejected", "# Verified by"]);
        let mut headings =
            source.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect::<Vec<_>>();
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
fn tags_are_defined_once_and_cited(sources: &[Source]) -> Vec<String> {
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

fn tag_at(text: &str) -> Option<&str> {
    let (tag, rest) = text.strip_prefix('[')?.split_once(']')?;
    let is_tag = tag.starts_with(|first: char| first.is_ascii_lowercase())
        && tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_tag && !rest.starts_with(['(', '['])).then_some(tag)
}

fn every_atomic_access_says_why(sources: &[Source]) -> Vec<String> {
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

fn nothing_is_left_undone(sources: &[Source]) -> Vec<String> {
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

fn names_say_what_they_name(sources: &[Source]) -> Vec<String> {
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

fn globs_stay_in_tests(sources: &[Source]) -> Vec<String> {
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

fn files_and_functions_fit(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("tests/")) {
        let line_count = source.text.lines().count();
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
fn functions(source: &Source) -> Vec<(String, usize, usize)> {
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

fn no_place_of_one_machine_is_named(sources: &[Source]) -> Vec<String> {
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

/// The table of faults names tests that exist.
fn claimed_tests_exist(sources: &[Source]) -> Vec<String> {
    let Some(table) = sources.iter().find(|source| source.path == "tests/FAULTS.md") else {
        return vec!["tests/FAULTS.md: is missing".to_owned()];
    };
    let mut complaints = Vec::new();
    let mut claim_count = 0;
    for (index, line) in table.text.lines().enumerate() {
        // A claim is written `file.rs::test`, in back quotes.
        for claim in line.split('`').skip(1).step_by(2).filter(|claim| claim.contains(".rs::")) {
            claim_count += 1;
            let (path, test) = claim.split_once("::").expect("just seen");
            let source = sources.iter().find(|source| source.path == path);
            let is_there = source.is_some_and(|source| {
                let signature = format!("fn {test}(");
                source.code.find(&signature).is_some_and(|place| {
                    // An attribute stands close above: a test of its own, not a function that one calls.
                    source.code[..place].rsplit('}').next().is_some_and(|above| above.contains("test]"))
                })
            });
            if !is_there {
                complaints.push(format!("tests/FAULTS.md:{}: there is no test {claim}", index + 1));
            }
        }
    }
    if claim_count == 0 {
        complaints.push("tests/FAULTS.md: claims nothing".to_owned());
    }
    complaints
}

// The rules, applied.

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["runtime", "tests", "examples", "benches", "ci", ".ci"] {
        collect(root, &root.join(folder), &mut sources);
    }
    for file in ["README.md", "CHANGELOG.md", "Cargo.toml"] {
        if let Ok(text) = std::fs::read_to_string(root.join(file)) {
            sources.push(Source::new(file, &text));
        }
    }
    assert!(sources.len() > 30, "the walk found the tree");
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            // A member built on its own has its own target folder.
            if path.file_name().is_some_and(|name| name != "target") {
                collect(root, &path, sources);
            }
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let relative =
                path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            sources.push(Source::new(&relative, &text));
        }
    }
}

fn rust(sources: Vec<Source>) -> Vec<Source> {
    sources.into_iter().filter(|source| source.path.ends_with(".rs")).collect()
}

#[track_caller]
fn expect_tidy(complaints: Vec<String>) {
    let unique: BTreeSet<String> = complaints.into_iter().collect();
    let text: Vec<String> = unique.into_iter().collect();
    assert!(text.is_empty(), "\n{}\n", text.join("\n"));
}

#[test]
fn rooms_import_only_what_stands_below_them() {
    expect_tidy(imports_go_one_way(&rust(sources())));
}

#[test]
fn unsafe_stands_only_in_files_that_say_why() {
    expect_tidy(unsafe_has_rooms(&rust(sources())));
}

#[test]
fn the_operating_system_is_asked_for_in_one_room() {
    expect_tidy(platforms_have_one_door(&rust(sources())));
}

#[test]
fn atomics_cells_and_loom_come_through_one_door() {
    expect_tidy(atomics_have_one_door(&rust(sources())));
}

#[test]
fn every_room_opens_with_its_plan() {
    expect_tidy(rooms_open_with_their_plan(&rust(sources())));
}

#[test]
fn every_tag_is_defined_once_and_cited() {
    expect_tidy(tags_are_defined_once_and_cited(&rust(sources())));
}

#[test]
fn every_atomic_access_has_its_note() {
    expect_tidy(every_atomic_access_says_why(&rust(sources())));
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    expect_tidy(nothing_is_left_undone(&rust(sources())));
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    expect_tidy(names_say_what_they_name(&sources()));
}

#[test]
fn globs_are_imported_in_tests_only() {
    expect_tidy(globs_stay_in_tests(&rust(sources())));
}

#[test]
fn files_and_functions_fit_on_their_screens() {
    expect_tidy(files_and_functions_fit(&rust(sources())));
}

#[test]
fn no_path_of_a_machine_is_named() {
    expect_tidy(no_place_of_one_machine_is_named(&sources()));
}

#[test]
fn every_test_that_the_table_of_faults_claims_exists() {
    expect_tidy(claimed_tests_exist(&sources()));
}

// Every rule can fail.

#[track_caller]
fn expect_complaint(rule: fn(&[Source]) -> Vec<String>, path: &str, text: &str, about: &str) {
    let complaints = rule(&[Source::new(path, text)]);
    assert!(
        complaints.iter().any(|complaint| complaint.contains(about)),
        "not found: {about}\n{complaints:?}"
    );
}

#[track_caller]
fn expect_no_complaint(rule: fn(&[Source]) -> Vec<String>, path: &str, text: &str) {
    expect_tidy(rule(&[Source::new(path, text)]));
}

#[test]
fn rules_about_architecture_can_fail() {
    let rule = imports_go_one_way;
    expect_complaint(rule, "runtime/task/raw.rs", "use crate::driver::Driver;\n", "`task` imports `driver`");
    expect_complaint(rule, "runtime/task/raw.rs", "use crate::{primitive, time};\n", "`task` imports `time`");
    expect_complaint(rule, "runtime/net/tcp.rs", "fn f() { crate::scheduler::g() }\n", "imports `scheduler`");
    expect_complaint(rule, "runtime/attic/mod.rs", "fn f() {}\n", "no rank");
    expect_no_complaint(rule, "runtime/task/mod.rs", "pub use crate::runtime::spawn;\n// crate::driver\n");
    expect_no_complaint(
        rule,
        "runtime/time/mod.rs",
        "use crate::task;\n#[cfg(test)]\nmod tests { use crate::driver; }",
    );
    let rule = unsafe_has_rooms;
    expect_complaint(rule, "runtime/net/tcp.rs", "fn f() { unsafe { g() } }\n", "`unsafe` outside");
    expect_complaint(rule, UNSAFE_FILES[0], "fn f() { unsafe { g() } }\n", "`unsafe` outside");
    expect_complaint(rule, UNSAFE_FILES[0], "#![expect(unsafe_code)]\nunsafe fn f() {}\n", "no reason");
    expect_complaint(rule, UNSAFE_FILES[0], "fn f() {}\n", "has no `unsafe`");
    expect_complaint(rule, UNSAFE_FILES[0], "#![allow(unsafe_code)]\n", "not `allow`");
    expect_no_complaint(
        rule,
        "runtime/net/tcp.rs",
        "// unsafe\nconst A: &str = \"unsafe\"; // not unsafe_code\n",
    );
    expect_complaint(
        platforms_have_one_door,
        "runtime/net/a.rs",
        "#[cfg(target_os = \"linux\")]\n",
        "outside",
    );
    let rule = atomics_have_one_door;
    expect_complaint(rule, "runtime/net/a.rs", "use std::sync::{Arc, atomic::AtomicBool};\n", "std's atomic");
    expect_complaint(rule, "runtime/net/a.rs", "type A = core::cell::UnsafeCell<u8>;\n", "core's UnsafeCell");
    expect_complaint(rule, "runtime/net/a.rs", "use loom::thread;\n", "loom comes in");
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "#[cfg(rt_loom)]\nuse std::sync::Arc;\nuse crate::primitive::atomic::A;\n",
    );
    let rule = rooms_open_with_their_plan;
    expect_complaint(
        rule,
        "runtime/net/mod.rs",
        "//! # What\n//! # Algorithm\n",
        "`# Invariants` is missing",
    );
    expect_complaint(rule, "runtime/net/mod.rs", "//! Sockets.\n", "does not open");
    let plan = "//! # What\n//! # Algorithm\n//! # Invariants\n//! # Rejected\n//! # Verified by\n";
    expect_no_complaint(rule, "runtime/net/mod.rs", plan);
    expect_complaint(
        rule,
        "runtime/net/mod.rs",
        &format!("{plan}fn f() {{ Ordering::Relaxed }}"),
        "`# Orderings`",
    );
}

#[test]
fn rules_about_notes_can_fail() {
    let rule = tags_are_defined_once_and_cited;
    expect_complaint(rule, "runtime/a.rs", "// SAFETY: [no-such]: never.\n", "no header defines it");
    expect_complaint(rule, "runtime/a.rs", "//! - `[one-owner]` it is.\n", "nothing rests on it");
    expect_complaint(rule, "runtime/a.rs", "//! - [a-b] x\n//! - [a-b] y\n// [a-b]\n", "more than once");
    expect_no_complaint(
        rule,
        "runtime/a.rs",
        "//! - `[one-owner]` it is.\n// SAFETY: `[one-owner]`.\n//! [li-nk](x)\n",
    );
    let rule = every_atomic_access_says_why;
    expect_complaint(
        rule,
        "runtime/net/a.rs",
        "fn f() { A.load(Ordering::Relaxed) }\n",
        "without an `Ordering:`",
    );
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "// Ordering: Relaxed, a hint.\nfn f() { A.load(Ordering::Relaxed) }\n",
    );
    let rule = nothing_is_left_undone;
    expect_complaint(rule, "runtime/a.rs", "fn f() { todo!() }\n", "`todo!` is left");
    expect_complaint(rule, "runtime/a.rs", concat!("// FIX", "ME later\n"), "is left");
    let rule = claimed_tests_exist;
    expect_complaint(rule, "tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n", "there is no test");
    expect_complaint(rule, "tests/FAULTS.md", "nothing\n", "claims nothing");
    expect_complaint(rule, "tests/a.rs", "", "is missing");
    let table = Source::new("tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n");
    let function = Source::new("tests/a.rs", "fn a() {}\nfn b() {}\n");
    assert!(!claimed_tests_exist(&[table, function]).is_empty(), "a function that is no test is no proof");
    let table = Source::new("tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n");
    let test = Source::new("tests/a.rs", "fn a() {}\n#[test]\nfn b() {}\n");
    expect_tidy(claimed_tests_exist(&[table, test]));
}

#[test]
fn rules_about_form_can_fail() {
    expect_complaint(names_say_what_they_name, "runtime/net/util.rs", "", "says nothing");
    expect_complaint(globs_stay_in_tests, "runtime/net/a.rs", "use super::*;\n", "imports everything");
    expect_no_complaint(globs_stay_in_tests, "runtime/net/tests.rs", "use super::*;\n");
    let rule = files_and_functions_fit;
    expect_complaint(rule, "runtime/a.rs", &"\n".repeat(LINE_COUNT_MAX + 1), "lines");
    let long = format!("fn f<'a>() {{ let _ = '}}'; {} }}\n", "\n".repeat(FUNCTION_LINE_COUNT_MAX));
    expect_complaint(rule, "runtime/a.rs", &long, "`f` has");
    expect_no_complaint(rule, "runtime/a.rs", "trait A { fn f(&self); }\ntype B = fn(u8) -> u8;\n");
    let text = concat!("path /wo", "rk/x\n");
    expect_complaint(no_place_of_one_machine_is_named, "README.md", text, "a place on one machine");
}

#[test]
fn code_and_comments_are_told_apart() {
    let source = Source::new(
        "runtime/a.rs",
        "let a = \"// no\"; // yes 'x\nlet b = r#\"\"unsafe\"#; let c = '\\''; /* no */ d<'e>",
    );
    assert!(!source.code.contains("no") && !source.code.contains("unsafe") && !source.code.contains("yes"));
    assert!(source.code.contains("let b =") && source.code.contains("d<'e>"));
    assert!(source.comments.contains("// yes 'x") && source.comments.contains("/* no */"));
    assert_eq!(source.comments.lines().count(), 2);
}
