//! Rules about proofs: mutants that still apply, models that can fail, promises that name their
//! tests.

#[path = "../../ci/mutants/seed.rs"]
mod seed;

use std::collections::BTreeSet;

use crate::notes::NOTE_DISTANCE_MAX;
use crate::source::{Source, words};
use seed::Mutant;

/// With it a note explains why no test would notice a weaker ordering.
const EXCUSE: &str = "No mutant:";

/// All tables, read; or what is wrong with them.
pub(crate) fn mutants(sources: &[Source]) -> Result<Vec<Mutant>, Vec<String>> {
    let tables = sources.iter().filter(|source| source.path.starts_with("ci/mutants/") && is_table(source));
    let mut mutants = Vec::new();
    for table in tables {
        mutants.extend(seed::parse(&table.path, &table.text).map_err(|error| vec![error])?);
    }
    if mutants.is_empty() { Err(vec!["ci/mutants: there are no mutants".to_owned()]) } else { Ok(mutants) }
}

fn is_table(source: &Source) -> bool {
    source.path.ends_with(".txt")
}

/// Each mutant changes what it means to change, and the tests that must notice it are there.
pub(crate) fn mutants_apply(sources: &[Source]) -> Vec<String> {
    let mutants = match mutants(sources) {
        Ok(mutants) => mutants,
        Err(complaints) => return complaints,
    };
    let mut complaints = Vec::new();
    let known: BTreeSet<String> = models(sources).into_iter().chain(tests(sources)).collect();
    for mutant in &mutants {
        match sources.iter().find(|source| source.path == mutant.file) {
            None => complaints.push(format!("{}: there is no file {}", mutant.name, mutant.file)),
            Some(source) => complaints.extend(seed::seed(&mutant.file, &source.text, &mutants).err()),
        }
        for test in mutant.tests.iter().filter(|test| !known.contains(*test)) {
            complaints.push(format!("{}: there is no model {test}", mutant.name));
        }
    }
    complaints
}

/// A model that no mutant makes fail proves nothing.
pub(crate) fn every_model_has_a_mutant(sources: &[Source]) -> Vec<String> {
    let mutants = match mutants(sources) {
        Ok(mutants) => mutants,
        Err(complaints) => return complaints,
    };
    let is_seen = |model: &String| mutants.iter().any(|mutant| mutant.tests.contains(model));
    let unseen = models(sources).into_iter().filter(|model| !is_seen(model));
    unseen.map(|model| format!("{model}: no mutant in ci/mutants is noticed by this model")).collect()
}

/// An access that orders something is weakened by a mutant, or its note explains why no test could
/// notice one.
pub(crate) fn every_ordering_has_a_mutant(sources: &[Source]) -> Vec<String> {
    let mutants = match mutants(sources) {
        Ok(mutants) => mutants,
        Err(complaints) => return complaints,
    };
    let mut complaints = Vec::new();
    let rust = |source: &&Source| source.path.ends_with(".rs");
    for source in
        sources.iter().filter(rust).filter(|source| source.room().is_some_and(|room| room != "primitive"))
    {
        let own = mutants.iter().filter(|mutant| mutant.file == source.path);
        let changed: Vec<(usize, usize)> =
            own.filter_map(|mutant| seed::place(&source.text, mutant).ok()).collect();
        let notes: Vec<&str> = source.comments.lines().collect();
        for word in ["Acquire", "Release", "AcqRel", "SeqCst"] {
            for place in words(source.product(), word) {
                let is_access = source.code[..place].ends_with("Ordering::");
                let is_changed = changed.iter().any(|(start, end)| (*start..*end).contains(&place));
                let line = source.line_of(place);
                let above = &notes[line.saturating_sub(NOTE_DISTANCE_MAX + 1)..line];
                let is_excused = above.iter().any(|note| note.contains(EXCUSE));
                if is_access && !is_changed && !is_excused {
                    let text = source.text.lines().nth(line - 1).unwrap_or_default().trim();
                    complaints.push(source.complaint(place, &format!("no mutant weakens `{text}`")));
                }
            }
        }
    }
    complaints
}

/// The models and the scenarios by their full names.
pub(crate) fn models(sources: &[Source]) -> Vec<String> {
    let mut models = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("runtime/")) {
        let Some(room) = source.room() else { continue };
        if let Some(file) = source.path.strip_prefix("runtime/scenarios/") {
            let file = file.trim_end_matches(".rs");
            models.extend(tests_in(&source.code).map(|name| format!("scenarios::{file}::{name}")));
            continue;
        }
        let is_file = source.path.ends_with("/models.rs");
        let start = if is_file { Some(0) } else { source.code.find("\nmod models {") };
        let Some(start) = start else { continue };
        // A room may have a file of models in each of its directories.
        let file = source.path.strip_prefix("runtime/").unwrap_or(&source.path).trim_end_matches(".rs");
        let module = if is_file { file.replace('/', "::") } else { format!("{room}::models") };
        models.extend(tests_in(&source.code[start..]).map(|name| format!("{module}::{name}")));
    }
    models
}

/// The tests of rooms by their full names.
fn tests(sources: &[Source]) -> Vec<String> {
    let mut tests = Vec::new();
    for source in sources.iter().filter(|source| is_tests_of_a_room(source)) {
        let Some(file) = source.path.strip_prefix("runtime/") else { continue };
        let module = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        tests.extend(tests_in(&source.code).map(|name| format!("{module}::{name}")));
    }
    tests
}

fn is_tests_of_a_room(source: &Source) -> bool {
    source.room().is_some() && (source.path.ends_with("/tests.rs") || source.path.contains("/tests/"))
}

/// The names of the tests in `code`.
fn tests_in(code: &str) -> impl Iterator<Item = &str> {
    code.split("#[test]").skip(1).filter_map(|rest| rest.split_once("fn ")?.1.split('(').next())
}

/// `# Fairness` of the scheduler is a list of promises, each of which ends with its tests.
pub(crate) fn every_clause_has_its_test(sources: &[Source]) -> Vec<String> {
    const DOOR: &str = "runtime/scheduler/DESIGN.md";
    let Some(door) = sources.iter().find(|source| source.path == DOOR) else {
        return vec![format!("{DOOR}: is missing")];
    };
    let section = door.comments.lines().skip_while(|line| *line != "//! # Fairness").skip(1);
    let section = section.take_while(|line| !line.starts_with("//! # "));
    let section: Vec<&str> = section.filter_map(|line| line.strip_prefix("//! ")).collect();
    let text = section.join("\n");
    let clauses: Vec<&str> = text.split("- **").skip(1).collect();
    let mut complaints = Vec::new();
    if clauses.is_empty() {
        complaints.push(format!("{DOOR}: `# Fairness` promises nothing"));
    }
    for clause in clauses {
        let title = clause.split("**").next().expect("a piece of a text");
        let claims: Vec<&str> =
            clause.split('`').skip(1).step_by(2).filter(|claim| claim.contains(".rs::")).collect();
        if claims.is_empty() {
            complaints.push(format!("{DOOR}: the clause `{title}` names no test"));
        }
        for claim in claims.into_iter().filter(|claim| !crate::notes::is_test_there(sources, claim)) {
            complaints.push(format!("{DOOR}: the clause `{title}` names {claim}, which is no test"));
        }
    }
    complaints
}
