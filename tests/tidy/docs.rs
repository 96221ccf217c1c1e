//! Rules about the documentation of items: the order of its sections, its examples, its words for
//! panics, and the features that it names.

use crate::source::{Source, is_word_byte};

/// The headings for what each item may have, in their order. Other headings come before them.
const SECTIONS: [&str; 4] = ["Errors", "Panics", "Cancel safety", "Examples"];

/// The beginnings of other spellings of [`SECTIONS`], in small letters.
const SPELLINGS: [&str; 4] = ["error", "panic", "cancel", "example"];

/// How a text may speak of a thread without a runtime.
const OUTSIDE: [&str; 4] =
    ["outside of a runtime", "outside a runtime", "outside the runtime", "outside of the runtime"];

/// How a `# Panics` section speaks of it: "Panics if called outside of a runtime.", and "The future
/// panics if it has to wait outside of a runtime."
const CALLS: [&str; 3] =
    ["called outside of a runtime", "wait outside of a runtime", "room outside of a runtime"];

/// How it promises that a call works there.
const PROMISES: [&str; 2] = ["not panic outside of a runtime", "created outside of a runtime"];

/// Items without an example: the end of the path, the item (`""` is every one) and the reason.
const NO_EXAMPLE: [(&str, &str, &str); 20] = [
    ("asyncio/adopt.rs", "Close", "sealed: no user implements or calls it"),
    ("buf/fixed_memory.rs", "FixedMemory", "no user can name it"),
    ("driver/facade.rs", "", "hidden: only the crate `tokio` names it"),
    ("fs/facade.rs", "", "hidden: only the crate `tokio` calls it"),
    ("generator/airlock.rs", "", "hidden: only what the macros write calls it"),
    ("generator/async_delegate.rs", "", "hidden: only what the macros write calls it"),
    ("generator/async_machine.rs", "async_machine", "hidden: only what the macros write calls it"),
    ("generator/co.rs", "SealedBody", "no user can name it"),
    ("generator/delegate.rs", "", "hidden: only what the macros write calls it"),
    ("generator/fallible.rs", "LosesNothing", "no user can name it"),
    ("generator/fallible.rs", "Pinned", "hidden: it exists for its error message"),
    ("generator/fallible.rs", "next", "hidden: it exists for its error message"),
    ("generator/machine.rs", "machine", "hidden: only what the macros write calls it"),
    ("io/splice/ends.rs", "SealedSource", "no user can name it"),
    ("io/splice/ends.rs", "SealedTarget", "no user can name it"),
    ("io/splice/ends.rs", "SpliceSide", "no user can name it"),
    ("net/address/to_socket_addrs.rs", "Target", "no user can name it"),
    ("net/address/to_socket_addrs.rs", "Resolve", "no user can name it"),
    ("net/stream/family.rs", "SealedFamily", "no user can name it"),
    ("runtime/facade.rs", "", "hidden: only the crate `tokio` calls it"),
];

/// A run of lines that document one thing.
struct Block<'a> {
    /// The line of the first one, from 0.
    start: usize,
    lines: Vec<&'a str>,
    /// The line after the last one, from 0.
    end: usize,
    is_header: bool,
}

/// Every run of `///` or `//!` lines, without the marks.
fn blocks(source: &Source) -> Vec<Block<'_>> {
    let mut found: Vec<Block<'_>> = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let line = line.trim_start();
        let marks = [("///", false), ("//!", true)];
        let Some((text, is_header)) =
            marks.iter().find_map(|(mark, is_header)| Some((line.strip_prefix(mark)?, *is_header)))
        else {
            continue;
        };
        let text = text.strip_prefix(' ').unwrap_or(text);
        match found.last_mut().filter(|block| block.end == index && block.is_header == is_header) {
            Some(block) => {
                block.lines.push(text);
                block.end = index + 1;
            }
            None => found.push(Block { start: index, lines: vec![text], end: index + 1, is_header }),
        }
    }
    found
}

impl<'a> Block<'a> {
    /// The lines outside of examples, with their places in the block.
    fn prose(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let mut is_code = false;
        self.lines.iter().enumerate().filter_map(move |(index, line)| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            (!is_code && !is_fence).then_some((index, *line))
        })
    }

    fn headings(&self) -> Vec<&'a str> {
        self.prose().filter_map(|(_, line)| line.strip_prefix("# ")).collect()
    }

    fn has_example(&self) -> bool {
        self.lines.iter().any(|line| line.trim_start().starts_with("```"))
    }

    /// The text below a heading, in one line.
    fn section(&self, name: &str) -> Option<String> {
        let mut lines =
            self.prose().map(|(_, line)| line).skip_while(|line| line.strip_prefix("# ") != Some(name));
        lines.next()?;
        Some(lines.take_while(|line| !line.starts_with("# ")).collect::<Vec<_>>().join(" "))
    }

    fn complaint(&self, source: &Source, what: &str) -> String {
        format!("{}:{}: {what}", source.path, self.start + 1)
    }
}

fn is_documented(source: &&Source) -> bool {
    source.path.starts_with("runtime/") && source.path.ends_with(".rs") && !source.is_test()
}

