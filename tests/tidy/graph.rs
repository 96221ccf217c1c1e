//! Which file uses items of which other file of its crate. A re-export is no use: whoever walks
//! through it uses the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, is_word_byte, words};

/// The root of a crate, and the path of its modules.
const CRATES: [(&str, &str); 5] = [
    ("runtime/macros/src/", "runtime/macros/src/lib.rs"),
    ("runtime/tokio/src/", "runtime/tokio/src/lib.rs"),
    ("runtime/tool/src/", "runtime/tool/src/main.rs"),
    ("runtime/", "runtime/lib.rs"),
    ("benches/src/", "benches/src/main.rs"),
];

/// Re-exports of re-exports; more than that is a circle of names.
const DEPTH_MAX: usize = 12;

/// A module path, from the root of its crate.
type Path = Vec<String>;

/// Files by path, each with the files whose items it uses.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// A `use` of one name.
struct Import {
    path: Path,
    is_shown: bool,
}

/// What one module has in scope.
#[derive(Default)]
struct Scope {
    file: String,
    items: BTreeSet<String>,
    imports: BTreeMap<String, Vec<Import>>,
    /// Every path outside of imports, also of one name.
    mentions: BTreeSet<Path>,
}

/// The modules of a crate.
type Modules = BTreeMap<Path, Scope>;

enum Target {
    File(String),
    Module(Path),
}

/// The uses of all product files of every crate.
pub(crate) fn uses(sources: &[Source]) -> Graph {
    let mut graph = Graph::new();
    for (directory, root) in CRATES {
        let is_of_crate = |source: &&Source| {
            // The files of the simulation are not in layers yet: its kernel and its world know each
            // other.
            let is_sim = source.path.starts_with("runtime/sim/");
            let owner =
                CRATES.iter().filter(|_| !is_sim).find(|(directory, _)| source.path.starts_with(directory));
            let is_code = source.path.ends_with(".rs") && !source.path.contains("/bin/");
            is_code && owner.is_some_and(|owner| owner.0 == directory)
        };
        let mut modules = Modules::new();
        for source in sources.iter().filter(is_of_crate).filter(|source| !source.is_test()) {
            let name = source.path.strip_prefix(directory).unwrap_or(&source.path);
            let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
            let is_root = source.path == root || name == "mod";
            let path = if is_root { Path::new() } else { name.split('/').map(str::to_owned).collect() };
            add_module(&mut modules, path, &source.path, &without_tests(source.product()));
        }
        for (path, scope) in &modules {
            let used = graph.entry(scope.file.clone()).or_default();
            used.extend(used_by(&modules, path, scope));
            used.remove(&scope.file);
        }
    }
    graph
}

/// The code with the items that are for tests or documentation only blanked.
fn without_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    for mark in ["#[cfg(test)]", "#[cfg(all(test", "#[cfg(doc)]"] {
        while let Some(start) = kept.find(mark) {
            let end = start + item_end(&kept[start..]);
            let blank: String = kept[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
            kept.replace_range(start..end, &blank);
        }
    }
    kept
}

/// The length of the item, with its attributes, that `code` begins with: also of a field, a variant
/// or an arm of a match.
fn item_end(code: &str) -> usize {
    let bytes = code.as_bytes();
    let mut start = 0;
    while bytes[start..].starts_with(b"#[") {
        start += code[start..].find("]\n").map_or(2, |end| end + 2);
        start += bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }
    let is_item =
        |text: &str| ["fn", "impl", "struct", "enum"].iter().any(|w| words(text, w).next().is_some());
    let mut depth = 0_i32;
    for (place, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return place,
            b')' | b']' => depth -= 1,
            b'}' => {
                depth -= 1;
                let is_list = code[start..].starts_with("use ") || code[start..].starts_with("pub");
                if depth == 0 && !(is_list && words(&code[start..place], "use").next().is_some()) {
                    return place + 1;
                }
            }
            b';' if depth == 0 => return place + 1,
            b',' if depth == 0 && !is_item(&code[start..place]) => return place + 1,
            _ => {}
        }
    }
    code.len()
}

/// Adds a module and the modules inside of its file.
fn add_module(modules: &mut Modules, path: Path, file: &str, code: &str) {
    let mut code = code.to_owned();
    while let Some((name, place, body)) = inner_module(&code) {
        let inner = [path.clone(), vec![name]].concat();
        add_module(modules, inner, file, &code[body.0..body.1]);
        code.replace_range(place..=body.1, &" ".repeat(body.1 + 1 - place));
    }
    let mut scope = Scope { file: file.to_owned(), items: items(&code), ..Scope::default() };
    for place in words(&code.clone(), "use") {
        let Some(length) = code[place..].find(';') else { continue };
        let statement = code[place + 3..place + length].to_owned();
        // Not the captures of an opaque type.
        if !statement.starts_with(char::is_whitespace) {
            continue;
        }
        let is_shown = code[..place].trim_end().ends_with([')']) || code[..place].trim_end().ends_with("pub");
        expand(statement.trim(), &[], is_shown, &mut scope.imports);
        code.replace_range(place..place + length, &" ".repeat(length));
    }
    scope.mentions = mentions(&code);
    modules.insert(path, scope);
}

/// The first module with its body in this code: its name, its place, and where the body begins and
/// ends.
fn inner_module(code: &str) -> Option<(String, usize, (usize, usize))> {
    words(code, "mod").find_map(|place| {
        let rest = code[place + 3..].trim_start();
        let name: String = rest.chars().take_while(|c| is_word_byte(*c as u8)).collect();
        rest[name.len()..].trim_start().strip_prefix('{')?;
        let start = place + code[place..].find('{')? + 1;
        let mut depth = 1;
        let length = code[start..].bytes().position(|byte| {
            depth += i32::from(byte == b'{') - i32::from(byte == b'}');
            depth == 0
        })?;
        Some((name, place, (start, start + length)))
    })
}

