//! Files and child processes in the way in which every system has them. `tests/files` and
//! `tests/process.rs` go further, and need Unix. `ci/windows.sh` runs this on Windows.

#[path = "support/mod.rs"]
mod support;

use std::io::{Read, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;

use heist::fs::{self, File, OpenOptions};
use heist::process::{Child, Command};
use support::on_every_runtime;
use support::wait::pattern;

/// More than a pipe has room for.
const MUCH: usize = 300 * 1024;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a temporary directory")
}

#[test]
fn bytes_that_were_written_at_a_place_are_read_there() {
    on_every_runtime(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
                .await
                .expect("created");
            let bytes = pattern(MUCH, 1);
            file.write_all_at(&bytes, 5).await.expect("written");
            let mut read = vec![1; MUCH];
            file.read_exact_at(&mut read, 5).await.expect("read");
            assert_eq!(read, bytes);
            let mut hole = [1; 5];
            file.read_exact_at(&mut hole, 0).await.expect("read");
            assert_eq!(hole, [0; 5]);
            assert_eq!(file.read_at(&mut hole, 5 + MUCH as u64).await.expect("the end"), 0);
            assert_eq!(file.stream_position().await.expect("the cursor stays"), 0);
            file.set_len(7).await.expect("cut");
            file.sync_all().await.expect("synced");
            assert_eq!(file.metadata().await.expect("metadata").len(), 7);
        });
    });
}

#[test]
fn the_cursor_moves_with_reads_and_writes_and_by_seeks() {
    on_every_runtime(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            let mut file = File::create(&path).await.expect("created");
            file.write_all(b"one two").await.expect("written");
            assert_eq!(file.stream_position().await.expect("the place"), 7);
            file.flush().await.expect("flushed");
            drop(file);
            let mut file = File::open(&path).await.expect("opened");
            assert_eq!(file.seek(SeekFrom::Start(4)).await.expect("moved"), 4);
            let mut text = String::new();
            file.read_to_string(&mut text).await.expect("read");
            assert_eq!(text, "two");
            assert_eq!(file.seek(SeekFrom::End(-7)).await.expect("moved"), 0);
            let mut bytes = Vec::new();
            assert_eq!(file.read_to_end(&mut bytes).await.expect("read"), 7);
            assert_eq!(bytes, b"one two");
        });
    });
}

#[test]
fn an_appended_file_keeps_what_it_has_and_a_truncated_one_does_not() {
    on_every_runtime(|runtime| {
        let directory = directory();
        let path = directory.path().join("file");
        runtime.block_on(async {
            fs::write(&path, "first").await.expect("written");
            let mut file = OpenOptions::new().append(true).open(&path).await.expect("opened");
            file.write_all(b" second").await.expect("appended");
            file.flush().await.expect("flushed");
            drop(file);
            assert_eq!(fs::read_to_string(&path).await.expect("read"), "first second");
            drop(File::create(&path).await.expect("truncated"));
            assert_eq!(fs::read(&path).await.expect("read"), b"");
            let again = OpenOptions::new().write(true).create_new(true).open(&path).await;
            assert_eq!(again.expect_err("it is there").kind(), std::io::ErrorKind::AlreadyExists);
        });
    });
}

#[test]
fn directories_are_made_listed_renamed_and_removed() {
    on_every_runtime(|runtime| {
        let directory = directory();
        runtime.block_on(async {
            let deep = directory.path().join("a").join("b");
            fs::create_dir_all(&deep).await.expect("made");
            fs::write(deep.join("x"), "x").await.expect("written");
            fs::copy(deep.join("x"), deep.join("y")).await.expect("copied");
            fs::hard_link(deep.join("x"), deep.join("z")).await.expect("linked");
            fs::rename(deep.join("y"), deep.join("w")).await.expect("renamed");
            let mut names = Vec::new();
            let mut entries = fs::read_dir(&deep).await.expect("listed");
            while let Some(entry) = entries.next_entry().await.expect("an entry") {
                assert!(entry.file_type().await.expect("its type").is_file());
                names.push(entry.file_name().into_string().expect("a name"));
            }
            names.sort();
            assert_eq!(names, ["w", "x", "z"]);
            assert_eq!(fs::read(deep.join("z")).await.expect("read"), b"x");
            fs::remove_file(deep.join("z")).await.expect("removed");
            assert!(fs::metadata(&deep).await.expect("metadata").is_dir());
            assert!(fs::canonicalize(&deep).await.expect("a path").ends_with("b"));
            assert!(fs::remove_dir(&deep).await.is_err(), "it is not empty");
            fs::remove_dir_all(directory.path().join("a")).await.expect("removed");
            assert!(!fs::try_exists(&deep).await.expect("an answer"));
            let missing = fs::read(&deep).await.expect_err("it is gone");
            assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
        });
    });
}

/// This program as a child, which runs only the test of this name.
fn program(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "--nocapture", role]).stderr(Stdio::null());
    command
}

#[test]
#[ignore = "a child runs it"]
fn child_that_echoes_and_ends_with_seven() {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).expect("what the parent wrote");
    std::io::stdout().write_all(&bytes).expect("the parent reads");
    std::io::stdout().flush().expect("the parent reads");
    std::process::exit(7);
}

#[test]
#[ignore = "a child runs it"]
fn child_that_waits_for_its_parent() {
    let mut byte = [0];
    // Ends if the parent does.
    let _ = std::io::stdin().read(&mut byte);
}

#[test]
fn a_child_is_fed_and_read_beyond_the_room_of_its_pipes_and_its_code_is_returned() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut command = program("child_that_echoes_and_ends_with_seven");
            let mut child: Child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("spawned");
            let (mut stdin, mut stdout) =
                (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
            let writer = heist::spawn(async move {
                stdin.write_all(&pattern(MUCH, 1)).await.expect("the child reads");
            });
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).await.expect("read");
            writer.await.expect("no panic");
            assert!(bytes.ends_with(&pattern(MUCH, 1)), "{} bytes came", bytes.len());
            assert_eq!(child.wait().await.expect("it has ended").code(), Some(7));
        });
    });
}

#[test]
fn the_status_of_many_children_at_once_is_their_own() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let ends: Vec<_> = (0..12)
                .map(|index| {
                    // Half of them know no such test, which is no failure.
                    let role = ["child_that_echoes_and_ends_with_seven", "no test"][index % 2];
                    program(role).stdin(Stdio::null()).stdout(Stdio::null()).status()
                })
                .collect();
            for (index, end) in ends.into_iter().enumerate() {
                assert_eq!(end.await.expect("it has ended").code(), Some([7, 0][index % 2]));
            }
        });
    });
}

#[test]
fn a_child_that_waits_is_killed_and_its_end_is_seen() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut command = program("child_that_waits_for_its_parent");
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("spawned");
            // A wait would close it, and the child would end.
            let stdin = child.stdin.take().expect("piped");
            assert!(child.try_wait().expect("an answer").is_none(), "it ended by itself");
            child.kill().await.expect("killed");
            let status = child.try_wait().expect("an answer").expect("its end was seen");
            assert!(!status.success(), "{status}");
            drop(stdin);
        });
    });
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let error = Command::new("heist-has-no-such-program").spawn().expect_err("it is not there");
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        });
    });
}
