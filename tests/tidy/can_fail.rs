//! Every rule is given a source that it must complain about, and one that is in order.

use crate::source::Source;
use crate::{architecture, expect_tidy, form, notes, promises, proof};

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
    let rule = architecture::imports_go_one_way;
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
    for (path, code, is_refused) in [
        ("runtime/fs/a.rs", "use crate::task::{self, Id, spawn};\n", true),
        ("runtime/net/a.rs", "use crate::{time, task::{Id, JoinSet}};\n", true),
        ("runtime/net/a.rs", "fn f() { crate::task::spawn(g) }\n", true),
        ("runtime/net/a.rs", "use crate::task;\nfn f() { task::spawn(g) }\n", true),
        ("runtime/io/a.rs", "fn f() { crate::spawn(g) }\n", true),
        ("runtime/task/a.rs", "use super::{Id, spawn};\n", true),
        ("runtime/net/a.rs", "use crate::task::{Id, spawner};\nfn f() { thread::spawn(g) }\n", false),
        ("runtime/asyncio/a.rs", "use crate::task::{JoinSet, spawn};\nfn f() { crate::spawn(g) }\n", false),
        ("runtime/net/tests.rs", "use crate::task::spawn;\n", false),
        ("runtime/io/task.rs", "pub use crate::runtime::task::Spawner;\n", false),
    ] {
        let root = Source::new("runtime/lib.rs", "pub use runtime::spawn;\n");
        let doors = "pub use crate::runtime::set::JoinSet;\npub use crate::runtime::{block, spawn};\n";
        let door = Source::new("runtime/task/mod.rs", doors);
        let complaints = architecture::doors_are_for_users(&[root, door, Source::new(path, code)]);
        let has_found = complaints.iter().any(|complaint| complaint.contains("walks through the door"));
        assert_eq!(has_found, is_refused, "{path}: {code}{complaints:?}");
    }
    let rule = architecture::unsafe_has_rooms;
    expect_complaint(rule, "runtime/net/tcp.rs", "fn f() { unsafe { g() } }\n", "`unsafe` outside");
    expect_complaint(rule, architecture::UNSAFE_FILES[0], "fn f() { unsafe { g() } }\n", "`unsafe` outside");
    expect_complaint(
        rule,
        architecture::UNSAFE_FILES[0],
        "#![expect(unsafe_code)]\nunsafe fn f() {}\n",
        "no reason",
    );
    expect_complaint(rule, architecture::UNSAFE_FILES[0], "fn f() {}\n", "has no `unsafe`");
    expect_complaint(rule, architecture::UNSAFE_FILES[0], "#![allow(unsafe_code)]\n", "not `allow`");
    expect_no_complaint(
        rule,
        "runtime/net/tcp.rs",
        "// unsafe\nconst A: &str = \"unsafe\"; // not unsafe_code\n",
    );
    expect_complaint(
        architecture::platforms_have_one_door,
        "runtime/net/a.rs",
        "#[cfg(target_os = \"linux\")]\n",
        "outside",
    );
    let rule = architecture::atomics_have_one_door;
    expect_complaint(rule, "runtime/net/a.rs", "use std::sync::{Arc, atomic::AtomicBool};\n", "std's atomic");
    expect_complaint(rule, "runtime/net/a.rs", "type A = core::cell::UnsafeCell<u8>;\n", "core's UnsafeCell");
    expect_complaint(rule, "runtime/net/a.rs", "use loom::thread;\n", "loom comes in");
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "#[cfg(rt_loom)]\nuse std::sync::Arc;\nuse crate::primitive::atomic::A;\n",
    );
    let find = |complaints: Vec<String>, about: &str| {
        assert!(complaints.iter().any(|complaint| complaint.contains(about)), "{complaints:?}");
    };
    let rule = |design: &str, code: &str| {
        let door = Source::new("runtime/net/mod.rs", code);
        notes::rooms_have_their_design(&[door, Source::new("runtime/net/DESIGN.md", design)])
    };
    find(notes::rooms_have_their_design(&[Source::new("runtime/net/mod.rs", "")]), "is missing");
    find(rule("# A title\n## What\n## Algorithm\n", ""), "`# Invariants` is missing");
    find(rule("# A title\nSockets.\n", ""), "does not open");
    let design = "# A title\n## What\n## Algorithm\n## Invariants\n## Rejected\n## Verified by\n";
    expect_tidy(rule(design, ""));
    find(rule(design, "fn f() { Ordering::Relaxed }"), "`# Orderings`");
    let long = "//! A line.\n".repeat(61);
    expect_complaint(notes::headers_are_short, "runtime/net/mod.rs", &long, "61 lines");
    expect_no_complaint(notes::headers_are_short, "runtime/net/mod.rs", &long["//! A line.\n".len()..]);
}

