//! Rules about prose: its width, the files that it names, and the figures that it gives.

use std::collections::BTreeSet;

use crate::proof;
use crate::source::{DESIGN, Source};

/// Columns of a comment line, with its indentation. Code may be wider: see `.rustfmt.toml`.
pub(crate) const COMMENT_WIDTH_MAX: usize = 100;

/// Columns of a line of a Markdown file at the root, in `docs/` or in `examples/`.
pub(crate) const MARKDOWN_WIDTH_MAX: usize = 120;

/// Whose comments are held to [`COMMENT_WIDTH_MAX`], and to naming files that exist: files, or
/// directories with everything below. `""` is the whole tree.
const REVISED: [&str; 2] = ["runtime/", "tests/tidy/"];

/// Markdown files that are not revised yet.
const UNREVISED_MARKDOWN: [&str; 0] = [];

/// Files whose figures are checked.
const FIGURED: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// Names that stand for any file of that name.
const ANY_FILES: [&str; 5] = ["file.rs", "mod.rs", "main.rs", "models.rs", "DESIGN.md"];

/// Parts of names that stand for any name.
const ANY_NAMES: [&str; 2] = ["NAME", "ROOM"];

fn is_revised(source: &Source) -> bool {
    REVISED.iter().any(|start| source.path.starts_with(start))
}

fn is_unrevised(source: &Source) -> bool {
    UNREVISED_MARKDOWN.contains(&source.path.as_str())
}

fn is_markdown_at_the_top(source: &Source) -> bool {
    let is_near = !source.path.contains('/')
        || ["docs/", "examples/"].iter().any(|start| source.path.starts_with(start));
    is_near && source.path.ends_with(".md")
}

/// Rows of tables and lines with a URL cannot be wrapped.
fn can_be_wrapped(text: &str) -> bool {
    !text.starts_with('|') && !text.contains("://")
}

pub(crate) fn comments_fit(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".rs") && is_revised(source)) {
        // Strings that look like comments are code.
        for (index, line) in source.comments.lines().enumerate() {
            let line = line.trim_end();
            let text = line.trim_start().trim_start_matches(['/', '!', '*']).trim_start();
            let is_comment = source.text.lines().nth(index).is_some_and(|line| line.trim().starts_with("//"));
            let width = line.chars().count();
            if is_comment && width > COMMENT_WIDTH_MAX && can_be_wrapped(text) {
                let place = format!("{}:{}", source.path, index + 1);
                complaints.push(format!("{place}: a comment of {width} columns; {COMMENT_WIDTH_MAX} fit"));
            }
        }
    }
    complaints
}

pub(crate) fn markdown_fits(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    let is_checked = |source: &&Source| is_markdown_at_the_top(source) && !is_unrevised(source);
    for source in sources.iter().filter(is_checked) {
        for (index, line) in source.text.lines().enumerate() {
            let width = line.chars().count();
            if width > MARKDOWN_WIDTH_MAX && can_be_wrapped(line.trim_start()) {
                let place = format!("{}:{}", source.path, index + 1);
                complaints.push(format!("{place}: a line of {width} columns; {MARKDOWN_WIDTH_MAX} fit"));
            }
        }
    }
    complaints
}

/// A file that a comment, a design or a Markdown file at the top names in back quotes exists. The
/// name is a path from the root, from `runtime/` or from a directory around the file that names it;
/// or it is the end of a path in the same room.
pub(crate) fn named_files_exist(sources: &[Source]) -> Vec<String> {
    let paths: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let mut complaints = Vec::new();
    for source in sources {
        let is_markdown = is_markdown_at_the_top(source);
        let has_comments = source.path.ends_with(".rs") || source.path.ends_with(DESIGN);
        let is_checked = if is_markdown { !is_unrevised(source) } else { has_comments && is_revised(source) };
        if !is_checked {
            continue;
        }
        let text = if is_markdown { &source.text } else { &source.comments };
        for (index, line) in text.lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2).filter_map(file_name) {
                if !exists(&paths, &source.path, name) {
                    complaints.push(format!("{}:{}: there is no file `{name}`", source.path, index + 1));
                }
            }
        }
    }
    complaints
}

