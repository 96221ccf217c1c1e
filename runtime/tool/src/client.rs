//! A connection to the service of a runtime. Every step has a limit of time, and what the service
//! sends is checked.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::protocol::{Envelope, Greeting, PROTOCOL_VERSION};
use crate::visible::{Visible, shortened};

/// How long a connect, a request and each line of an answer may take.
pub(crate) const ANSWER_PAUSE_MAX: Duration = Duration::from_secs(5);

/// A line may have this length: the text of a dump is one line.
const LINE_BYTES_MAX: usize = 256 << 20;

/// So much is read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Columns of what is shown of a line that is no answer.
const EXCERPT_WIDTH_MAX: usize = 60;

pub(crate) struct ConsoleClient {
    pub(crate) path: PathBuf,
    pub(crate) greeting: Greeting,
    /// As the service sent it.
    pub(crate) greeting_line: String,
    pub(crate) greeted_at: Instant,
    reader: BufReader<UnixStream>,
    pause_max: Duration,
}

impl ConsoleClient {
    /// Connects, and waits for the greeting. `pause_max` bounds both.
    pub(crate) fn open(path: &Path, pause_max: Duration) -> Result<ConsoleClient, Failure> {
        let stream = connect(path, pause_max).map_err(|error| cannot_connect(path, &error))?;
        let mut reader = BufReader::with_capacity(CHUNK_BYTES, stream);
        let line = read_line(&mut reader, pause_max, path)?;
        let about = |what: String| Failure::new(format!("{}: {what}", shown(path)));
        let envelope: Envelope = serde_json::from_str(&line)
            .map_err(|_| about(format!("no greeting of heist: {}", excerpt(&line))))?;
        if let Some(error) = envelope.error {
            return Err(about(format!("the service refuses: {error}")));
        }
        match envelope.heist {
            Some(PROTOCOL_VERSION) => {}
            Some(version) => {
                return Err(about(format!(
                    "the service speaks version {version} of the protocol, this tool {PROTOCOL_VERSION}: \
                     take the tool of the release of heist that the program uses"
                )));
            }
            None => return Err(about(format!("no greeting of heist: {}", excerpt(&line)))),
        }
        let greeting = serde_json::from_str(&line)
            .map_err(|error| about(format!("a malformed greeting ({error}): {}", excerpt(&line))))?;
        let greeted_at = Instant::now();
        let path = path.to_owned();
        Ok(ConsoleClient { path, greeting, greeting_line: line, greeted_at, reader, pause_max })
    }

    /// From now on each step may take so long.
    pub(crate) fn set_pause_max(&mut self, pause_max: Duration) {
        self.pause_max = pause_max;
    }

    /// Connects again: a service closes connections on which nothing is asked for some time.
    pub(crate) fn reopen(&mut self) -> Result<(), Failure> {
        let again = ConsoleClient::open(&self.path, self.pause_max)?;
        let name = |client: &ConsoleClient| (client.greeting.pid, client.greeting.runtime.id);
        if name(&again) != name(self) {
            return Err(Failure::new(format!("{}: another runtime listens there now", shown(&self.path))));
        }
        *self = again;
        Ok(())
    }

