//! `heist ps`

use std::cmp::Reverse;

use serde_json::Value;

use crate::client::{ConsoleClient, shown};
use crate::failure::Failure;
use crate::find;
use crate::options::{PsOptions, TaskSort};
use crate::output::{Output, micros, millis, span};
use crate::protocol::{SourcePlace, TaskLine};
use crate::table::Alignment::{Left, Right};
use crate::table::TextTable;
use crate::visible::{Visible, json_line, shortened};

/// How many tasks a table has by default.
const TASKS_COUNT_MAX: usize = 50;

/// Columns of a name in a table.
const NAME_WIDTH_MAX: usize = 32;

pub(super) fn run(options: &PsOptions, output: &mut Output) -> Result<(), Failure> {
    match &options.service {
        None => processes(options, output),
        Some(service) => {
            let mut client = find::open(service, options.runtime.runtime.as_deref())?;
            tasks(options, &mut client, output)
        }
    }
}

/// All runtimes that are opened.
fn processes(options: &PsOptions, output: &mut Output) -> Result<(), Failure> {
    let (clients, failures) = find::all()?;
    for failure in failures {
        // The others are listed all the same.
        let _ = failure.report();
    }
    if options.json {
        return clients.iter().try_for_each(|client| output.line(&json_line(&process_line(client)?)));
    }
    let mut table = TextTable::new(&[
        ("PID", Right),
        ("RUNTIME", Right),
        ("NAME", Left),
        ("VERSION", Left),
        ("FLAVOR", Left),
        ("DRIVER", Left),
        ("WORKERS", Right),
        ("OBSERVED", Left),
        ("UPTIME", Right),
        ("SOCKET", Left),
    ]);
    for client in &clients {
        let (greeting, facts) = (&client.greeting, &client.greeting.runtime);
        table.push(vec![
            greeting.pid.to_string(),
            facts.id.to_string(),
            name_cell(facts.name.as_ref()),
            greeting.version.to_string(),
            facts.flavor.to_string(),
            facts.driver.to_string(),
            facts.workers.to_string(),
            if greeting.observed { "yes" } else { "no" }.to_owned(),
            span(client.uptime()),
            shown(&client.path).to_string(),
        ]);
    }
    if clients.is_empty() {
        eprintln!(
            "heist: no program of yours is opened: start one with HEIST_CONSOLE=PATH (feature `console`)"
        );
    }
    print(&table, output)
}

/// The greeting, and where the service is.
fn process_line(client: &ConsoleClient) -> Result<String, Failure> {
    let mut line: Value = serde_json::from_str(&client.greeting_line)
        .map_err(|error| Failure::new(format!("{}: a malformed greeting: {error}", shown(&client.path))))?;
    line["socket"] = Value::from(client.path.to_string_lossy());
    Ok(line.to_string())
}

fn tasks(options: &PsOptions, client: &mut ConsoleClient, output: &mut Output) -> Result<(), Failure> {
    if options.sort != TaskSort::Id && !client.greeting.observed {
        return Err(not_observed("this order"));
    }
    let (mut lines, _): (Vec<(TaskLine, String)>, Value) = client.ask_all("tasks")?;
    select(&mut lines, options);
    let limit = options.limit.unwrap_or(if options.json { 0 } else { TASKS_COUNT_MAX });
    let shown_count = if limit == 0 { lines.len() } else { limit.min(lines.len()) };
    let more_count = lines.len() - shown_count;
    lines.truncate(shown_count);
    if options.json {
        lines.iter().try_for_each(|(_, line)| output.line(&json_line(line)))?;
        if more_count > 0 {
            eprintln!("heist: {more_count} more");
        }
        return Ok(());
    }
    print(&table_of(lines.iter().map(|(task, _)| task), client.greeting.observed), output)?;
    if more_count > 0 {
        output.line(&format!("and {more_count} more; --limit 0 shows all"))?;
    }
    Ok(())
}

/// What needs a runtime that is observed, and how it gets so.
pub(super) fn not_observed(what: &str) -> Failure {
    Failure::new(format!("{what} needs an observed runtime: start the program with HEIST_OBSERVE=1"))
}

/// Drops what the options leave out, and sorts the rest.
fn select(lines: &mut Vec<(TaskLine, String)>, options: &PsOptions) {
    let name = options.name.as_deref().map(Visible::new);
    lines.retain(|(task, _)| {
        let has_name = |name: &Visible| task.name.as_ref().is_some_and(|own| own.contains(&**name));
        let has_state = |state: &String| *state == *task.activity;
        name.as_ref().is_none_or(has_name) && options.state.as_ref().is_none_or(has_state)
    });
    match options.sort {
        TaskSort::Id => lines.sort_by_key(|(task, _)| task.id),
        TaskSort::Busy => lines.sort_by_key(|(task, _)| (Reverse(task.busy_us), task.id)),
        TaskSort::Polls => lines.sort_by_key(|(task, _)| (Reverse(task.polls), task.id)),
        TaskSort::Age => lines.sort_by_key(|(task, _)| (Reverse(task.age_ms), task.id)),
    }
}