/// The file that a quoted word names, without a test's name behind it.
fn file_name(word: &str) -> Option<&str> {
    let name = word.split("::").next().expect("a split has a first part");
    let is_file = [".rs", ".md", ".sh"].iter().any(|end| name.len() > end.len() && name.ends_with(end));
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
    let is_any = ANY_FILES.contains(&name) || ANY_NAMES.iter().any(|any| name.contains(any));
    (is_file && is_plain && !is_any).then_some(name)
}

fn exists(paths: &BTreeSet<&str>, from: &str, name: &str) -> bool {
    // All directories around the file are searched.
    let name = name.trim_start_matches("../");
    let mut around = from;
    while let Some((directory, _)) = around.rsplit_once('/') {
        if paths.contains(format!("{directory}/{name}").as_str()) {
            return true;
        }
        around = directory;
    }
    let room = from.match_indices('/').nth(1).map(|(place, _)| &from[..=place]);
    let is_in_the_room =
        |path: &&str| room.is_some_and(|room| path.starts_with(room)) && path.ends_with(&format!("/{name}"));
    [name, &format!("runtime/{name}")].iter().any(|path| paths.contains(path))
        || paths.iter().any(is_in_the_room)
}

/// The index of the examples has a row for each.
pub(crate) fn examples_are_listed(sources: &[Source]) -> Vec<String> {
    const INDEX: &str = "examples/README.md";
    let Some(index) = sources.iter().find(|source| source.path == INDEX) else {
        return vec![format!("{INDEX}: is missing")];
    };
    let is_program = |name: &str| match name.split_once('/') {
        None => true,
        Some((directory, rest)) if !rest.contains('/') => {
            matches!(directory, "generators" | "ecosystem") || rest == "main.rs"
        }
        Some(_) => false,
    };
    let examples = sources.iter().filter_map(|source| source.path.strip_prefix("examples/"));
    let examples = examples.filter(|name| name.ends_with(".rs") && is_program(name));
    let unlisted = examples.filter(|name| !index.text.contains(&format!("| `{name}` |")));
    unlisted.map(|name| format!("{INDEX}: has no row for `{name}`")).collect()
}

/// How many mutants, models, scenarios and workloads there are stands in a text only if it is true.
pub(crate) fn figures_are_true(sources: &[Source]) -> Vec<String> {
    let counts = [
        ("mutants", proof::mutants(sources).map_or(0, |mutants| mutants.len())),
        ("models", proof::models(sources).iter().filter(|name| name.contains("::models::")).count()),
        ("scenarios", proof::models(sources).iter().filter(|name| name.starts_with("scenarios::")).count()),
        ("workloads", workloads_count(sources)),
    ];
    let mut complaints = Vec::new();
    let is_checked = |source: &&Source| FIGURED.contains(&source.path.as_str()) && !is_unrevised(source);
    for source in sources.iter().filter(is_checked) {
        let words: Vec<&str> = source.text.split_whitespace().collect();
        for pair in words.windows(2) {
            let noun = pair[1].trim_matches(|mark: char| !mark.is_ascii_alphabetic());
            let figure = pair[0].replace(',', "").parse::<usize>();
            for (_, count) in counts.iter().filter(|(name, _)| *name == noun) {
                if figure.as_ref().is_ok_and(|figure| figure != count) {
                    complaints.push(format!("{}: {} {noun}; there are {count}", source.path, pair[0]));
                }
            }
        }
    }
    complaints
}

/// The length of the table of workloads.
fn workloads_count(sources: &[Source]) -> usize {
    let table = sources.iter().find(|source| source.path == "benches/src/workload/mod.rs");
    let rest = table.and_then(|table| table.code.split_once("const ALL: [About; ")).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split(']').next()?.parse().ok()).unwrap_or(0)
}