/// The names that a `use` brings into scope.
fn expand(tree: &str, prefix: &[String], is_shown: bool, imports: &mut BTreeMap<String, Vec<Import>>) {
    let (head, list) = tree.split_once('{').map_or((tree, None), |(head, list)| (head, Some(list)));
    let (head, alias) = head.split_once(" as ").map_or((head, None), |(head, alias)| (head, Some(alias)));
    let mut path = prefix.to_vec();
    path.extend(head.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    if let Some(list) = list {
        let list = list.trim_end().strip_suffix('}').unwrap_or(list);
        let mut depth = 0;
        let parts = list.split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0 && c == ','
        });
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            expand(part, &path, is_shown, imports);
        }
        return;
    }
    if path.last().is_some_and(|name| name == "self") && path.len() > 1 {
        path.pop();
    }
    let name = alias.map(str::trim).map(str::to_owned).or_else(|| path.last().cloned());
    let Some(name) = name else { return };
    imports.entry(name).or_default().push(Import { path, is_shown });
}

/// The names that the code defines outside of all braces, but inside of those of a macro.
fn items(code: &str) -> BTreeSet<String> {
    const KEYWORDS: [&str; 8] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union"];
    let mut items = BTreeSet::new();
    let (mut opaque, mut before) = (Vec::new(), "");
    let mut place = 0;
    while place < code.len() {
        let byte = code.as_bytes()[place];
        let length = code[place..].bytes().take_while(|byte| is_word_byte(*byte)).count();
        let word = &code[place..place + length];
        match byte {
            b'{' => opaque.push(!code[..place].trim_end().ends_with('!')),
            b'}' => drop(opaque.pop()),
            _ if length > 0 => {
                let is_macro = before == "macro_rules";
                if !opaque.contains(&true) && (KEYWORDS.contains(&before) || is_macro) {
                    items.insert(word.to_owned());
                }
                before = word;
            }
            _ => {}
        }
        place += length.max(1);
    }
    items
}

/// Every path in the code that does not follow a dot.
fn mentions(code: &str) -> BTreeSet<Path> {
    let bytes = code.as_bytes();
    let mut mentions = BTreeSet::new();
    let mut place = 0;
    while place < bytes.len() {
        if !is_word_byte(bytes[place]) {
            place += 1;
            continue;
        }
        let start = place;
        let mut path = Path::new();
        loop {
            let length = bytes[place..].iter().take_while(|byte| is_word_byte(**byte)).count();
            path.push(code[place..place + length].to_owned());
            place += length;
            let goes_on =
                bytes[place..].starts_with(b"::") && bytes.get(place + 2).is_some_and(|b| is_word_byte(*b));
            if !goes_on {
                break;
            }
            place += 2;
        }
        if !code[..start].ends_with(['.', '\'', ':']) || code[..start].ends_with(": ") {
            mentions.insert(path);
        }
    }
    mentions
}

/// The files whose items a module uses.
fn used_by(modules: &Modules, module: &[String], scope: &Scope) -> BTreeSet<String> {
    let mut paths: Vec<&Path> = scope.mentions.iter().collect();
    let private = scope.imports.values().flatten().filter(|import| !import.is_shown);
    paths.extend(private.map(|import| &import.path));
    let targets = paths.into_iter().flat_map(|path| resolve(modules, module, path, 0));
    let file = |target| match target {
        Target::File(file) => Some(file),
        Target::Module(_) => None,
    };
    targets.filter_map(file).collect()
}

/// What a path leads to from a module: to the first item on it, or to the module at its end.
fn resolve(modules: &Modules, from: &[String], path: &[String], depth: usize) -> Vec<Target> {
    let Some((first, rest)) = path.split_first().filter(|_| depth < DEPTH_MAX) else { return Vec::new() };
    let mut reached = match first.as_str() {
        "crate" => vec![Target::Module(Path::new())],
        "self" => vec![Target::Module(from.to_vec())],
        "super" => vec![Target::Module(from[..from.len().saturating_sub(1)].to_vec())],
        name => look_up(modules, from, name, depth),
    };
    for name in rest {
        // Beside a module of its name, a function does not lead on.
        if reached.iter().any(|target| matches!(target, Target::Module(_))) {
            reached.retain(|target| matches!(target, Target::Module(_)));
        }
        let step = |target| match target {
            Target::Module(module) if name == "super" => {
                vec![Target::Module(module[..module.len().saturating_sub(1)].to_vec())]
            }
            Target::Module(module) => look_up(modules, &module, name, depth),
            // The rest is a variant or belongs to the type.
            Target::File(_) => vec![target],
        };
        reached = reached.into_iter().flat_map(step).collect();
    }
    reached
}

fn look_up(modules: &Modules, module: &[String], name: &str, depth: usize) -> Vec<Target> {
    let mut targets = Vec::new();
    let inner = [module, &[name.to_owned()]].concat();
    let is_module = modules.contains_key(&inner);
    if is_module {
        targets.push(Target::Module(inner));
    }
    let Some(scope) = modules.get(module) else { return targets };
    // A function beside a module of its name is called by users only.
    if !is_module && scope.items.contains(name) {
        targets.push(Target::File(scope.file.clone()));
    }
    for import in scope.imports.get(name).into_iter().flatten() {
        // A crate of the same name stands for itself.
        if import.path.first().is_some_and(|first| first != name) {
            targets.extend(resolve(modules, module, &import.path, depth + 1));
        }
    }
    targets
}
