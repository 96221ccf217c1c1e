//! Standard output: written in large pieces, without a panic when its reader has gone, and with
//! styles only for a terminal whose user wants them.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::time::Duration;

use crate::failure::Failure;

pub(crate) struct Output {
    writer: BufWriter<Stdout>,
    has_style: bool,
}

impl Output {
    pub(crate) fn new() -> Output {
        let stdout = io::stdout();
        let has_style = stdout.is_terminal() && wants_colour();
        Output { writer: BufWriter::with_capacity(64 << 10, stdout), has_style }
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.writer, "{text}").map_err(|error| Failure::of_output(&error))
    }

    pub(crate) fn heading(&mut self, text: &str) -> Result<(), Failure> {
        self.styled(text, "1")
    }

    pub(crate) fn warning(&mut self, text: &str) -> Result<(), Failure> {
        self.styled(text, "1;31")
    }

    fn styled(&mut self, text: &str, style: &str) -> Result<(), Failure> {
        if self.has_style { self.line(&format!("\x1b[{style}m{text}\x1b[0m")) } else { self.line(text) }
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.writer.write_all(text.as_bytes()).map_err(|error| Failure::of_output(&error))
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| Failure::of_output(&error))
    }
}

/// <https://no-color.org>: any value but the empty one means no.
pub(crate) fn wants_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Three digits at most, in the largest unit that has a whole one.
pub(crate) fn span(time: Duration) -> String {
    let micros = time.as_micros();
    let seconds = time.as_secs();
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..10_000 => format!("{:.1}ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{}ms", micros / 1_000),
        1_000_000..10_000_000 => format!("{:.1}s", micros as f64 / 1e6),
        _ if seconds < 60 => format!("{seconds}s"),
        _ if seconds < 3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

pub(crate) fn micros(micros: u64) -> String {
    span(Duration::from_micros(micros))
}

pub(crate) fn millis(millis: u64) -> String {
    span(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::{micros, millis};

    #[test]
    fn a_time_is_shown_in_its_largest_unit() {
        let shown: Vec<String> =
            [0, 999, 1_000, 9_940, 10_000, 999_999, 1_500_000, 59_999_999].into_iter().map(micros).collect();
        assert_eq!(shown, ["0us", "999us", "1.0ms", "9.9ms", "10ms", "999ms", "1.5s", "59s"]);
        let shown: Vec<String> =
            [60_000, 3_599_000, 3_600_000, 86_400_000, u64::MAX].into_iter().map(millis).collect();
        assert_eq!(shown, ["1m00s", "59m59s", "1h00m", "1d00h", "213503982334d14h"]);
    }
}
