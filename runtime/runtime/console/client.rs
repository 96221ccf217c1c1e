//! One connection of a console.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use socket2::Socket;

use super::answers;
use super::lines::{LINE_BYTES_MAX, ReceivedLine, RequestLines, ToClient};
use super::request::ConsoleRequest;
use super::service::ConsoleService;
use super::writing;
use crate::sync::oneshot;

/// How long a client may be silent.
const IDLE_MAX: Duration = Duration::from_secs(30);
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
    let mut lines = RequestLines::new(socket, IDLE_MAX);
    loop {
        let request = match lines.next()? {
            ReceivedLine::End => return Ok(()),
            ReceivedLine::Whole(line) => ConsoleRequest::of(&line),
            ReceivedLine::TooLong => Err(format!("a request must not be longer than {LINE_BYTES_MAX} bytes")),
            ReceivedLine::Nothing => Err(format!("no request came for {} s", IDLE_MAX.as_secs())),
        };
        let goes_on = match request {
            Ok(request) => answers::answer(&mut out, service, socket, request, &mut end)?,
            Err(text) => {
                writing::refuse(&mut out, &text)?;
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
    writing::refuse(&mut ToClient::new(socket)?, text)
}
