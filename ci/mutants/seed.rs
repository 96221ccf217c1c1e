//! Seeds mutants into a copy of the sources: all of them at once, each behind a question that the environment variable
//! `RT_MUTANT` answers at run time, so that one build serves them all and the library itself knows nothing of them.
//!
//! A table (`ci/mutants/*.txt`) holds one mutant per paragraph:
//!
//! ```text
//! second-thief runtime/queue/deque.rs fn claim(
//! A thief is let in while another one is at it.
//! - head.is_being_stolen_from() || waiting == 0
//! + waiting == 0
//! = queue::models::a_second_thief_does_not_hide_the_first
//! ```
//!
//! Name, file and an anchor that stands once in the file; what it means; what stands once in the block after the anchor,
//! and what is put in its place (nothing: the step is dropped); the tests that must fail, one a line. White space in the
//! old text may be any white space. What does not apply exactly once is an error, so the tables cannot rot.

use std::fmt::Write as _;

/// A change that must not go unnoticed.
pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) file: String,
    anchor: String,
    /// Stands before `old` and stays.
    before: String,
    old: String,
    new: String,
    pub(crate) tests: Vec<String>,
}

/// Reads a table. `path` is for complaints.
pub(crate) fn parse(path: &str, text: &str) -> Result<Vec<Mutant>, String> {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| parse_one(paragraph).map_err(|error| format!("{path}: {error}"))).collect()
}

fn parse_one(paragraph: &str) -> Result<Mutant, String> {
    let mut lines = paragraph.lines();
    let head = lines.next().expect("a paragraph has a line");
    let mut words = head.splitn(3, ' ');
    let (Some(name), Some(file), Some(anchor)) = (words.next(), words.next(), words.next()) else {
        return Err(format!("`{head}` is not a name, a file and an anchor"));
    };
    let mut mutant = Mutant {
        name: name.to_owned(),
        file: file.to_owned(),
        anchor: anchor.to_owned(),
        before: String::new(),
        old: String::new(),
        new: String::new(),
        tests: Vec::new(),
    };
    let mut has_meaning = false;
    for line in lines {
        match line.split_once(' ') {
            Some(("-", text)) => mutant.old.push_str(&format!("{text}\n")),
            Some(("+", text)) => mutant.new.push_str(&format!("{text}\n")),
            Some(("=", test)) => mutant.tests.push(test.to_owned()),
            _ => has_meaning = true,
        }
    }
    if mutant.old.is_empty() || mutant.tests.is_empty() || !has_meaning {
        return Err(format!("{name}: what it means, what it changes, or its test is missing"));
    }
    for frame in ["if ", "=> "] {
        mutant.narrow(frame);
    }
    Ok(mutant)
}

impl Mutant {
    /// What stands before the expression, in the old text and the new one, only tells which expression is meant.
    fn narrow(&mut self, frame: &str) {
        let end = self.old.find(frame).map_or(0, |start| start + frame.len());
        if end > 0 && self.new.starts_with(&self.old[..end]) && !self.old.trim_end().ends_with([';', '}']) {
            self.before = self.old[..end].trim().to_owned();
            self.old.drain(..end);
            self.new.drain(..end);
        }
    }
}

/// The whole of `text`, the contents of `file`, with every mutant of that file in it.
pub(crate) fn seed(file: &str, text: &str, mutants: &[Mutant]) -> Result<String, String> {
    let mut changes: Vec<Change> = Vec::new();
    for mutant in mutants.iter().filter(|mutant| mutant.file == file) {
        let (start, end) = place(text, mutant).map_err(|error| format!("{}: {error}", mutant.name))?;
        let choice = (mutant.name.as_str(), start, end, mutant.new.as_str());
        match changes.iter_mut().find(|change| start < change.end && change.start < end) {
            None => changes.push(Change { start, end, choices: vec![choice] }),
            Some(change) => {
                // One contains the other: the wider text is chosen as a whole.
                (change.start, change.end) = (change.start.min(start), change.end.max(end));
                change.choices.push(choice);
            }
        }
    }
    changes.sort_by_key(|change| change.start);
    let mut seeded = String::new();
    let mut done = 0;
    for change in changes {
        if change.start < done {
            return Err(format!("{}: overlaps another mutant", change.choices[0].0));
        }
        seeded.push_str(&text[done..change.start]);
        seeded.push_str(&change.seeded(text));
        done = change.end;
    }
    seeded.push_str(&text[done..]);
    Ok(seeded)
}