/// How many lines of the file are examples in its documentation.
pub(crate) fn example_line_count(source: &Source) -> usize {
    blocks(source).iter().map(|block| block.lines.len() - block.prose().count()).sum()
}

pub(crate) fn sections_are_in_order(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(is_documented) {
        for block in blocks(source) {
            let headings = block.headings();
            let rank = |heading: &&str| SECTIONS.iter().position(|section| section == heading);
            for heading in headings.iter().filter(|heading| rank(heading).is_none()) {
                let is_spelled = |spelling: &&str| heading.to_lowercase().starts_with(spelling);
                if SPELLINGS.iter().any(is_spelled) {
                    let what = format!("`# {heading}` is none of the headings {SECTIONS:?}");
                    complaints.push(block.complaint(source, &what));
                }
            }
            let ranks: Vec<usize> = headings.iter().filter_map(rank).collect();
            let first = headings.iter().position(|heading| rank(heading).is_some()).unwrap_or(headings.len());
            let is_mixed =
                !block.is_header && headings[first..].iter().any(|heading| rank(heading).is_none());
            if !ranks.is_sorted() || is_mixed {
                let what =
                    format!("the sections are {headings:?}; the last ones are {SECTIONS:?}, in this order");
                complaints.push(block.complaint(source, &what));
            }
        }
    }
    complaints
}

/// A call that panics outside of a runtime says so in the same words everywhere.
pub(crate) fn panics_have_one_wording(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(is_documented) {
        for block in blocks(source) {
            let text = block.section("Panics").unwrap_or_default();
            let count = |words: &[&str]| words.iter().map(|words| text.matches(words).count()).sum::<usize>();
            // "The methods do not panic outside of a runtime" is a promise.
            let promise_count = count(&PROMISES);
            if count(&OUTSIDE) > count(&CALLS) + promise_count {
                let what = format!("panics in other words than {CALLS:?}");
                complaints.push(block.complaint(source, &what));
            }
        }
    }
    complaints
}

/// The kind and the name of the public item that a line of code begins.
fn public_item(code: &str) -> Option<(&str, &str)> {
    let mut rest = code.trim_start().strip_prefix("pub ")?;
    loop {
        let (word, after) = rest.split_once(' ')?;
        rest = after;
        match word {
            "async" | "const" | "unsafe" => {}
            "fn" | "struct" | "enum" | "union" | "trait" | "type" => {
                let end = rest.bytes().position(|byte| !is_word_byte(byte)).unwrap_or(rest.len());
                return Some((word, &rest[..end]));
            }
            _ => return None,
        }
    }
}

/// Every public type and every public function has an example, or refers to the one of the same
/// function of another type.
pub(crate) fn public_items_have_examples(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    // The crate `tokio` has the items of tokio, whose documentation has the examples.
    let is_checked = |source: &&Source| {
        is_documented(source) && !["/macros/", "runtime/tokio/"].iter().any(|part| source.path.contains(part))
    };
    for source in sources.iter().filter(is_checked) {
        let blocks = blocks(source);
        let lines: Vec<&str> = source.product().lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((kind, name)) = public_item(line) else { continue };
            let is_attribute = |line: &&&str| line.trim_start().starts_with("#[");
            let first = index - lines[..index].iter().rev().take_while(is_attribute).count();
            let docs = blocks.iter().find(|block| block.end == first && !block.is_header);
            let has_example = docs.is_some_and(Block::has_example);
            let refers = |block: &Block<'_>| kind == "fn" && block.lines[0].contains(&format!("::{name}`]"));
            let is_excused = NO_EXAMPLE
                .iter()
                .any(|(path, item, _)| source.path.ends_with(path) && ["", name].contains(item));
            if !has_example && !docs.is_some_and(refers) && !is_excused {
                complaints.push(format!("{}:{}: `{name}` has no example", source.path, index + 1));
            }
        }
    }
    complaints
}

/// A public item that a feature adds names it, above itself or in the header of its file.
pub(crate) fn gated_items_name_their_feature(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    // The features of the crate `tokio` are those of tokio, whose documentation names them.
    let is_checked = |source: &&Source| is_documented(source) && !source.path.contains("runtime/tokio/");
    for source in sources.iter().filter(is_checked) {
        let lines: Vec<&str> = source.text.lines().collect();
        let blocks = blocks(source);
        for (index, line) in lines.iter().enumerate() {
            let Some(rest) = line.strip_prefix("#[cfg(feature = \"") else { continue };
            let feature = rest.split('"').next().unwrap_or_default();
            let item = lines[index..].iter().find(|line| !line.starts_with("#["));
            if !item.is_some_and(|item| item.starts_with("pub ")) {
                continue;
            }
            let is_near = |block: &&Block<'_>| block.is_header || block.end == index;
            let text = blocks.iter().filter(is_near).map(|block| block.lines.join(" ")).collect::<String>();
            if !text.contains(&format!("feature `{feature}`")) {
                let what = format!("does not say that it needs the feature `{feature}`");
                complaints.push(format!("{}:{}: {what}", source.path, index + 1));
            }
        }
    }
    complaints
}
