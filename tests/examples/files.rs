//! The examples `copy` and `checksum` do what their headers say, on every back end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::process::make_fifo;
use crate::{program, support};

/// Runs the example with each driver in a new directory.
fn on_every_backend(test: impl Fn(&dyn Fn(&str, &[&Path]) -> Output, &Path)) {
    for kind in support::backends() {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let run = |name: &str, arguments: &[&Path]| {
            let mut command = Command::new(program::example(name));
            command.args(arguments).current_dir(directory.path());
            command.env("HEIST_DRIVER", kind.to_string()).output().expect("the example starts")
        };
        test(&run, directory.path());
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|place| (place % 251) as u8).collect()
}

/// Files of all sizes, at several depths.
fn make_tree(root: &Path) -> Vec<PathBuf> {
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    let names =
        ["empty", "one", "a/two", "a/b/c/three", "a/b/with space", "a.txt", "a/\\back", "a/new\nline"];
    let lengths = [0, 1, 4096, 3 << 20, 65_537, 100, 10, 10];
    for (name, len) in names.into_iter().zip(lengths) {
        fs::write(root.join(name), pattern(len)).unwrap();
    }
    names.iter().map(|name| root.join(name)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn assert_failed(output: &Output, words: &[&str]) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for word in words {
        assert!(told.contains(word), "'{word}' is not in: {told}");
    }
}

#[test]
fn a_tree_is_copied_with_its_links_permissions_and_empty_directories() {
    on_every_backend(|run, directory| {
        let (from, to) = (directory.join("from"), directory.join("to"));
        let files = make_tree(&from);
        fs::create_dir(from.join("nothing in it")).unwrap();
        symlink("a/two", from.join("link")).unwrap();
        symlink("nowhere", from.join("dangling")).unwrap();
        symlink("a", from.join("directory link")).unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(&from.join("one"), 0o751);
        mode(&from.join("empty"), 0o400);
        mode(&from.join("a/b"), 0o555);
        let output = run("copy", &[&from, &to]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        for path in &files {
            let copy = to.join(path.strip_prefix(&from).unwrap());
            assert!(fs::read(path).unwrap() == fs::read(&copy).unwrap(), "{}", copy.display());
        }
        for name in ["one", "empty", "a/b", "a", "nothing in it", "a/two"] {
            let mode = |root: &Path| fs::metadata(root.join(name)).unwrap().permissions().mode();
            assert_eq!(mode(&from), mode(&to), "{name}");
        }
        for (name, target) in [("link", "a/two"), ("dangling", "nowhere"), ("directory link", "a")] {
            assert_eq!(fs::read_link(to.join(name)).unwrap(), Path::new(target));
        }
        // So that a user who is not root can remove the directory.
        mode(&from.join("a/b"), 0o755);
        mode(&to.join("a/b"), 0o755);
        let count = |root: &Path| fs::read_dir(root).unwrap().count();
        assert_eq!(count(&from), count(&to));
    });
}

#[test]
fn one_file_is_copied_to_its_new_name() {
    on_every_backend(|run, directory| {
        fs::write(directory.join("x"), b"hello").unwrap();
        assert!(run("copy", &[Path::new("x"), Path::new("y")]).status.success());
        assert_eq!(fs::read(directory.join("y")).unwrap(), b"hello");
    });
}

#[test]
fn a_file_that_cannot_be_copied_is_reported_and_the_rest_is_copied() {
    on_every_backend(|run, directory| {
        let (from, to) = (directory.join("from"), directory.join("to"));
        let files = make_tree(&from);
        make_fifo(&from.join("a/pipe"));
        let output = run("copy", &[&from, &to]);
        assert_failed(&output, &["from/a/pipe: is no file, directory or link"]);
        assert!(!to.join("a/pipe").exists());
        assert_eq!(fs::read(to.join("a/b/c/three")).unwrap(), fs::read(&files[3]).unwrap());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_breaks_off_leaves_no_half_of_a_copy() {
    on_every_backend(|run, directory| {
        // Its first page can be read by nobody.
        let output = run("copy", &[Path::new("/proc/self/mem"), Path::new("half")]);
        assert_failed(&output, &["/proc/self/mem: Input/output error"]);
        assert!(!directory.join("half").exists());
    });
}

#[test]
fn nothing_is_overwritten_and_nothing_copied_into_itself() {
    on_every_backend(|run, directory| {
        let (from, to) = (directory.join("from"), directory.join("to"));
        make_tree(&from);
        fs::create_dir(&to).unwrap();
        assert_failed(
            &run("copy", &[&from, &to]),
            &["to: exists already; remove it, or name another target"],
        );
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        symlink("nowhere", directory.join("link")).unwrap();
        assert_failed(&run("copy", &[&from, &directory.join("link")]), &["link: exists already"]);
        assert_failed(
            &run("copy", &[&from, &from.join("a/copy")]),
            &["a/copy: lies within what is to be copied"],
        );
        assert_failed(
            &run("copy", &[&directory.join("absent"), &directory.join("x")]),
            &["absent: No such file"],
        );
        assert_failed(&run("copy", &[&from, &directory.join("absent/x")]), &["absent: No such file"]);
    });
}

#[test]
fn checksums_are_those_of_sha256sum() {
    on_every_backend(|run, directory| {
        let mut files = make_tree(&directory.join("tree"));
        symlink("one", directory.join("tree/link")).unwrap();
        let output = run("checksum", &[Path::new("tree")]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        for file in &mut files {
            *file = file.strip_prefix(directory).unwrap().to_owned();
        }
        // By name in each directory, and what is in a directory in the place of its name.
        files.sort();
        let truth =
            Command::new("sha256sum").args(&files).current_dir(directory).output().expect("sha256sum runs");
        assert!(truth.status.success());
        assert_eq!(text(&output.stdout), text(&truth.stdout));
    });
}

#[test]
fn a_file_that_cannot_be_hashed_is_reported_and_the_rest_is_hashed() {
    on_every_backend(|run, directory| {
        fs::write(directory.join("x"), b"hello").unwrap();
        let output = run("checksum", &[Path::new("absent"), Path::new("x")]);
        assert_failed(&output, &["absent: No such file"]);
        let expected = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  x\n";
        assert_eq!(text(&output.stdout), expected);
    });
}
