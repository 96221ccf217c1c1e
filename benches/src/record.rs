//! What is kept of a comparison: every sample, and on what they were taken.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::chart;
use crate::compare::{Outcome, Plan, Results, Spread};
use crate::goal::Figure;
use crate::report::{self, Judgement};
use crate::usage::Sample;

/// When, of what and on what the figures were taken.
#[derive(Serialize)]
struct Origin {
    date: String,
    commit: String,
    kernel: String,
    processor: String,
    processor_count: usize,
    versions: Vec<String>,
}

impl Origin {
    /// With the versions of these packages.
    fn of(packages: &[&str]) -> io::Result<Origin> {
        Ok(Origin {
            date: today(),
            commit: first_line(Command::new("git").args(["describe", "--always", "--dirty"])),
            kernel: first_line(Command::new("uname").args(["-sr"])),
            processor: processor(),
            processor_count: std::thread::available_parallelism()?.get(),
            versions: packages.iter().map(|name| version_of(name)).collect(),
        })
    }
}

#[derive(Serialize)]
struct Record {
    #[serde(flatten)]
    origin: Origin,
    round_count: usize,
    /// How much of the machine others took meanwhile, from nothing to one.
    neighbours_share: f64,
    judgements: Vec<Judgement>,
    workloads: Vec<RecordedWorkload>,
}

#[derive(Serialize)]
struct RecordedWorkload {
    name: &'static str,
    explanation: &'static str,
    rivals: Vec<RecordedRival>,
}

#[derive(Serialize)]
struct RecordedRival {
    name: &'static str,
    time_ns: f64,
    cpu_ns: f64,
    switches: f64,
    /// System calls per operation, where they were counted.
    syscalls: Option<f64>,
    /// heist's figure divided by this rival's.
    time_ratio: Spread,
    cpu_ratio: Spread,
    samples: Vec<Sample>,
}

/// Whose versions are kept.
const RUNTIMES: [&str; 6] = ["heist", "tokio", "smol", "monoio", "compio", "glommio"];

/// What is kept of a comparison that has a table of its own.
#[derive(Serialize)]
struct Table<'a, Row> {
    #[serde(flatten)]
    origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbours_share: Option<f64>,
    rows: &'a [Row],
}

/// `benches/record/<date><suffix>.json` of this source tree.
pub(crate) fn dated_file(suffix: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("record").join(format!("{}{suffix}.json", today()))
}

/// Writes the rows of a table to `file`, with the versions of `packages`. The share is what others took of the machine
/// meanwhile, if that matters.
pub(crate) fn write_rows<Row: Serialize>(
    file: &Path,
    packages: &[&str],
    neighbours_share: Option<f64>,
    rows: &[Row],
) -> io::Result<()> {
    let table = Table { origin: Origin::of(packages)?, neighbours_share, rows };
    std::fs::write(file, serde_json::to_string_pretty(&table)? + "\n")
}

/// Writes everything to `file`, making its directory if needed, and the chart beside it.
pub(crate) fn write(file: &Path, plan: &Plan, results: &Results) -> io::Result<()> {
    let record = Record {
        origin: Origin::of(&RUNTIMES)?,
        round_count: plan.round_count,
        neighbours_share: results.neighbours_share,
        judgements: report::judgements(&results.outcomes),
        workloads: results.outcomes.iter().map(recorded).collect(),
    };
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    if let Some(picture) = chart::draw(&results.outcomes) {
        std::fs::write(file.with_extension("svg"), picture)?;
    }
    std::fs::write(file, serde_json::to_string_pretty(&record)? + "\n")
}

fn recorded(outcome: &Outcome) -> RecordedWorkload {
    let subject = &outcome.entries[0];
    let rivals = outcome.entries.iter().map(|entry| RecordedRival {
        name: entry.rival,
        time_ns: entry.median(Figure::Time),
        cpu_ns: entry.median(Figure::Cpu),
        switches: entry.median(Figure::Switches),
        syscalls: entry.syscalls,
        time_ratio: Outcome::ratio(subject, entry, Figure::Time),
        cpu_ratio: Outcome::ratio(subject, entry, Figure::Cpu),
        samples: entry.samples.clone(),
    });
    let workload = &outcome.workload;
    RecordedWorkload { name: workload.name, explanation: workload.explanation, rivals: rivals.collect() }
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.as_deref().and_then(|text| text.lines().next()).unwrap_or("unknown").to_owned()
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':'])).to_owned()
}

/// As the lock file has it.
fn version_of(name: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")));
    let line = entry.and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("version = ")));
    format!("{name} {}", line.unwrap_or("unknown").trim_matches('"'))
}

/// Today in UTC, as year-month-day.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (year, month, day) = civil_date(since.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The date that is `day_count` days after 1970-01-01.
fn civil_date(mut day_count: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while day_count >= 365 + u64::from(is_leap(year)) {
        day_count -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day_count < length {
            break;
        }
        day_count -= length;
        month += 1;
    }
    (year, month, day_count + 1)
}

#[cfg(test)]
mod tests {
    use super::civil_date;

    #[test]
    fn dates_are_the_calendars() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(11_016), (2000, 2, 29));
        assert_eq!(civil_date(20_778), (2026, 11, 21));
    }
}
