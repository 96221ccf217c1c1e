//! How a console writes its lines.

use std::io::{self, Write};
use std::panic::Location;

use serde::Serialize;

use super::shapes::{PlaceLine, RefusalLine};

/// Writes a line of JSON.
pub(super) fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The last line of a connection that is not served further.
pub(super) fn refuse(out: &mut impl Write, text: &str) -> io::Result<()> {
    line(out, &RefusalLine { error: text })
}

pub(super) fn place(location: &Location<'static>) -> PlaceLine<'static> {
    PlaceLine { file: location.file(), line: location.line(), column: location.column() }
}
