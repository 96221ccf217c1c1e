//! Prints the public items of the crate `tokio`, one a line, in a form that the façade and tokio's
//! own release share: paths of other crates have their last part only, and a re-export of heist has
//! the items of what it names.
//!
//! Usage: `items CRATE.json [HEIST.json]`. A line is the item without its signature, a tab, and the
//! signature.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;

use public_api::PublicApi;
use serde_json::Value;

const LEFT_OUT: [&str; 2] = ["::Freeze for ", "::UnsafeUnpin for "];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: items CRATE.json [HEIST.json]")?;
    let mut lines = lines_of(&file)?;
    if let Some(heist) = arguments.next() {
        let exports = exports_of(&file)?;
        let theirs = lines_of(&heist)?;
        // What stands under several names in heist has its methods under one of them.
        let definitions = definitions_of(&heist)?;
        for (ours, source) in &exports {
            let names = definitions.iter().filter(|(_, id)| Some(*id) == definitions.get(source));
            let names: Vec<&String> = names.map(|(name, _)| name).collect();
            lines.retain(|line| *line != format!("pub use {ours}"));
            for name in names {
                lines.extend(theirs.iter().filter_map(|line| renamed(line, name, ours)));
            }
        }
        let back: Vec<_> = exports.iter().map(|(ours, source)| (source.clone(), ours.clone())).collect();
        for line in &mut lines {
            for (source, ours) in &back {
                *line = replaced(line, source, ours);
            }
        }
    }
    let items: BTreeSet<String> = lines.iter().map(|line| item(&without_paths(line))).collect();
    items.iter().filter(|item| !is_detail(item)).for_each(|item| println!("{item}"));
    Ok(())
}

/// Destructors are nobody's to call.
fn is_detail(item: &str) -> bool {
    item.starts_with("impl Drop for ") || item.split('\t').next().is_some_and(|item| item.ends_with("::drop"))
}

fn lines_of(file: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let api: PublicApi =
        public_api::Builder::from_rustdoc_json(file).sorted(true).omit_blanket_impls(true).build()?;
    let lines = api.items().map(|item| item.to_string());
    Ok(lines.filter(|line| !LEFT_OUT.iter().any(|name| line.contains(name))).collect())
}

/// The re-exports of other crates: the path here, and the path there.
fn exports_of(file: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let json: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let mut exports = BTreeMap::new();
    walk(&json, &json["root"], "tokio", &mut |path, item| {
        let source = item["inner"]["use"]["source"].as_str().unwrap_or_default();
        if let Some(rest) = source.strip_prefix("heist::") {
            exports.insert(path.to_owned(), format!("heist::{rest}"));
        }
    });
    Ok(exports)
}

/// Every path of heist's, and the identifier of what it names.
fn definitions_of(file: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let json: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let mut paths = BTreeMap::new();
    walk(&json, &json["root"], "heist", &mut |path, item| {
        let mut item = item;
        while let Some(id) = item["inner"]["use"].get("id").filter(|id| !id.is_null()) {
            let Some(target) = json["index"].get(id.to_string()) else { break };
            item = target;
        }
        paths.insert(path.to_owned(), item["id"].to_string());
    });
    Ok(paths)
}

fn walk<'a>(json: &'a Value, id: &Value, path: &str, found: &mut impl FnMut(&str, &'a Value)) {
    let Some(item) = json["index"].get(id.to_string()) else { return };
    let children = item["inner"]["module"]["items"].as_array();
    for child in children.into_iter().flatten() {
        let Some(item) = json["index"].get(child.to_string()) else { continue };
        let name = item["inner"]["use"]["name"].as_str().or(item["name"].as_str()).unwrap_or_default();
        let path = format!("{path}::{name}");
        found(&path, item);
        let target = &item["inner"]["use"]["id"];
        let module = json["index"].get(target.to_string()).map_or(child, |_| target);
        walk(json, module, &path, found);
    }
}

/// The line with `name` replaced, if it is about it or about what is below.
fn renamed(line: &str, name: &str, ours: &str) -> Option<String> {
    let line_of_ours = replaced(line, name, ours);
    (line_of_ours != line && is_about(&line_of_ours, ours)).then_some(line_of_ours)
}

fn is_about(line: &str, path: &str) -> bool {
    let subject = match line.strip_prefix("impl") {
        Some(rest) => rest.split(" where ").next().unwrap_or(rest),
        None => line.split(['(', '<']).next().unwrap_or(line),
    };
    subject.contains(path)
}

fn replaced(line: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let is_whole = !before.ends_with(is_of_word) && !before.ends_with("::") && !after.starts_with(is_of_word);
        out.push_str(before);
        out.push_str(if is_whole { to } else { from });
        rest = after;
    }
    out + rest
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Paths that are not of this crate, without what is before their last part.
fn without_paths(line: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for char in line.chars().chain([' ']) {
        if is_of_word(char) || char == ':' {
            word.push(char);
            continue;
        }
        let (path, tail) = match word.strip_suffix(':') {
            Some(path) if !path.ends_with(':') => (path, ":"),
            _ => (word.as_str(), ""),
        };
        let is_foreign = !path.starts_with("tokio::") && path.contains("::") && !path.starts_with("::");
        out.push_str(if is_foreign { path.rsplit("::").next().unwrap_or(path) } else { path });
        out.push_str(tail);
        out.push(char);
        word.clear();
    }
    out.trim_end().to_owned()
}

/// The item, a tab and its signature.
fn item(line: &str) -> String {
    let line = line.replace("pub async fn ", "pub fn ").replace("&'static self", "&self");
    if let Some(rest) = line.strip_prefix("impl") {
        return format!("impl {}\t", generics_off(rest.split(" where ").next().unwrap_or(rest)).trim_start());
    }
    match line.find(" fn ") {
        Some(at) => {
            let name = generics_off(&line[at + 4..]);
            format!("fn {}\t{line}", name.split('(').next().unwrap_or(&name))
        }
        None => {
            let line = line.replace("#[non_exhaustive] ", "");
            let line = generics_off(line.trim_start_matches("pub "));
            // Without private fields, and what a trait stands on.
            let end = if line.starts_with("struct ") || line.starts_with("trait ") { &['(', ' '][..] } else { &[] };
            let kind = line.find(' ').map_or(0, |at| at + 1);
            let name = line[kind..].split(end).next().unwrap_or_default().trim_end_matches(':');
            format!("{}{name}\t", &line[..kind])
        }
    }
}

/// `Type<T>::name<F: Fn()>` as `Type::name`.
fn generics_off(name: &str) -> String {
    let (mut out, mut depth, mut last) = (String::new(), 0, ' ');
    for char in name.chars() {
        match char {
            '<' => depth += 1,
            '>' if last != '-' => depth -= 1,
            char if depth == 0 => out.push(char),
            _ => {}
        }
        last = char;
    }
    out
}