/// A stretch of the text that some mutants change, whole or in part: name, start, end, new text.
struct Change<'a> {
    start: usize,
    end: usize,
    choices: Vec<(&'a str, usize, usize, &'a str)>,
}

impl Change<'_> {
    /// An expression or statement that is the mutant's if it was chosen, and else the old one.
    fn seeded(&self, text: &str) -> String {
        let mut seeded = String::new();
        for (name, start, end, new) in &self.choices {
            let (before, after) = (&text[self.start..*start], &text[*end..self.end]);
            let _ =
                write!(seeded, "if crate::primitive::is_mutant({name:?}) {{ {before}{new}{after} }} else ");
        }
        let old = &text[self.start..self.end];
        if old.ends_with([';', '}']) {
            format!("{seeded}{{ {old} }}")
        } else {
            format!("({seeded}{{ {old} }})")
        }
    }
}

/// Where the old text stands: once, in the block that follows the anchor.
pub(crate) fn place(text: &str, mutant: &Mutant) -> Result<(usize, usize), String> {
    let anchor = match text.match_indices(&mutant.anchor).map(|(start, _)| start).collect::<Vec<_>>()[..] {
        [start] => start,
        [] => return Err(format!("`{}` is not in {}", mutant.anchor, mutant.file)),
        _ => return Err(format!("`{}` is more than once in {}", mutant.anchor, mutant.file)),
    };
    let block = anchor + block_len(&text[anchor..]);
    let starts = text[anchor..block].char_indices().map(|(start, _)| anchor + start);
    let whole = format!("{} {}", mutant.before, mutant.old);
    let mut found = starts.filter_map(|start| Some((start, start + matching(&text[start..block], &whole)?)));
    match (found.next(), found.next()) {
        (Some((start, end)), None) => {
            // White space after what stays is not the old text's.
            let rest = &text[start..end];
            let start = start + matching(rest, &mutant.before).unwrap_or(0);
            Ok((start + text[start..end].len() - text[start..end].trim_start().len(), end))
        }
        (None, _) => Err(format!("`{}` is not in the block after `{}`", whole.trim(), mutant.anchor)),
        (Some(_), Some(_)) => Err(format!("`{}` is more than once after `{}`", whole.trim(), mutant.anchor)),
    }
}

/// The length of `text` up to the end of its first block in braces.
fn block_len(text: &str) -> usize {
    let mut depth = 0;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return place + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// How much of `text` is `pattern`, if it begins with it. White space matches white space.
fn matching(text: &str, pattern: &str) -> Option<usize> {
    let mut rest = text;
    let mut words = pattern.split_whitespace();
    rest = rest.strip_prefix(words.next()?)?;
    for word in words {
        let trimmed = rest.trim_start();
        if trimmed.len() == rest.len() {
            return None;
        }
        rest = trimmed.strip_prefix(word)?;
    }
    Some(text.len() - rest.len())
}

/// What the copy's `primitive` gets.
pub(crate) const QUESTION: &str = r#"
/// Whether the mutant `name` was chosen for this run.
pub(crate) fn is_mutant(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("RT_MUTANT").ok()).as_deref() == Some(name)
}
"#;

/// `seed COPY TABLE...`: seeds the tree `COPY`; prints each mutant's name and its tests.
#[allow(dead_code, reason = "the rules of tidiness include this file for its parser")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (tree, tables) = arguments.split_first().expect("usage: seed COPY TABLE...");
    if let Err(error) = seed_tree(tree, tables) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn seed_tree(tree: &str, tables: &[String]) -> Result<(), String> {
    let read = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let write =
        |path: &str, text: &str| std::fs::write(path, text).map_err(|error| format!("{path}: {error}"));
    let mut mutants = Vec::new();
    for table in tables {
        mutants.extend(parse(table, &read(table)?)?);
    }
    let mut names: Vec<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("{} is defined twice", twice[0]));
    }
    let mut files: Vec<&str> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let path = format!("{tree}/{file}");
        write(&path, &seed(file, &read(&path)?, &mutants)?)?;
    }
    let door = format!("{tree}/runtime/primitive/mod.rs");
    write(&door, &(read(&door)? + QUESTION))?;
    for mutant in &mutants {
        println!("{} {}", mutant.name, mutant.tests.join(" "));
    }
    Ok(())
}
