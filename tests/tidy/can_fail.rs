//! Every rule is given a source that violates it, and one that is in order.

use crate::source::Source;
use crate::{architecture, circles, docs, expect_tidy, faults, form, names, notes, promises, proof, prose};

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
    expect_complaint(rule, "runtime/tokio/src/io/a.rs", "fn f() { unsafe { g() } }\n", "`unsafe` outside");
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
    let rule = architecture::atomics_have_one_door;
    expect_complaint(rule, "runtime/net/a.rs", "use std::sync::{Arc, atomic::AtomicBool};\n", "std's atomic");
    expect_complaint(rule, "runtime/net/a.rs", "type A = core::cell::UnsafeCell<u8>;\n", "core's UnsafeCell");
    expect_complaint(rule, "runtime/net/a.rs", "use loom::thread;\n", "loom comes in");
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "#[cfg(rt_loom)]\nuse std::sync::Arc;\nuse crate::primitive::atomic::A;\n",
    );
    let rule = architecture::used_op_codes_are_probed;
    let entries = architecture::ENTRY_FILES[0];
    expect_complaint(rule, entries, "fn a() { opcode::Nop::new().build() }\n", "Nop is used, and no probe");
    let probed = "const A: u8 = opcode::Nop::CODE;\nfn a() { opcode::Nop::new().build() }\n";
    expect_no_complaint(rule, entries, probed);
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

/// The complaints about these files, each a path below `runtime/net/` and its code, and this list
/// of circles.
fn complaints_about_circles(files: &[(&str, &str)], list: &str) -> String {
    let sources = files.iter().map(|(name, code)| Source::new(&format!("runtime/net/{name}"), code));
    let root = Source::new("runtime/lib.rs", "pub mod net;\n");
    let map = Source::new("ARCHITECTURE.md", &format!("# A\n\n## Circles of files\n{list}\n## B\n"));
    circles::circles_have_a_reason(&sources.chain([root, map]).collect::<Vec<_>>()).join("\n")
}

#[test]
fn a_circle_of_files_is_found() {
    let b = ("b.rs", "use super::a::A;\npub(super) struct B(A);\n");
    let door = ("mod.rs", "mod a;\nmod b;\npub(crate) use b::B;\n");
    for (a, is_circle) in [
        ("use super::b::B;\npub(super) struct A(Box<B>);\n", true),
        ("use crate::{net::{b::{self, B as C}}};\npub(super) struct A;\n", true),
        ("pub(super) struct A;\nfn f() -> Option<super::B> { None }\n", true),
        ("use super::super::net;\npub(super) struct A(Box<net::B>);\n", true),
        ("pub(super) struct A;\nmod inner {\n    use super::super::b;\n    fn f(_: b::B) {}\n}\n", true),
        ("wrap! {\n    pub(super) struct A;\n}\nfn f(c: super::b::B) {}\n", true),
        ("pub(super) struct A;\n// super::b::B\npub(super) use super::b::B;\n", false),
        ("pub(super) struct A;\n#[cfg(test)]\nuse super::{b::B};\nstruct C;\n", false),
        ("pub(super) struct A {\n    #[cfg(test)]\n    b: super::b::B,\n}\n", false),
        ("#[cfg(doc)]\nuse super::b::B;\npub(super) struct A;\n", false),
        ("pub(super) struct A;\nstruct B;\nfn f(b: B) {}\n", false),
    ] {
        let complaints = complaints_about_circles(&[("a.rs", a), b, door], "");
        assert_eq!(complaints.contains("runtime/net/a.rs -> runtime/net/b.rs"), is_circle, "{a}{complaints}");
        assert_eq!(complaints.is_empty(), !is_circle, "{a}{complaints}");
    }
    let files = [
        ("a.rs", "pub(super) struct A(super::c::D);\n"),
        ("b.rs", "use super::a::A;\npub(super) fn c(_: A) {}\n"),
        ("c.rs", "pub(super) struct D;\n"),
        ("mod.rs", "mod a;\nmod b;\nmod c;\npub(crate) use b::c;\n"),
    ];
    assert_eq!(complaints_about_circles(&files, ""), "", "a function has the name of a module");
}

