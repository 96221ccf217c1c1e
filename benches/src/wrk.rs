//! The load of HTTP servers: the program `wrk`, and the numbers that it reports.

use std::process::Command;
use std::time::Duration;

use crate::scratch::Scratch;
use crate::tools::WRK;
use crate::usage::Latency;

/// Prints the numbers, because the text that `wrk` prints by itself has no thousandth.
const SCRIPT: &str = include_str!("wrk.lua");

/// The shape of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrk {
    pub(crate) thread_count: usize,
    pub(crate) connection_count: usize,
    /// `wrk` takes whole seconds only.
    pub(crate) seconds: u64,
}

/// What `wrk` saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) request_count: u64,
    pub(crate) time: Duration,
    pub(crate) latency: Latency,
    /// Failed connections, reads and writes, answers that are none, and answers that came too late.
    pub(crate) error_count: u64,
}

impl Wrk {
    /// Loads the server at `url`.
    pub(crate) fn run(self, url: &str) -> Seen {
        let place = Scratch::make().expect("there is room for a script");
        let script = place.path().join("summary.lua");
        std::fs::write(&script, SCRIPT).expect("there is room for a script");
        let mut command = Command::new(WRK.program);
        command.arg(format!("-t{}", self.thread_count)).arg(format!("-c{}", self.connection_count));
        // An answer that takes two seconds, on a machine that is busy, is no error.
        command.arg(format!("-d{}s", self.seconds)).args(["--timeout", "60s", "-s"]).arg(&script).arg(url);
        let output = command.output().expect("wrk runs");
        let text = String::from_utf8(output.stdout).expect("wrk prints text");
        Seen::parse(&text).unwrap_or_else(|| panic!("wrk prints something else than it did: {text}"))
    }
}

impl Seen {
    /// From the line that the script prints.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("summary "))?;
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let &[request_count, micros, p50, p99, p999, error_count] = &numbers[..] else { return None };
        let latency = Latency { p50_micros: p50 as f64, p99_micros: p99 as f64, p999_micros: p999 as f64 };
        Some(Seen { request_count, time: Duration::from_micros(micros), latency, error_count })
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Latency, Seen};

    #[test]
    fn the_line_of_the_script_is_understood() {
        let text = "Requests/sec:  62893.41\nsummary 63510 1010000 640 1200 2500 0\n";
        let latency = Latency { p50_micros: 640.0, p99_micros: 1_200.0, p999_micros: 2_500.0 };
        let time = Duration::from_millis(1_010);
        let seen = Seen { request_count: 63_510, time, latency, error_count: 0 };
        assert_eq!(Seen::parse(text), Some(seen));
        assert_eq!(Seen::parse("unable to connect"), None);
    }
}
