//! The tools that count what a process does: strace its system calls, valgrind its instructions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch::Scratch;
use crate::tools::{STRACE, Tool, VALGRIND};

/// How a process is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracer {
    /// By nothing: it runs as fast as it can.
    Nothing,
    /// Its system calls are counted by name. Each of them takes longer, and all threads wait for the tracer in turns.
    Strace,
    /// Its instructions in user space are counted. It has one thread at a time, and the poll back end, because valgrind knows no
    /// rings.
    Callgrind,
}

pub(super) const TOOLS: [Tool; 2] = [STRACE, VALGRIND];

/// What was counted of a whole process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) calls: BTreeMap<String, f64>,
    pub(super) instructions: f64,
}

/// A tracer and the file that it writes when the process ends.
pub(super) struct Traced {
    tracer: Tracer,
    place: Scratch,
}

impl Traced {
    pub(super) fn by(tracer: Tracer) -> Self {
        Traced { tracer, place: Scratch::make().expect("there is room for counts") }
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("counts")
    }

    /// This program with these arguments, under the tracer.
    pub(super) fn command(&self, arguments: &[String]) -> Command {
        let own = std::env::current_exe().expect("a program knows its own path");
        let mut command = match self.tracer {
            Tracer::Nothing => Command::new(own),
            Tracer::Strace => {
                let mut command = Command::new(STRACE.program);
                command.args(["-c", "-f", "-qq", "-o"]).arg(self.file()).arg(own);
                command
            }
            Tracer::Callgrind => {
                let mut command = Command::new(VALGRIND.program);
                command.args(["--tool=callgrind", "--quiet"]);
                command.arg(format!("--callgrind-out-file={}", self.file().display()));
                command.arg(own).env("HEIST_DRIVER", "poll");
                command
            }
        };
        command.args(arguments);
        command
    }

    /// After the end of the process.
    pub(super) fn counted(&self) -> Counted {
        let read = |file: &Path| fs::read_to_string(file).expect("the tracer writes when the process ends");
        match self.tracer {
            Tracer::Nothing => Counted::default(),
            Tracer::Strace => Counted { calls: calls(&read(&self.file())), ..Counted::default() },
            Tracer::Callgrind => {
                let text = read(&self.file());
                Counted {
                    instructions: instructions(&text).expect("callgrind writes a sum"),
                    ..Counted::default()
                }
            }
        }
    }
}

impl Counted {
    /// What a longer run counted beyond a shorter one, for each of so many operations.
    pub(super) fn beyond(&self, shorter: &Self, operation_count: f64) -> Self {
        let each = |name: &String, count: f64| {
            (count - shorter.calls.get(name).copied().unwrap_or(0.0)) / operation_count
        };
        let calls = self.calls.iter().map(|(name, &count)| (name.clone(), each(name, count))).collect();
        Counted { calls, instructions: (self.instructions - shorter.instructions) / operation_count }
    }
}

/// The fourth column of a table whose last one is the name; the column of errors may be empty.
fn calls(table: &str) -> BTreeMap<String, f64> {
    let mut calls = BTreeMap::new();
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, count, .., name] = words[..] else { continue };
        if let (Ok(count), false) = (count.parse(), name == "total") {
            calls.insert(name.to_owned(), count);
        }
    }
    calls
}

fn instructions(profile: &str) -> Option<f64> {
    let sum =
        |line: &str| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")).map(str::to_owned);
    profile.lines().find_map(sum)?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Counted, calls, instructions};

    #[test]
    fn the_table_of_strace_is_understood() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n \
                     60.00    0.000060           1        60         2 futex\n \
                     40.00    0.000040           1        40           io_uring_enter\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    0.000100           1       100         2 total\n";
        let found = calls(table);
        assert_eq!(found.len(), 2);
        assert!(found["futex"] == 60.0 && found["io_uring_enter"] == 40.0);
    }

    #[test]
    fn the_sum_of_callgrind_is_understood() {
        assert_eq!(instructions("events: Ir\nsummary: 1234\n"), Some(1234.0));
        assert_eq!(instructions("events: Ir\n"), None);
    }

    #[test]
    fn what_the_start_costs_is_not_counted() {
        let of = |count| Counted { calls: [("read".to_owned(), count)].into(), instructions: 10.0 * count };
        assert_eq!(of(70.0).beyond(&of(20.0), 50.0), of(1.0));
    }
}
