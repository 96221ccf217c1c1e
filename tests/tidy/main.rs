//! Style and architecture as a test. Each rule is a function from sources to complaints;
//! `can_fail.rs` shows for each that it finds a violation.

mod architecture;
mod can_fail;
mod circles;
mod docs;
mod faults;
mod form;
mod graph;
mod names;
mod notes;
mod promises;
mod proof;
mod prose;
mod source;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use source::{DESIGN, Source};

/// The whole tree, read once for all rules.
static TREE: LazyLock<Vec<Source>> = LazyLock::new(read_tree);

static RUST: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let is_rust = |source: &&Source| source.path.ends_with(".rs");
    sources().iter().filter(is_rust).cloned().collect()
});

static WITH_DESIGNS: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let is_wanted = |source: &&Source| source.path.ends_with(".rs") || source.path.ends_with(DESIGN);
    sources().iter().filter(is_wanted).cloned().collect()
});

fn sources() -> &'static [Source] {
    &TREE
}

fn rust() -> &'static [Source] {
    &RUST
}

/// Where invariants are defined, as well.
fn with_designs() -> &'static [Source] {
    &WITH_DESIGNS
}

fn read_tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let directories = ["runtime", "docs", "tests", "examples", "benches", "ci", ".ci", ".github"];
    for directory in directories {
        collect(root, &root.join(directory), &mut sources);
    }
    for entry in std::fs::read_dir(root).expect("the root is readable") {
        let name = entry.expect("a readable directory").file_name().into_string().expect("a plain name");
        if name.ends_with(".md") || name == "Cargo.toml" {
            let text = std::fs::read_to_string(root.join(&name)).expect("a readable file");
            sources.push(Source::new(&name, &text));
        }
    }
    assert!(sources.len() > 30, "the walk found the tree");
    sources
}

fn collect(root: &Path, directory: &Path, sources: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            // A member that is built on its own has its own target directory.
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

#[track_caller]
fn expect_tidy(complaints: Vec<String>) {
    let unique: BTreeSet<String> = complaints.into_iter().collect();
    let text: Vec<String> = unique.into_iter().collect();
    assert!(text.is_empty(), "\n{}\n", text.join("\n"));
}

#[test]
fn rooms_import_only_what_stands_below_them() {
    expect_tidy(architecture::imports_go_one_way(rust()));
}

#[test]
fn rooms_do_not_walk_through_the_doors_above_them() {
    expect_tidy(architecture::doors_are_for_users(rust()));
}

#[test]
fn files_use_each_other_one_way() {
    expect_tidy(circles::circles_have_a_reason(sources()));
}

#[test]
fn unsafe_stands_only_in_files_that_say_why() {
    expect_tidy(architecture::unsafe_has_rooms(rust()));
}

#[test]
fn the_operating_system_is_asked_for_in_one_file() {
    expect_tidy(architecture::platforms_have_one_door(rust()));
}

#[test]
fn what_only_some_platforms_have_says_so() {
    expect_tidy(architecture::platform_api_names_its_platform(rust()));
}

#[test]
fn atomics_cells_and_loom_come_through_one_door() {
    expect_tidy(architecture::atomics_have_one_door(rust()));
}

#[test]
fn used_op_codes_are_probed() {
    expect_tidy(architecture::used_op_codes_are_probed(rust()));
}

#[test]
fn every_room_has_its_design() {
    expect_tidy(notes::rooms_have_their_design(with_designs()));
}

#[test]
fn every_header_is_short() {
    expect_tidy(notes::headers_are_short(rust()));
}

#[test]
fn every_tag_is_defined_once_and_cited() {
    expect_tidy(notes::tags_are_defined_once_and_cited(with_designs()));
}

#[test]
fn every_invariant_has_a_test_or_a_reason() {
    expect_tidy(notes::every_invariant_is_proved(with_designs()));
}

#[test]
fn every_mutant_applies_and_its_tests_exist() {
    expect_tidy(proof::mutants_apply(sources()));
}

#[test]
fn every_model_is_seen_to_fail() {
    expect_tidy(proof::every_model_has_a_mutant(sources()));
}

#[test]
fn every_clause_of_fairness_has_its_test() {
    expect_tidy(proof::every_clause_has_its_test(sources()));
}

#[test]
fn every_ordering_is_seen_to_matter() {
    expect_tidy(proof::every_ordering_has_a_mutant(sources()));
}

#[test]
fn every_atomic_access_has_its_note() {
    expect_tidy(notes::every_atomic_access_says_why(rust()));
}

#[test]
fn every_ordering_names_its_invariant() {
    expect_tidy(notes::every_ordering_serves_an_invariant(rust()));
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    expect_tidy(notes::nothing_is_left_undone(rust()));
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    expect_tidy(form::names_say_what_they_name(sources()));
}

#[test]
fn what_has_more_than_one_file_is_a_directory() {
    expect_tidy(form::no_file_stands_beside_its_directory(rust()));
}

#[test]
fn suites_of_one_subject_share_a_directory() {
    expect_tidy(form::suites_are_no_families(rust()));
}

#[test]
fn a_name_means_one_type() {
    expect_tidy(names::types_have_names_of_their_own(rust()));
}

#[test]
fn globs_are_imported_in_tests_only() {
    expect_tidy(form::globs_stay_in_tests(rust()));
}

#[test]
fn files_and_functions_fit_on_their_screens() {
    expect_tidy(form::files_and_functions_fit(rust()));
}

#[test]
fn no_path_of_a_machine_is_named() {
    expect_tidy(form::no_place_of_one_machine_is_named(sources()));
}

#[test]
fn every_fault_is_provoked_by_a_test_or_has_a_reason() {
    expect_tidy(faults::table_of_faults_is_whole(sources()));
}

#[test]
fn every_behaviour_of_the_generator_protocol_has_a_test() {
    expect_tidy(notes::each_behaviour_has_its_test(sources()));
}

#[test]
fn nothing_newer_than_the_oldest_compiler_is_written() {
    expect_tidy(form::syntax_is_old_enough(rust()));
}

#[test]
fn every_asynchronous_call_says_what_dropping_it_leaves_behind() {
    expect_tidy(promises::cancel_safety_is_told(rust()));
}

#[test]
fn comments_fit_into_their_columns() {
    expect_tidy(prose::comments_fit(sources()));
}

#[test]
fn markdown_fits_into_its_columns() {
    expect_tidy(prose::markdown_fits(sources()));
}

#[test]
fn files_that_prose_names_exist() {
    expect_tidy(prose::named_files_exist(sources()));
}

#[test]
fn figures_in_prose_are_true() {
    expect_tidy(prose::figures_are_true(sources()));
}

#[test]
fn every_example_is_in_the_index() {
    expect_tidy(prose::examples_are_listed(sources()));
}

#[test]
fn sections_of_docs_have_one_order_and_spelling() {
    expect_tidy(docs::sections_are_in_order(rust()));
}

#[test]
fn calls_that_panic_outside_of_a_runtime_say_so_in_one_wording() {
    expect_tidy(docs::panics_have_one_wording(rust()));
}

#[test]
fn every_public_type_and_function_has_an_example() {
    expect_tidy(docs::public_items_have_examples(rust()));
}

#[test]
fn items_that_a_feature_adds_name_it() {
    expect_tidy(docs::gated_items_name_their_feature(rust()));
}
