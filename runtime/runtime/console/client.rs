//! One connection of a console.

use std::io::{self, BufWriter, Write};

use serde_json::Value;
use socket2::Socket;

use super::answers::{self, Request};
use super::lines::{IDLE_MAX, LINE_BYTES_MAX, Received, RequestLines, ToClient};
use super::service::ConsoleService;
use crate::sync::oneshot;

/// Bytes that are sent at once.
const BUFFER_BYTES: usize = 16 << 10;

/// Answers the client's requests until it goes, sends what is no request, or the runtime ends.
pub(super) fn serve(
    socket: &Socket,
    service: &ConsoleService,
    mut end: oneshot::Receiver<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, ToClient::new(socket)?);
    answers::greet(&mut out, service)?;
    out.flush()?;
    let mut lines = RequestLines::new(socket);
    loop {
        let request = match lines.next()? {
            Received::End => return Ok(()),
            Received::Line(line) => understand(&line),
            Received::TooLong => Err(format!("a request must not be longer than {LINE_BYTES_MAX} bytes")),
            Received::Nothing => Err(format!("no request came for {} s", IDLE_MAX.as_secs())),
        };
        let goes_on = match request {
            Ok(request) => answers::answer(&mut out, service, request, &mut end)?,
            Err(text) => {
                answers::refuse(&mut out, &text)?;
                false
            }
        };
        out.flush()?;
        if !goes_on {
            return Ok(());
        }
    }
}

/// Says why somebody is not served.
pub(super) fn turn_away(socket: &Socket, text: &str) -> io::Result<()> {
    answers::refuse(&mut ToClient::new(socket)?, text)
}

fn understand(line: &[u8]) -> Result<Request, String> {
    let value: Value =
        serde_json::from_slice(line).map_err(|error| format!("a request is a line of JSON: {error}"))?;
    let word = value.get("request").and_then(Value::as_str);
    let known = || Request::ALL.map(Request::word).join(", ");
    let word = word.ok_or_else(|| format!("the field `request` is missing; it is one of: {}", known()))?;
    let request = Request::ALL.into_iter().find(|request| request.word() == word);
    request.ok_or_else(|| format!("there is no request {word:?}; the requests are: {}", known()))
}