#[test]
fn rules_about_notes_can_fail() {
    let rule = notes::tags_are_defined_once_and_cited;
    expect_complaint(rule, "runtime/a.rs", "// SAFETY: [no-such]: never.\n", "no header defines it");
    expect_complaint(rule, "runtime/a.rs", "//! - `[one-owner]` it is.\n", "nothing rests on it");
    expect_complaint(rule, "runtime/a.rs", "//! - [a-b] x\n//! - [a-b] y\n// [a-b]\n", "more than once");
    expect_no_complaint(
        rule,
        "runtime/a.rs",
        "//! - `[one-owner]` it is.\n// SAFETY: `[one-owner]`.\n//! [li-nk](x)\n",
    );
    let rule = notes::every_invariant_is_proved;
    expect_complaint(
        rule,
        "runtime/a.rs",
        "//! - `[one-owner]` it is.\n// [one-owner]\n",
        "no test that cites it",
    );
    expect_complaint(rule, "runtime/a/DESIGN.md", "- `[one-owner]` it is.\n", "no test that cites it");
    let proofs =
        ["//! # Verified by\n//! `[one-owner]`: seen.\n", "#[cfg(test)]\nmod tests {\n/// [one-owner]\n}\n"];
    for proof in proofs {
        expect_no_complaint(rule, "runtime/a.rs", &format!("//! - `[one-owner]` it is.\n{proof}"));
    }
    let rule = notes::every_atomic_access_says_why;
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
    let rule = notes::every_ordering_serves_an_invariant;
    let access = "fn f() { A.load(Ordering::Acquire) }\n";
    let note = |note: &str| format!("// Ordering: {note}\n{access}");
    expect_complaint(rule, "runtime/net/a.rs", &note("Acquire, for luck."), "names no invariant");
    expect_no_complaint(rule, "runtime/net/a.rs", &note("Acquire, [one-owner]."));
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "// Ordering: Relaxed, a hint.\nfn f() { A.load(Ordering::Relaxed) }\n",
    );
    let rule = notes::nothing_is_left_undone;
    expect_complaint(rule, "runtime/a.rs", "fn f() { todo!() }\n", "`todo!` is left");
    expect_complaint(rule, "runtime/a.rs", concat!("// FIX", "ME later\n"), "is left");
    let rule = notes::claimed_tests_exist;
    expect_complaint(rule, "tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n", "there is no test");
    expect_complaint(rule, "tests/FAULTS.md", "nothing\n", "claims nothing");
    expect_complaint(rule, "tests/a.rs", "", "is missing");
    let table = Source::new("tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n");
    let function = Source::new("tests/a.rs", "fn a() {}\nfn b() {}\n");
    assert!(
        !notes::claimed_tests_exist(&[table, function]).is_empty(),
        "a function that is no test is no proof"
    );
    let table = Source::new("tests/FAULTS.md", "| A1 | `tests/a.rs::b` |\n");
    let test = Source::new("tests/a.rs", "fn a() {}\n#[test]\nfn b() {}\n");
    expect_tidy(notes::claimed_tests_exist(&[table, test]));
    let rule = notes::each_behaviour_has_its_test;
    expect_complaint(
        rule,
        "tests/GENERATORS.md",
        "| 1 | x | `tests/a.rs::b` |\n",
        "there is no test tests/a.rs::b",
    );
    expect_complaint(
        rule,
        "tests/GENERATORS.md",
        "| 1 | x | `tests/compile_fail/a.rs` |\n",
        "there is no test",
    );
    expect_complaint(rule, "tests/GENERATORS.md", "| 1 | x | y |\n", "behaviour 1 has no test");
    expect_complaint(rule, "tests/GENERATORS.md", "| 1 | x | y |\n", "behaviour 147 is there 0 times");
    let rule = form::syntax_is_old_enough;
    expect_complaint(rule, "runtime/a.rs", "if a && let Some(b) = c {}\n", "let chain");
    expect_complaint(rule, "runtime/a.rs", "if let Some(b) = c && b {}\n", "let chain");
    expect_no_complaint(rule, "runtime/a.rs", "if let Some(b) = c { a && b }\nlet d = a && b;\n");
}

