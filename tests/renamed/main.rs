//! The macros find heist where it has another name, and where another crate re-exports it.
//!
//! Both are packages of their own, made beside the target directory of files in `packages`, and their tests are run.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn write_package(directory: &Path, name: &str, dependency: &str) {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/renamed/packages").join(format!("{name}.rs"));
    fs::create_dir_all(directory.join(name)).unwrap();
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\npath = {source:?}\n[dependencies]\n{dependency}\n"
    );
    fs::write(directory.join(name).join("Cargo.toml"), manifest).unwrap();
}

/// Runs the tests of a package that knows heist by these dependencies; how many passed.
fn tests_of(package: &str, packages: &[(&str, &str)]) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("renamed");
    let workspace = directory.join(package);
    for (name, dependency) in packages {
        write_package(&workspace, name, &dependency.replace("HEIST", root.to_str().unwrap()));
    }
    let members: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n");
    fs::write(workspace.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--color", "never", "--lib", "-p", package])
        .current_dir(&workspace)
        // Flags of the run around us (a sanitizer, a cfg) are not the users'.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let summary = said.lines().find_map(|line| line.strip_prefix("test result: ok. ")).expect("a summary");
    summary.split(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}

#[test]
fn under_another_name_every_macro_works() {
    let dependency = "rt = { package = \"heist\", path = 'HEIST' }";
    assert_eq!(tests_of("renamed", &[("renamed", dependency)]), 4);
}

#[test]
fn through_a_crate_that_re_exports_it_every_macro_works() {
    let house = ("house", "heist = { path = 'HEIST' }");
    assert_eq!(tests_of("guest", &[house, ("guest", "house = { path = '../house' }")]), 4);
}