fn table_of<'a>(tasks: impl Iterator<Item = &'a TaskLine>, is_observed: bool) -> TextTable {
    let observed = [
        ("POLLS", Right),
        ("BUSY", Right),
        ("SCHED", Right),
        ("IDLE", Right),
        ("WORKER", Right),
        ("MOVES", Right),
        ("AGE", Right),
    ];
    let mut headings = vec![("ID", Right), ("NAME", Left), ("KIND", Left), ("STATE", Left)];
    headings.extend(observed.iter().filter(|_| is_observed));
    headings.push(("LOCATION", Left));
    let mut table = TextTable::new(&headings);
    for task in tasks {
        let mut row = vec![
            task.id.to_string(),
            name_cell(task.name.as_ref()),
            task.kind.to_string(),
            task.activity.to_string(),
        ];
        if is_observed {
            row.extend([
                cell(task.polls, |count| count.to_string()),
                cell(task.busy_us, micros),
                cell(task.scheduled_us, micros),
                cell(task.idle_us, micros),
                cell(task.worker, |index| index.to_string()),
                cell(task.moves, |count| count.to_string()),
                cell(task.age_ms, millis),
            ]);
        }
        row.push(SourcePlace::text(task.location.as_ref()));
        table.push(row);
    }
    table
}

fn cell(value: Option<u64>, text: impl Fn(u64) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), text)
}

fn name_cell(name: Option<&Visible>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| shortened(name, NAME_WIDTH_MAX).into_owned())
}

fn print(table: &TextTable, output: &mut Output) -> Result<(), Failure> {
    let (headings, rows) = table.lines();
    output.heading(&headings)?;
    rows.iter().try_for_each(|row| output.line(row))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{PsOptions, TaskLine, select, table_of};
    use crate::options::{Command, CommandLine};

    fn options(arguments: &[&str]) -> PsOptions {
        let arguments = ["heist", "ps", "1"].iter().chain(arguments);
        match CommandLine::try_parse_from(arguments).expect("a valid command line").command {
            Command::Ps(options) => options,
            _ => unreachable!("it is `ps`"),
        }
    }

    fn tasks() -> Vec<(TaskLine, String)> {
        let lines = [
            r#"{"id":3,"name":null,"kind":"shared","location":{"file":"a.rs","line":1,"column":5},"activity":"waiting",
                "polls":7,"busy_us":1500,"scheduled_us":20,"idle_us":9000000,"age_ms":61000,"worker":1,"moves":2}"#,
            r#"{"id":1,"name":"conn\u001b[1m","kind":"local","location":{"file":"b.rs","line":20,"column":9},
                "activity":"running","polls":70,"busy_us":10,"scheduled_us":0,"idle_us":0,"age_ms":5,"worker":null,
                "moves":0,"field of a later version":[]}"#,
        ];
        lines.map(|line| (serde_json::from_str(line).expect("a task"), line.to_owned())).to_vec()
    }

    fn ids(arguments: &[&str]) -> Vec<u64> {
        let mut lines = tasks();
        select(&mut lines, &options(arguments));
        lines.iter().map(|(task, _)| task.id).collect()
    }

    #[test]
    fn tasks_are_sorted_and_left_out_as_asked() {
        assert_eq!(ids(&[]), [1, 3]);
        assert_eq!(ids(&["--sort", "busy"]), [3, 1]);
        assert_eq!(ids(&["--sort", "polls"]), [1, 3]);
        assert_eq!(ids(&["--sort", "age"]), [3, 1]);
        assert_eq!(ids(&["--name", "con"]), [1]);
        assert_eq!(ids(&["--state", "waiting"]), [3]);
        assert_eq!(ids(&["--state", "runnable"]), [0; 0]);
    }

    #[test]
    fn the_table_has_the_columns_of_observed_runtimes_only_for_these() {
        let lines = tasks();
        let (headings, rows) = table_of(lines.iter().map(|(task, _)| task), false).lines();
        assert_eq!(headings, "ID  NAME           KIND    STATE    LOCATION");
        assert_eq!(rows[0], " 3  -              shared  waiting  a.rs:1:5");
        assert_eq!(rows[1], " 1  conn\\u{1b}[1m  local   running  b.rs:20:9");
        let (headings, rows) = table_of(lines.iter().map(|(task, _)| task), true).lines();
        let expected =
            "ID  NAME           KIND    STATE    POLLS   BUSY  SCHED  IDLE  WORKER  MOVES    AGE  LOCATION";
        assert_eq!(headings, expected);
        let expected =
            " 3  -              shared  waiting      7  1.5ms   20us  9.0s       1      2  1m01s  a.rs:1:5";
        assert_eq!(rows[0], expected);
    }
}
