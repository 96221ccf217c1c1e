//! `heist trace`

mod chrome;

use serde_json::Value;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::client::{ANSWER_PAUSE_MAX, ConsoleClient};
use crate::failure::Failure;
use crate::find;
use crate::options::TraceOptions;
use crate::output::{Output, micros};
use crate::protocol::{TraceEnd, TraceLine};
use crate::visible::json_line;

pub(super) fn run(options: &TraceOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    let mut client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    let millis = u64::try_from(options.length.as_millis()).unwrap_or(u64::MAX);
    // The first line comes when the time is over.
    client.set_pause_max(options.length.saturating_add(ANSWER_PAUSE_MAX));
    let (lines, end): (Vec<(TraceLine, String)>, Value) = client.ask_all_with("trace", ("for_ms", millis))?;
    if options.json {
        lines.iter().try_for_each(|(_, line)| output.line(&json_line(line)))?;
        return output.line(&json_line(&serde_json::json!({ "end": end }).to_string()));
    }
    let end: TraceEnd = serde_json::from_value(end)
        .map_err(|error| Failure::new(format!("a malformed answer ({error}): the end of a trace")))?;
    let lines: Vec<TraceLine> = lines.into_iter().map(|(line, _)| line).collect();
    write(&options.output, &client, &lines, end.length_ns).map_err(|error| {
        Failure::new(format!("{}: the trace cannot be written: {error}", options.output.display()))
    })?;
    output.line(&summary(&options.output, &end))
}

fn write(path: &Path, client: &ConsoleClient, lines: &[TraceLine], length_ns: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    chrome::write(&mut out, &client.greeting, lines, length_ns)?;
    out.flush()
}

fn summary(path: &Path, end: &TraceEnd) -> String {
    let TraceEnd { polls, wakes, operations, lost, length_ns } = end;
    let length = micros(length_ns / 1000);
    let lost = match lost {
        0 => String::new(),
        lost => format!("; {lost} more had no room: take a shorter trace"),
    };
    let path = path.display();
    format!(
        "{polls} polls, {wakes} wakes and {operations} operations of {length} are in {path}{lost}\nopen it in ui.perfetto.dev or chrome://tracing"
    )
}