#[test]
fn rules_about_form_can_fail() {
    expect_complaint(form::names_say_what_they_name, "runtime/net/util.rs", "", "says nothing");
    expect_complaint(form::globs_stay_in_tests, "runtime/net/a.rs", "use super::*;\n", "imports everything");
    expect_no_complaint(form::globs_stay_in_tests, "runtime/net/tests.rs", "use super::*;\n");
    let rule = form::files_and_functions_fit;
    expect_complaint(rule, "runtime/a.rs", &"\n".repeat(form::LINE_COUNT_MAX + 1), "lines");
    let long = format!("fn f<'a>() {{ let _ = '}}'; {} }}\n", "\n".repeat(form::FUNCTION_LINE_COUNT_MAX));
    expect_complaint(rule, "runtime/a.rs", &long, "`f` has");
    expect_no_complaint(rule, "runtime/a.rs", "trait A { fn f(&self); }\ntype B = fn(u8) -> u8;\n");
    let text = concat!("path /wo", "rk/x\n");
    expect_complaint(form::no_place_of_one_machine_is_named, "README.md", text, "a place on one machine");
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

#[test]
fn rules_about_proofs_can_fail() {
    let code = Source::new("runtime/queue/a.rs", "fn f() {\n    g(Ordering::Release)\n}\n");
    let model = |name: &str| Source::new("runtime/queue/models.rs", &format!("#[test]\nfn {name}() {{}}\n"));
    let table = |old: &str| {
        let text = format!("a-b runtime/queue/a.rs fn f(\nToo weak.\n- {old}\n+ x\n= queue::models::m\n");
        Source::new("ci/mutants/queue.txt", &text)
    };
    let copy = || Source::new(&code.path, &code.text);
    expect_tidy(proof::mutants_apply(&[copy(), model("m"), table("Ordering::Release")]));
    let find = |complaints: Vec<String>, about: &str| {
        assert!(
            complaints.iter().any(|complaint| complaint.contains(about)),
            "not found: {about} in {complaints:?}"
        );
    };
    find(proof::mutants_apply(&[copy(), model("m"), table("Ordering::Acquire")]), "is not in the block");
    find(proof::mutants_apply(&[copy(), model("m"), table("r")]), "more than once");
    find(proof::mutants_apply(&[copy(), model("n"), table("Ordering::Release")]), "there is no model");
    find(proof::mutants_apply(&[copy(), model("m")]), "there are no mutants");
    expect_tidy(proof::every_model_has_a_mutant(&[copy(), model("m"), table("Ordering::Release")]));
    find(proof::every_model_has_a_mutant(&[copy(), model("n"), table("Ordering::Release")]), "no mutant");
    let rule = proof::every_ordering_has_a_mutant;
    expect_tidy(rule(&[copy(), table("Ordering::Release")]));
    let excused =
        Source::new(&code.path, &code.text.replace("    g", "    // Ordering: No mutant: for fun.\n    g"));
    expect_tidy(rule(&[excused, table("x")]));
    find(rule(&[copy(), table("x")]), "no mutant weakens");

    let door = |text: &str| Source::new("runtime/scheduler/DESIGN.md", &format!("## Fairness\n{text}\n"));
    let test = || Source::new("tests/a.rs", "#[test]\nfn b() {}\n");
    expect_tidy(proof::every_clause_has_its_test(&[door("- **All are served.** `tests/a.rs::b`"), test()]));
    find(proof::every_clause_has_its_test(&[door("All are served.")]), "promises nothing");
    find(proof::every_clause_has_its_test(&[door("- **All are served.**"), test()]), "names no test");
    find(proof::every_clause_has_its_test(&[door("- **All.** `tests/a.rs::c`"), test()]), "which is no test");
}

#[test]
fn rules_about_promises_can_fail() {
    let rule = promises::cancel_safety_is_told;
    let complaint = "does not say what a dropped future leaves behind";
    for room in ["fs", "io", "net"] {
        expect_complaint(
            rule,
            &format!("runtime/{room}/a.rs"),
            "/// Reads.\npub async fn read() {}\n",
            complaint,
        );
    }
    expect_complaint(
        rule,
        "runtime/net/a.rs",
        "/// # Cancel safety\n/// Safe.\npub async fn a() {}\n\n#[inline]\npub async fn b() {}\n",
        "a.rs:6",
    );
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "/// # Cancel safety\n/// Safe.\n#[inline]\npub async fn a() {}\n",
    );
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "/// See `b`, also for cancel safety.\npub async fn a() {}\n",
    );
    expect_no_complaint(rule, "runtime/net/a.rs", "pub(super) async fn a() {}\nasync fn b() {}\n");
}
