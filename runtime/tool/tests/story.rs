//! The example `observed` is ill, and one command of the tool finds why:
//! `examples/observed/README.md` shows what the example and the tool print, and this suite checks
//! it.

#![cfg(unix)]

#[path = "../../../tests/support/program.rs"]
mod program;
mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use heist::runtime::{Builder, DriverKind};
use support::heist;
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a machine that is busy with other work may need.
const PATIENCE: Duration = Duration::from_secs(60);

/// The example, until it is dropped.
struct Ill {
    child: Child,
    report: Vec<String>,
    directory: TempDir,
}

impl Ill {
    fn start(illness: &str, driver: DriverKind) -> Ill {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(program::example("observed"));
        command.args([illness, "--stay"]).stdin(Stdio::null()).stdout(Stdio::piped());
        command.env("HEIST_CONSOLE", directory.path()).env("HEIST_DRIVER", driver.to_string());
        let mut child = command.env_remove("HEIST_OBSERVE").spawn().expect("the example starts");
        let output = child.stdout.take().expect("a pipe");
        let mut ill = Ill { child, report: Vec::new(), directory };
        let stays = format!("process {} stays until Ctrl-C", ill.child.id());
        for line in BufReader::new(output).lines() {
            let line = line.expect("UTF-8");
            if line == stays {
                return ill;
            }
            ill.report.push(line);
        }
        panic!("it did not stay: {:?}", ill.report);
    }

    /// What a command of the README prints of this process.
    fn ask(&self, command: &str) -> Vec<String> {
        let pid = self.child.id();
        let service = if cfg!(target_os = "linux") {
            pid.to_string()
        } else {
            self.directory.path().join(format!("{pid}-1.heist")).display().to_string()
        };
        let mut words = command.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert!(words[1].parse::<u32>().is_ok(), "{command}: the number of a process is the second word");
        words[1] = service;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        heist(&words).success().lines().map(str::to_owned).collect()
    }
}

