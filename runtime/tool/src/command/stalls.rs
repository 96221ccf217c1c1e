//! `heist stalls`

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::client::ConsoleClient;
use crate::failure::Failure;
use crate::find;
use crate::options::StallsOptions;
use crate::output::{Output, micros, millis};
use crate::protocol::{SlowPollLine, SourcePlace};
use crate::table::Alignment::{Left, Right};
use crate::table::TextTable;
use crate::visible::{Visible, json_line};

/// How often new ones are looked for.
const FOLLOW_PAUSE: Duration = Duration::from_millis(250);

pub(super) fn run(options: &StallsOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    let mut client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    let mut lines = ask(&mut client)?;
    if !options.follow {
        return print(&lines, options.json, output);
    }
    let mut known = Known::default();
    loop {
        for (poll, line) in known.new_ones(lines) {
            if options.json { output.line(&json_line(&line))? } else { output.line(&sentence(&poll))? }
        }
        output.flush()?;
        thread::sleep(FOLLOW_PAUSE);
        lines = ask(&mut client)?;
    }
}

fn ask(client: &mut ConsoleClient) -> Result<Vec<(SlowPollLine, String)>, Failure> {
    let (lines, _): (_, Value) = client.ask_all("stalls")?;
    Ok(lines)
}

fn print(lines: &[(SlowPollLine, String)], is_json: bool, output: &mut Output) -> Result<(), Failure> {
    if is_json {
        return lines.iter().try_for_each(|(_, line)| output.line(&json_line(line)));
    }
    if lines.is_empty() {
        return output.line("no slow polls");
    }
    let (headings, rows) = table_of(lines.iter().map(|(poll, _)| poll)).lines();
    output.heading(&headings)?;
    rows.iter().try_for_each(|row| output.line(row))
}

fn table_of<'a>(polls: impl Iterator<Item = &'a SlowPollLine>) -> TextTable {
    let mut table = TextTable::new(&[
        ("AGO", Right),
        ("DURATION", Right),
        ("STATE", Left),
        ("TASK", Right),
        ("NAME", Left),
        ("WORKER", Right),
        ("LOCATION", Left),
    ]);
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    for poll in polls {
        table.push(vec![
            millis(poll.ago_ms),
            micros(poll.duration_us),
            state(poll).to_owned(),
            number(poll.task),
            poll.name.as_ref().map_or("-".to_owned(), Visible::to_string),
            number(poll.worker),
            SourcePlace::text(poll.location.as_ref()),
        ]);
    }
    table
}

fn state(poll: &SlowPollLine) -> &'static str {
    if poll.is_over { "over" } else { "goes on" }
}

/// A slow poll in a line of its own.
fn sentence(poll: &SlowPollLine) -> String {
    let task = match (poll.task, &poll.name) {
        (Some(id), Some(name)) => format!("task {id} \"{name}\""),
        (Some(id), None) => format!("task {id}"),
        (None, _) => "no task".to_owned(),
    };
    let worker = poll.worker.map_or(String::new(), |worker| format!(", worker {worker}"));
    let place = SourcePlace::text(poll.location.as_ref());
    let space = if place.is_empty() { "" } else { " " };
    format!("{} {}: {task}{space}{place}{worker}", micros(poll.duration_us), state(poll))
}

/// A slow poll that is over, or where one goes on.
type Trait = (Option<u64>, Option<Visible>, Option<SourcePlace>, Option<u64>, Option<u64>);

/// What has been printed of the list, which has neither numbers nor a fixed beginning.
#[derive(Default)]
struct Known {
    counts: HashMap<Trait, usize>,
}

impl Known {
    /// Those that the list before this one had not. One that went on then and is over now is new.
    fn new_ones(&mut self, lines: Vec<(SlowPollLine, String)>) -> Vec<(SlowPollLine, String)> {
        let mut before = std::mem::take(&mut self.counts);
        let mut new_ones = Vec::new();
        for (poll, line) in lines {
            // The duration of one that goes on grows.
            let duration = poll.is_over.then_some(poll.duration_us);
            let own: Trait = (poll.task, poll.name.clone(), poll.location.clone(), poll.worker, duration);
            let before = before.get_mut(&own).filter(|count| **count > 0);
            let is_new = before.map(|count| *count -= 1).is_none();
            *self.counts.entry(own).or_default() += 1;
            if is_new {
                new_ones.push((poll, line));
            }
        }
        new_ones
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, SlowPollLine, sentence};

    fn poll(task: u64, duration_us: u64, is_over: bool) -> (SlowPollLine, String) {
        let poll = SlowPollLine {
            task: Some(task),
            name: None,
            location: None,
            worker: Some(0),
            duration_us,
            is_over,
            ago_ms: 5,
        };
        (poll, String::new())
    }

    fn new_ones(known: &mut Known, list: &[(u64, u64, bool)]) -> Vec<String> {
        let list = list.iter().map(|(task, duration, is_over)| poll(*task, *duration, *is_over)).collect();
        known.new_ones(list).iter().map(|(poll, _)| sentence(poll)).collect()
    }

    #[test]
    fn each_slow_poll_is_printed_when_it_is_seen_and_when_it_is_over() {
        let mut known = Known::default();
        let first = new_ones(&mut known, &[(1, 20_000, true), (2, 30_000, false)]);
        assert_eq!(first, ["20ms over: task 1, worker 0", "30ms goes on: task 2, worker 0"]);
        assert_eq!(new_ones(&mut known, &[(1, 20_000, true), (2, 280_000, false)]), [""; 0]);
        // The second is over, and there is another one that is equal to the first.
        let last = new_ones(&mut known, &[(2, 300_000, true), (1, 20_000, true), (1, 20_000, true)]);
        assert_eq!(last, ["300ms over: task 2, worker 0", "20ms over: task 1, worker 0"]);
    }
}