#[test]
fn a_circle_of_files_needs_a_reason_and_an_end() {
    let a = ("a.rs", "use super::b::B;\npub(super) struct A;\n");
    let b = ("b.rs", "use super::a::A;\npub(super) struct B;\n");
    let straight = ("b.rs", "pub(super) struct B;\n");
    let named = "- `runtime/net/a.rs`, `runtime/net/b.rs`:";
    let reasoned = format!("{named} each is a part of the other.\n");
    for (files, list, about) in [
        ([a, b], String::new(), "a circle of files"),
        ([a, b], reasoned.clone(), ""),
        ([a, b], reasoned.replace("a.rs", "c.rs"), "a circle of files"),
        ([a, b], format!("{named} so.\n"), "without a reason"),
        ([a, straight], reasoned, "no such circle any more"),
        ([a, straight], String::new(), ""),
    ] {
        let complaints = complaints_about_circles(&files, &list);
        assert!(
            complaints.contains(about) && complaints.is_empty() == about.is_empty(),
            "{list}{complaints}"
        );
    }
}

#[test]
fn rules_about_platforms_can_fail() {
    let rule = architecture::platforms_have_one_door;
    let linux = "#[cfg(target_os = \"linux\")]\n";
    for path in ["runtime/net/a.rs", "runtime/system/socket/mod.rs", "runtime/driver/source.rs"] {
        expect_complaint(rule, path, linux, "outside of `system/systems.rs`");
        expect_complaint(rule, path, "#[cfg(target_vendor = \"apple\")]\n", "outside of `system/systems.rs`");
        expect_no_complaint(rule, path, "#[cfg(all(test, target_os = \"linux\"))]\nmod tests;\n");
        expect_no_complaint(rule, path, "/// # if cfg!(target_os = \"linux\") {\n#[cfg(unix)]\nmod a {}\n");
    }
    let ring_file = architecture::RING_FILES[0];
    expect_no_complaint(rule, ring_file, linux);
    let more = "#[cfg(any(target_os = \"linux\", target_os = \"macos\"))]\n";
    expect_complaint(rule, ring_file, more, "outside of `system/systems.rs`");
    expect_complaint(rule, ring_file, "", "does not ask whether there are rings");
    expect_no_complaint(rule, architecture::SYSTEMS_FILE, more);

    let rule = architecture::platform_api_names_its_platform;
    let about = "does not say \"Unix only\"";
    expect_complaint(rule, "runtime/fs/a.rs", "/// Links.\n#[cfg(unix)]\npub fn a() {}\n", about);
    expect_complaint(rule, "runtime/fs/a.rs", "#[cfg(unix)]\n#[inline]\npub fn a() {}\n", about);
    expect_complaint(rule, "runtime/net/mod.rs", "//! Unix sockets.\n#[cfg(unix)]\npub mod a;\n", about);
    expect_complaint(rule, "runtime/net/mod.rs", "/// Unix only\n\n#[cfg(unix)]\npub use a::B;\n", about);
    let windows = "does not say \"Windows only\"";
    expect_complaint(rule, "runtime/fs/a.rs", "/// Unix only.\n#[cfg(windows)]\npub fn a() {}\n", windows);
    expect_no_complaint(rule, "runtime/fs/a.rs", "/// Unix only.\n#[cfg(unix)]\n#[inline]\npub fn a() {}\n");
    expect_no_complaint(rule, "runtime/net/mod.rs", "//! `a` needs Unix.\n#[cfg(unix)]\npub mod a;\n");
    expect_no_complaint(
        rule,
        "runtime/net/a.rs",
        "#[cfg(unix)]\npub(crate) fn a() {}\n#[cfg(unix)]\nfn b() {}\n",
    );
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
        "| 1 | x | `tests/compile_fail/fail/a.rs` |\n",
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
fn the_rule_about_faults_can_fail() {
    const TABLE: &str = "tests/FAULTS.md";
    let rule = faults::table_of_faults_is_whole;
    expect_complaint(rule, TABLE, "| A1 | 0 | x | `tests/a.rs::b` | no mutant |\n", "there is no test");
    expect_complaint(rule, TABLE, "nothing\n", "claims nothing");
    expect_complaint(rule, "tests/a.rs", "", "is missing");
    let complaints = |row: &str, code: &str| {
        let mutant = "slip runtime/a.rs fn a(\nIt slips.\n- 1\n+ 2\n= a::models::b\n";
        let sources = [(TABLE, row), ("tests/a.rs", code), ("ci/mutants/a.txt", mutant)];
        rule(&sources.map(|(path, text)| Source::new(path, text)))
    };
    let test = "fn a() {}\n#[test]\nfn b() {}\n#[test]\nfn c() {}\n";
    let function = complaints("| A1 | 0 | x | `tests/a.rs::b` | no mutant |\n", "fn a() {}\nfn b() {}\n");
    assert!(function.iter().any(|text| text.contains("there is no test")), "a function is no test");
    for (row, about) in [
        ("| A1 | 1 | x | `tests/a.rs::b` | |\n", "A1 is of P 0"),
        ("| A1 | 0 | x | `tests/a.rs::b` | |\n", "A1 names no mutant and does not say so"),
        ("| A1 | 0 | x | `tests/a.rs::b` | `slide` |\n", "A1 names slide, which is no mutant"),
        ("| A1 | 0 | x | `tests/a.rs::c` | `slip` |\n", "A1 has no test that notices slip"),
        ("| A2 | 0 | x | a test | no mutant |\n", "A2 has no test"),
        ("| A2 | 0 | x | none: why should it | no mutant |\n", "none of the reasons"),
        (
            "| A2 | 0 | x | `tests/a.rs::b` | no mutant |\n| A1 | 0 | x | `tests/a.rs::b` | `slip` |\n",
            "behind a later",
        ),
        ("| A2 | 0 | x | `tests/a.rs::b` | no mutant |\n", "A1 has no row"),
        ("| A2 | 0 | x | `tests/a.rs::b` | no mutant |\n", "M4 has no row"),
    ] {
        let found = complaints(row, test);
        assert!(found.iter().any(|text| text.contains(about)), "not found: {about}\n{found:?}");
    }
    for row in [
        "| A1 | 0 | x | `tests/a.rs::b` | `slip` |\n",
        "| A1 | 0 | x | `tests/a.rs::c` | no mutant |\n| A7 | 1 | x | none: not done yet: time | |\n",
    ] {
        let found = complaints(row, test);
        assert!(found.iter().all(|text| text.contains("has no row")), "{found:?}");
    }
}

#[test]
fn rules_about_form_can_fail() {
    let find = |complaints: Vec<String>, about: &str| {
        assert!(complaints.iter().any(|complaint| complaint.contains(about)), "{complaints:?}");
    };
    let tree = |paths: &[&str]| -> Vec<Source> { paths.iter().map(|path| Source::new(path, "")).collect() };
    let rule = form::no_file_stands_beside_its_directory;
    find(rule(&tree(&["runtime/a/tests.rs", "runtime/a/tests/b.rs"])), "make it a `mod.rs`");
    expect_tidy(rule(&tree(&["runtime/a/tests/mod.rs", "runtime/a/tests/b.rs", "runtime/a/test.rs"])));
    let rule = form::suites_are_no_families;
    find(rule(&tree(&["tests/a_b.rs", "tests/a_c.rs"])), "it belongs in `tests/a/`");
    find(rule(&tree(&["tests/a_b.rs", "tests/a/main.rs"])), "it belongs in `tests/a/`");
    expect_tidy(rule(&tree(&["tests/a_b.rs", "tests/b.rs", "tests/c/a_b.rs", "tests/c/a_c.rs"])));
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
fn rules_about_docs_can_fail() {
    let path = "runtime/net/a.rs";
    let rule = docs::sections_are_in_order;
    let out_of_order =
        "/// A.\n///\n/// # Cancel safety\n/// Safe.\n///\n/// # Errors\n/// None.\npub fn a() {}\n";
    expect_complaint(rule, path, out_of_order, "in this order");
    let header = "//! # Panics\n//! Never.\n//!\n//! # Errors\n//! None.\n";
    expect_complaint(rule, path, header, "in this order");
    expect_complaint(rule, path, "/// # Errors\n/// # Sharing\nfn a() {}\n", "in this order");
    for heading in ["Example", "Panic", "Error", "Cancellation safety", "Examples of use"] {
        expect_complaint(rule, path, &format!("/// # {heading}\nfn a() {{}}\n"), "none of the headings");
    }
    let in_order = "/// # Sharing\n/// # Errors\n/// # Panics\n/// # Cancel safety\n/// # Examples\n/// ```\n/// # a()\n/// ```\n";
    expect_no_complaint(rule, path, &format!("{in_order}pub fn a() {{}}\n/// # Errors\npub fn b() {{}}\n"));
    expect_no_complaint(rule, path, "//! # Errors\n//! # Limits\n");

    let rule = docs::panics_have_one_wording;
    for text in [
        "Panics outside of a runtime.",
        "Panics if called outside a runtime.",
        "Awaited outside of a\n/// runtime.",
    ] {
        expect_complaint(rule, path, &format!("/// # Panics\n/// {text}\npub fn a() {{}}\n"), "other words");
    }
    for text in
        ["Panics if called outside of a runtime.", "It panics if it has to wait outside of\n/// a runtime."]
    {
        expect_no_complaint(rule, path, &format!("/// # Panics\n/// {text}\npub fn a() {{}}\n"));
    }

    let rule = docs::public_items_have_examples;
    for item in
        ["pub struct A;", "pub enum A {}", "pub trait A {}", "pub type A = u8;", "pub async fn A() {}"]
    {
        let about = "`A` has no example";
        expect_complaint(rule, path, &format!("/// One.\n#[inline]\n{item}\n"), about);
        expect_complaint(rule, path, &format!("/// ```\n/// ```\n\n/// One.\n{item}\n"), about);
        expect_no_complaint(rule, path, &format!("/// One.\n/// ```\n/// ```\n#[inline]\n{item}\n"));
        expect_no_complaint(rule, path, &item.replace("pub ", "pub(crate) "));
    }
    expect_complaint(rule, path, "/// See [`B::c`].\npub fn b() {}\n", "`b` has no example");
    expect_no_complaint(rule, path, "/// See [`B::b`], also for errors.\npub const unsafe fn b() {}\n");
    expect_no_complaint(rule, "runtime/net/stream/family.rs", "pub trait SealedFamily {}\n");

    let rule = docs::gated_items_name_their_feature;
    let gated = "#[cfg(feature = \"macros\")]\n#[doc(inline)]\npub use a::b;\n";
    expect_complaint(rule, path, &format!("/// One.\n{gated}"), "needs the feature `macros`");
    expect_no_complaint(rule, path, &format!("/// One. Needs the\n/// feature `macros`.\n{gated}"));
    expect_no_complaint(rule, path, &format!("//! It needs the feature `macros`.\n\n{gated}"));
    expect_no_complaint(rule, path, &gated.replace("pub use a::b", "mod b"));

    let rule = form::files_and_functions_fit;
    let code = "\n".repeat(form::LINE_COUNT_MAX - 1);
    expect_no_complaint(rule, path, &format!("{code}/// ```\n/// a();\n/// ```\n"));
    expect_complaint(rule, path, &format!("{code}/// One.\n/// Two.\n"), "lines");
}

#[test]
fn rules_about_names_can_fail() {
    let tree = |twins: &[(&str, &str)], other: &str| {
        let one = "//! struct C;\npub(crate) struct A;\n#[cfg(test)]\nmod tests {\n    struct B;\n}\n";
        let sources = [Source::new("runtime/net/a.rs", one), Source::new("runtime/fs/b.rs", other)];
        names::types_share_no_name_but(twins, &sources)
    };
    for other in [
        "struct A;\n",
        "pub enum A { B }\n",
        "#[repr(C)] union A { a: u8 }\n",
        "mod c { pub(super) unsafe trait A {} }\n",
        "fn f() {\n    struct A(u8);\n}\n",
        "impl B {}\ntype A = B;\n",
    ] {
        let complaints = tree(&[], other);
        assert_eq!(complaints.len(), 1, "{other}{complaints:?}");
        assert!(
            complaints[0].starts_with("runtime/net/a.rs:2: the name `A` stands also in runtime/fs/b.rs:")
        );
        expect_tidy(tree(&[("A", "twins")], other));
    }
    for other in [
        "struct B;\nimpl C for B {\n    type A = u8;\n}\n",
        "trait B {\n    fn f() {}\n    type A;\n}\n",
        "// struct A;\nconst B: &str = \"struct A;\";\nmacro_rules! c { ($type:ty) => { struct $name; } }\n",
    ] {
        expect_tidy(tree(&[], other));
    }
    let complaints = tree(&[("A", "twins")], "");
    assert_eq!(complaints, ["tests/tidy/names.rs: `A` may stand twice, but does not any more"]);
    // The tool may have the names of the library, but none of its own twice.
    let of_tool = |name: &str| Source::new(&format!("runtime/tool/src/{name}.rs"), "struct A;\n");
    let of_library = Source::new("runtime/net/a.rs", "struct A;\n");
    assert_eq!(names::types_share_no_name_but(&[], &[of_library, of_tool("b")]), [""; 0]);
    let twice = names::types_share_no_name_but(&[], &[of_tool("b"), of_tool("c")]);
    assert_eq!(twice.len(), 1, "{twice:?}");
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

#[test]
fn rules_about_prose_can_fail() {
    let rule = prose::comments_fit;
    let path = "runtime/lib.rs";
    let wide = "x".repeat(prose::COMMENT_WIDTH_MAX - 3);
    expect_complaint(rule, path, &format!("    //! {wide}\n"), "a comment of");
    expect_complaint(rule, path, &format!("// {wide}y\n"), "a comment of 101 columns");
    expect_no_complaint(rule, path, &format!("// {wide}\n/// | {wide} |\n// https://{wide}\n"));
    expect_no_complaint(rule, path, &format!("let a = 1; // {wide}\nlet b = \"// {wide} y\";\n"));

    let rule = prose::markdown_fits;
    let wide = "x".repeat(prose::MARKDOWN_WIDTH_MAX + 1);
    expect_complaint(rule, "STYLE.md", &wide, "a line of 121 columns");
    expect_complaint(rule, "docs/guide/files.md", &wide, "a line of 121 columns");
    expect_no_complaint(rule, "STYLE.md", &format!("{}\n| {wide} |\nhttps://{wide}\n", &wide[1..]));

    let rule = prose::named_files_exist;
    expect_complaint(rule, path, "//! See `gone.rs`.\n", "there is no file `gone.rs`");
    expect_complaint(rule, "STYLE.md", "See `ci/gone.sh` and `A::b`.\n", "there is no file `ci/gone.sh`");
    expect_complaint(rule, path, "// `gone.rs::a_test`\n", "there is no file `gone.rs`");
    expect_no_complaint(rule, path, "let a = \"`gone.rs`\"; // `traits_*.rs`, `.rs`, `lib.rs`\n");
    let tree = |text: &str| {
        let paths = ["runtime/task/tests/life.rs", "runtime/task/state.rs", "runtime/time/tests/a.rs"];
        let mut sources: Vec<Source> = paths.into_iter().map(|path| Source::new(path, "")).collect();
        sources.push(Source::new("STYLE.md", text));
        prose::named_files_exist(&sources)
    };
    expect_tidy(tree("`runtime/task/state.rs`, `task/state.rs`, `runtime/task/tests/life.rs`\n"));
    expect_tidy(tree("`../runtime/task/state.rs`\n"));
    assert_eq!(tree("`state.rs`\n"), ["STYLE.md:1: there is no file `state.rs`"]);

    let rule = prose::examples_are_listed;
    expect_complaint(rule, "examples/hello.rs", "", "is missing");
    let listed = |row: &str| {
        let program = |path: &str| Source::new(path, "");
        let index = Source::new("examples/README.md", row);
        prose::examples_are_listed(&[index, program("examples/a/main.rs"), program("examples/a/page.rs")])
    };
    assert_eq!(listed("| `a.rs` |\n"), ["examples/README.md: has no row for `a/main.rs`"]);
    expect_tidy(listed("| `a/main.rs` | x |\n"));

    let rule = prose::figures_are_true;
    expect_complaint(rule, "CONTRIBUTING.md", "All 1,200\nmutants.\n", "1,200 mutants; there are 0");
    expect_complaint(rule, "CONTRIBUTING.md", "3 **models**", "3 models; there are 0");
    expect_no_complaint(rule, "CONTRIBUTING.md", "All mutants of 12 rooms.\n");
    let table = Source::new("benches/src/workload/mod.rs", "pub(crate) const ALL: [About; 26] = [\n");
    let text = Source::new("ARCHITECTURE.md", "25 workloads, 26 workloads, 0 scenarios\n");
    assert_eq!(prose::figures_are_true(&[table, text]), ["ARCHITECTURE.md: 25 workloads; there are 26"]);
}