impl Drop for Ill {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the README shows of an illness.
struct Shown {
    report: Vec<String>,
    command: String,
    answer: Vec<String>,
}

fn shown(illness: &str) -> Shown {
    let path: PathBuf = Path::new(ROOT).join("examples/observed/README.md");
    let text = std::fs::read_to_string(&path).expect("the README of the example");
    let heading = format!("## `{illness}`");
    let section = text.split("\n## ").find(|section| section.starts_with(&heading[3..])).expect("a section");
    let mut blocks = section
        .split("```text\n")
        .skip(1)
        .map(|block| block.split("```").next().expect("its end").lines().map(str::to_owned).collect());
    let report: Vec<String> = blocks.next().expect("what the example prints");
    let mut answer: Vec<String> = blocks.next().expect("what the tool prints");
    assert!(blocks.next().is_none(), "{illness}: one command is enough");
    let command = answer.remove(0);
    let command = command.strip_prefix("$ ").expect("a command comes first").to_owned();
    Shown { report, command, answer }
}

/// The words of the lines, without what differs from one run to the next: times, shares, addresses,
/// drivers, and which process and worker it was. Places of the source are kept.
fn words(lines: &[String]) -> Vec<String> {
    let lines = lines.iter().map(|line| {
        let mut before = "";
        let line = without_bars(line);
        let words = line.split_whitespace().map(|word| {
            let shown = word_of(before, word);
            before = word;
            shown
        });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.filter(|line| !line.is_empty()).collect()
}

fn word_of(before: &str, word: &str) -> String {
    let bare = word.trim_end_matches(',');
    let is_time = bare.starts_with(|first: char| first.is_ascii_digit()) && bare.ends_with('s');
    let sign = match bare {
        _ if is_time => "TIME",
        _ if bare.starts_with("0x") => "ADDRESS",
        _ if bare.ends_with('%') => "SHARE",
        "io_uring" | "poll" if before == "multi_thread," => "DRIVER",
        _ if ["process", "worker", "polls", "stalls"].contains(&before) => "NUMBER",
        _ => return word.to_owned(),
    };
    word.replace(bare, sign)
}

fn without_bars(line: &str) -> String {
    let mut pieces = line.split('[');
    let mut whole = pieces.next().expect("at least one").to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(['|', ' ']);
        whole.push('[');
        whole.push_str(if rest.starts_with(']') { rest } else { piece });
    }
    whole
}

/// The drivers of this machine.
fn drivers() -> Vec<DriverKind> {
    let is_there = |kind: &DriverKind| {
        let built = Builder::new_current_thread().driver(*kind).build();
        let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
        assert!(built.is_ok() || !is_required, "HEIST_REQUIRE_URING=1, yet: {:?}", built.err());
        built.is_ok()
    };
    [DriverKind::Uring, DriverKind::Poll].into_iter().filter(is_there).collect()
}

/// Plays the section of the README on each driver. `is_enough` compares the words of the tool's
/// answer with those shown.
#[track_caller]
fn play(illness: &str, is_enough: impl Fn(&[String], &[String]) -> bool) {
    let shown = shown(illness);
    let expected = words(&shown.answer);
    for driver in drivers() {
        let ill = Ill::start(illness, driver);
        assert_eq!(words(&ill.report), words(&shown.report), "{illness} on {driver}");
        let start = Instant::now();
        let mut answer = words(&ill.ask(&shown.command));
        while !is_enough(&answer, &expected) {
            assert!(start.elapsed() < PATIENCE, "on {driver}, {answer:#?} is not {expected:#?}");
            std::thread::sleep(Duration::from_millis(10));
            answer = words(&ill.ask(&shown.command));
        }
    }
}

fn is_equal(answer: &[String], expected: &[String]) -> bool {
    answer == expected
}

#[test]
fn top_shows_a_leak_as_a_group_of_a_thousand_tasks() {
    play("leak", is_equal);
}

#[test]
fn pstree_shows_a_lock_that_is_kept_and_what_its_owner_waits_for() {
    play("lock", is_equal);
}

#[test]
fn stalls_shows_a_call_that_blocks_with_the_place_of_its_task() {
    // The task and the worker are another one each time.
    let row = |line: &String| -> Vec<String> {
        let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
        line.split_whitespace().filter(|word| !is_number(word)).map(str::to_owned).collect()
    };
    play("block", |answer, expected| {
        let answer: Vec<_> = answer.iter().map(row).collect();
        expected.iter().all(|line| answer.contains(&row(line)))
    });
}

#[test]
fn pstree_names_the_circle_of_tasks_that_await_each_other() {
    play("circle", is_equal);
}

#[test]
fn the_guide_shows_the_same_circle() {
    let guide =
        std::fs::read_to_string(Path::new(ROOT).join("docs/guide/look_inside.md")).expect("the guide");
    let guide = words(&guide.lines().map(str::to_owned).collect::<Vec<_>>());
    let expected = words(&shown("circle").answer);
    assert!(
        guide.windows(expected.len()).any(|lines| lines == expected),
        "{expected:#?} is not in the guide"
    );
}

#[test]
fn what_differs_between_two_runs_is_not_compared() {
    let seen = |line: &str| words(&[line.to_owned()]).concat();
    assert_eq!(
        seen("heist top: process 11, runtime 1, multi_thread, poll, up 1.1s, not observed"),
        "heist top: process NUMBER, runtime 1, multi_thread, DRIVER, up TIME, not observed"
    );
    assert_eq!(seen("   0 [||      ]   0.1% q 0"), "0 [] SHARE q 0");
    assert_eq!(
        seen("\u{2514}\u{2500} 3 a.rs:1:5, running [deadlock]"),
        "\u{2514}\u{2500} 3 a.rs:1:5, running [deadlock]"
    );
    assert_eq!(seen("for Mutex 0x55ab, which task 2 has"), "for Mutex ADDRESS, which task 2 has");
    assert_eq!(seen("2 tasks: 0 running"), "2 tasks: 0 running");
}
