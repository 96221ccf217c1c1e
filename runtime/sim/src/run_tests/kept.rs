//! The seeds that once failed: a file beside that of the test, which belongs into the repository.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::case::TestCase;
use super::which::Which;

const HEADER: &str = "# Seeds that once failed. Each is tried first: keep this file with its tests.\n";

/// The file of the seeds of all tests in one source file. `None`: that file is not where the
/// compiler saw it, as in a program that was built elsewhere.
fn place(case: &TestCase) -> Option<PathBuf> {
    // The compiler names a file from the root of the workspace; tests run in that of the package.
    let here = std::env::current_dir().ok()?;
    let source = here.ancestors().map(|folder| folder.join(case.file())).find(|path| path.is_file())?;
    Some(source.with_extension("seeds"))
}

/// The worlds of this test that once failed, in the order in which they were kept.
pub(super) fn read(case: &TestCase) -> Vec<Which> {
    let text = place(case).and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let of_case = |line: &str| {
        let (name, which) = line.split_once(' ')?;
        if name == case.name() { which.parse().ok() } else { None }
    };
    text.lines().filter_map(of_case).collect()
}

/// Keeps a world that failed. Returns the file, if it could be written.
pub(super) fn add(case: &TestCase, which: &Which) -> Option<PathBuf> {
    let path = place(case)?;
    if read(case).contains(which) {
        return Some(path);
    }
    write(&path, &format!("{} {which}\n", case.name())).ok().map(|()| path)
}

/// One write, because tests that fail at the same time share the file.
fn write(path: &Path, line: &str) -> std::io::Result<()> {
    let header = if path.exists() { "" } else { HEADER };
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(format!("{header}{line}").as_bytes())
}
