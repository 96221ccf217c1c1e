//! Instructions per yield, counted by callgrind: exact, so that a machine with neighbours can tell one from two.

use std::process::Command;

use super::groups::GROUPS;

/// Between the two lengths that are counted, so that start and end of the process cancel out.
const YIELDS_COUNT: u64 = 100_000;

/// Counts every contestant and prints it.
pub(crate) fn count() {
    println!("instructions per yield");
    for (group_index, group) in GROUPS.iter().enumerate() {
        println!("{}", group.title);
        for (index, one) in group.contestants.iter().enumerate() {
            let counted = |yields_count| collected(group_index, index, yields_count);
            match (counted(YIELDS_COUNT), counted(2 * YIELDS_COUNT)) {
                (Ok(short), Ok(long)) => {
                    let per_yield = (long - short) as f64 / YIELDS_COUNT as f64;
                    println!("  {:42} {per_yield:7.2}", one.name);
                }
                (Err(error), _) | (_, Err(error)) => {
                    return println!("  SKIPPED: {error}; install valgrind to count instructions");
                }
            }
        }
    }
}

/// Runs one contestant in this process (started by [`count`]).
pub(crate) fn run_one(group: usize, index: usize, yields_count: u64) {
    (GROUPS[group].contestants[index].copies[0])(yields_count);
}

/// All instructions of a process that runs one contestant.
fn collected(group: usize, index: usize, yields_count: u64) -> Result<u64, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(me)
        .args(["run-generator", &group.to_string(), &index.to_string(), &yields_count.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not run ({error})"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.split("Collected :").nth(1).and_then(|rest| rest.split_whitespace().next());
    count.and_then(|count| count.parse().ok()).ok_or_else(|| format!("callgrind counted nothing: {said}"))
}
