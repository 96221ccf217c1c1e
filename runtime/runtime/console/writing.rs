//! How a console writes its lines.

use std::io::{self, Write};
use std::panic::Location;

use serde_json::{Value, json};

/// Writes a line of JSON.
pub(super) fn line(out: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The last line of an answer.
pub(super) fn end_line(out: &mut impl Write, end: &Value) -> io::Result<()> {
    line(out, &json!({ "end": end }))
}

/// The last line of a connection that is not served further.
pub(super) fn refuse(out: &mut impl Write, text: &str) -> io::Result<()> {
    line(out, &json!({ "error": text }))
}

pub(super) fn place(location: &Location<'static>) -> Value {
    json!({ "file": location.file(), "line": location.line(), "column": location.column() })
}
