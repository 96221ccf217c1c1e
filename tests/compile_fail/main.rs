//! What must not compile, and why not.
//!
//! Each file in `fail` begins with the fragments, after `//~`, that the compiler's output must contain; files in `pass`
//! must compile, which shows that the others fail for the reason they give. All are binaries of one package beside
//! the target directory, so heist is built once for them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

struct Case {
    name: String,
    source: PathBuf,
    /// Empty: it must compile.
    expected: Vec<String>,
}

fn cases_in(directory: &Path, must_compile: bool) -> Vec<Case> {
    let mut cases: Vec<Case> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|source| {
            let text = fs::read_to_string(&source).unwrap();
            let marks = text.lines().filter_map(|line| line.strip_prefix("//~ "));
            let expected: Vec<String> = marks.map(String::from).collect();
            assert_eq!(
                expected.is_empty(),
                must_compile,
                "{}: only failing cases name errors",
                source.display()
            );
            Case { name: source.file_stem().unwrap().to_str().unwrap().to_string(), source, expected }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// Writes the package whose binaries are the cases. The lock file is ours, so that nothing is looked up.
fn write_package(directory: &Path, root: &Path, cases: &[Case]) {
    fs::create_dir_all(directory).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"compile_fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nheist = {{ path = {root:?} }}\n"
    );
    for case in cases {
        let edition = if case.name == "edition_2021" { "2021" } else { "2024" };
        let (name, path) = (&case.name, &case.source);
        write!(manifest, "[[bin]]\nname = {name:?}\npath = {path:?}\nedition = {edition:?}\n").unwrap();
    }
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
}

/// What the compiler says to one case.
fn check(directory: &Path, case: &Case) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--color", "never", "--bin", &case.name])
        .current_dir(directory)
        // Flags of the run around us (a sanitizer, a cfg) are not the users'.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8(output.stderr).unwrap();
    // Warnings about heist itself stand before the first error.
    let errors = said.find("error").map_or("", |start| &said[start..]);
    (output.status.success(), errors.to_string())
}

#[test]
fn each_case_fails_as_it_says_and_the_others_compile() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases = cases_in(&root.join("tests/compile_fail/fail"), false);
    cases.extend(cases_in(&root.join("tests/compile_fail/pass"), true));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    write_package(&directory, root, &cases);
    let mut faults = String::new();
    for case in &cases {
        let (compiled, said) = check(&directory, case);
        if compiled != case.expected.is_empty() {
            let verb = if compiled { "compiles, and must not" } else { "does not compile" };
            write!(faults, "\n--- {} {verb}\n{said}", case.name).unwrap();
        }
        for fragment in case.expected.iter().filter(|fragment| !said.contains(fragment.as_str())) {
            write!(faults, "\n--- {} lacks {fragment:?}\n{said}", case.name).unwrap();
        }
    }
    println!("{} cases", cases.len());
    assert!(faults.is_empty(), "{faults}");
}
