//! `heist pstree`

use super::ps::not_observed;
use crate::client::{ConsoleClient, shown};
use crate::failure::Failure;
use crate::find;
use crate::options::PstreeOptions;
use crate::output::Output;
use crate::protocol::{DumpEnd, TaskLine};
use crate::task_tree::TaskTree;
use crate::visible::json_line;

pub(super) fn run(options: &PstreeOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    let mut client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    if options.spawned && !client.greeting.observed {
        return Err(not_observed("who spawned whom"));
    }
    let request = if options.spawned { "tasks" } else { "dump" };
    let (mut lines, end): (Vec<(TaskLine, String)>, DumpEnd) = client.ask_all(request)?;
    lines.sort_by_key(|(task, _)| task.id);
    let tree = TaskTree::new(&lines, &end.deadlocks, options.spawned);
    if options.json {
        return tree.lines.iter().try_for_each(|line| {
            let object = tree.object(line).map_err(|error| {
                Failure::new(format!("{}: a malformed answer: {error}", shown(&client.path)))
            })?;
            output.line(&json_line(&object.to_string()))
        });
    }
    output.heading(&heading(&client, lines.len()))?;
    for deadlock in tree.deadlock_lines(&end.deadlocks) {
        output.warning(&deadlock)?;
    }
    for line in &tree.lines {
        let text = tree.text(line);
        if tree.is_deadlocked(line) { output.warning(&text)? } else { output.line(&text)? }
    }
    Ok(())
}

fn heading(client: &ConsoleClient, count: usize) -> String {
    let (pid, runtime) = (client.greeting.pid, client.greeting.runtime.label());
    let plural = if count == 1 { "" } else { "s" };
    format!("process {pid}, runtime {runtime}: {count} task{plural}")
}
