//! The same loops in CPython, timed by itself.

use std::process::Command;

use super::row::Row;

const PROGRAM: &str = "
import sys, time
def new_range(n):
    i = 0
    while i < n:
        yield i
        i += 1
def adder():
    total = 0
    while True:
        total += yield total
n = int(sys.argv[1])
start = time.perf_counter()
total = 0
for x in new_range(n):
    total += x
print((time.perf_counter() - start) / n * 1e9)
a = adder()
next(a)
start = time.perf_counter()
for x in range(n):
    a.send(x)
print((time.perf_counter() - start) / n * 1e9)
print('CPython', sys.version.split()[0])
";

/// Python's two rows beside heist's figures for the same loops.
pub(super) fn compare(is_quick: bool, rows: &[Row]) -> Vec<Row> {
    let count = if is_quick { "100000" } else { "2000000" };
    let output = match Command::new("python3").args(["-c", PROGRAM, count]).output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            println!(
                "CPython SKIPPED: python3 failed ({}); install python3 to compare with it",
                output.status
            );
            return Vec::new();
        }
        Err(error) => {
            println!("CPython SKIPPED: python3 does not run ({error}); install it to compare with it");
            return Vec::new();
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    let figures: Vec<f64> = lines.by_ref().take(2).filter_map(|line| line.parse().ok()).collect();
    let version = lines.next().unwrap_or("CPython");
    println!("{version}");
    let loops = [("next", "heist generator!"), ("send", "heist coroutine!")];
    let python = loops.iter().zip(figures).filter_map(|((name, ours), time_ns)| {
        let ours = rows.iter().find(|row| row.name == *ours)?;
        let ratio = ours.time_ns / time_ns;
        Some(Row {
            group: version.to_owned(),
            name: (*name).to_owned(),
            time_ns,
            heist_ratio: ratio,
            heist_ratio_quartiles: (ratio, ratio),
            goal: None,
            is_met: true,
        })
    });
    let python: Vec<Row> = python.collect();
    python.iter().for_each(Row::print);
    python
}