    /// Sends a request, calls `each` with every line of the answer, and returns its end.
    pub(crate) fn ask(
        &mut self,
        request: &str,
        each: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<serde_json::Value, Failure> {
        self.ask_line(&format!("{{\"request\":\"{request}\"}}\n"), each)
    }

    fn ask_line(
        &mut self,
        request: &str,
        mut each: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<serde_json::Value, Failure> {
        let mut stream = self.reader.get_ref();
        let sent = stream
            .set_write_timeout(Some(self.pause_max))
            .and_then(|()| stream.write_all(request.as_bytes()));
        match sent {
            Ok(()) => {}
            // A service that refused and closed may have left its reason.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => {
                return Err(Failure::new(format!("{}: cannot send a request: {error}", shown(&self.path))));
            }
        }
        loop {
            let line = read_line(&mut self.reader, self.pause_max, &self.path)?;
            let envelope: Envelope = parsed(&self.path, &line)?;
            if let Some(error) = envelope.error {
                let path = shown(&self.path);
                return Err(Failure::new(format!("{path}: the service reports an error: {error}")));
            }
            match envelope.end {
                Some(end) => return Ok(end),
                None => each(&line)?,
            }
        }
    }

    /// Sends a request, and returns the lines of the answer, parsed, with its end.
    pub(crate) fn ask_all<Line: DeserializeOwned, End: DeserializeOwned>(
        &mut self,
        request: &str,
    ) -> Result<(Vec<(Line, String)>, End), Failure> {
        self.ask_all_lines(&format!("{{\"request\":\"{request}\"}}\n"))
    }

    /// As [`ask_all`](Self::ask_all), with one more field.
    pub(crate) fn ask_all_with<Line: DeserializeOwned, End: DeserializeOwned>(
        &mut self,
        request: &str,
        (field, value): (&str, u64),
    ) -> Result<(Vec<(Line, String)>, End), Failure> {
        self.ask_all_lines(&format!("{{\"request\":\"{request}\",\"{field}\":{value}}}\n"))
    }

    fn ask_all_lines<Line: DeserializeOwned, End: DeserializeOwned>(
        &mut self,
        request: &str,
    ) -> Result<(Vec<(Line, String)>, End), Failure> {
        let mut lines = Vec::new();
        let path = self.path.clone();
        let end = self.ask_line(request, |line| {
            lines.push((parsed(&path, line)?, line.to_owned()));
            Ok(())
        })?;
        let end =
            serde_json::from_value(end).map_err(|error| malformed(&path, &error, "the end of an answer"))?;
        Ok((lines, end))
    }

    /// How long the runtime has existed.
    pub(crate) fn uptime(&self) -> Duration {
        Duration::from_millis(self.greeting.uptime_ms).saturating_add(self.greeted_at.elapsed())
    }
}

fn parsed<T: DeserializeOwned>(path: &Path, line: &str) -> Result<T, Failure> {
    serde_json::from_str(line).map_err(|error| malformed(path, &error, &excerpt(line)))
}

fn malformed(path: &Path, error: &serde_json::Error, what: &str) -> Failure {
    Failure::new(format!("{}: a malformed answer ({error}): {what}", shown(path)))
}

/// std has no connect with a limit of time for such sockets: it would wait for ever where the queue
/// of the listener is full.
fn connect(path: &Path, pause_max: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(pause_max))?;
    rustix::net::connect(&socket, &address)?;
    Ok(UnixStream::from(socket))
}

fn cannot_connect(path: &Path, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::ConnectionRefused => {
            "no process listens there: that of the service has ended".to_owned()
        }
        io::ErrorKind::PermissionDenied => format!("{error}; run as the user of the process, or as root"),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            "the service does not accept connections".to_owned()
        }
        _ => error.to_string(),
    };
    Failure::new(format!("{}: cannot connect: {remedy}", shown(path)))
}

/// The next line, without its end.
fn read_line(
    reader: &mut BufReader<UnixStream>,
    pause_max: Duration,
    path: &Path,
) -> Result<String, Failure> {
    let about = |what: String| Failure::new(format!("{}: {what}", shown(path)));
    let late = || about(format!("the service did not answer within {} s", pause_max.as_secs_f32()));
    let deadline = Instant::now() + pause_max;
    let mut line = Vec::new();
    loop {
        if reader.buffer().is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(late());
            }
            let limited = reader.get_ref().set_read_timeout(Some(left));
            limited.map_err(|error| about(format!("cannot limit a read: {error}")))?;
        }
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(late());
            }
            Err(error) => return Err(about(format!("the connection broke: {error}"))),
        };
        if chunk.is_empty() {
            let place =
                if line.is_empty() { "before the end of an answer" } else { "in the middle of a line" };
            return Err(about(format!(
                "the service closed the connection {place}: its process may have ended"
            )));
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        line.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        let taken = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(taken);
        if line.len() > LINE_BYTES_MAX {
            return Err(about(format!("a malformed answer: a line of more than {LINE_BYTES_MAX} bytes")));
        }
        if end.is_some() {
            let text = String::from_utf8(line);
            return text.map_err(|_| about("a malformed answer: a line that is no UTF-8".to_owned()));
        }
    }
}

/// A path for the terminal.
pub(crate) fn shown(path: &Path) -> Visible {
    Visible::new(&path.to_string_lossy())
}

fn excerpt(line: &str) -> String {
    // What is cut off needs no escapes.
    let start: String = line.chars().take(EXCERPT_WIDTH_MAX + 1).collect();
    shortened(&Visible::new(&start), EXCERPT_WIDTH_MAX).into_owned()
}
