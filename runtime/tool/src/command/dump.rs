//! `heist dump`

use crate::failure::Failure;
use crate::find;
use crate::options::DumpOptions;
use crate::output::Output;
use crate::protocol::TextLine;
use crate::visible::{Visible, json_line};

pub(super) fn run(options: &DumpOptions, output: &mut Output) -> Result<(), Failure> {
    let addressed = &options.addressed;
    let mut client = find::open(&addressed.service, addressed.runtime.runtime.as_deref())?;
    if options.json {
        let end = client.ask("dump", |line| output.line(&json_line(line)))?;
        return output.line(&json_line(&serde_json::json!({ "end": end }).to_string()));
    }
    let (lines, _): (Vec<(TextLine, String)>, serde_json::Value) = client.ask_all("text")?;
    for (line, _) in lines {
        output.text(&Visible::lines(&line.text))?;
        if !line.text.ends_with('\n') {
            output.line("")?;
        }
    }
    Ok(())
}
