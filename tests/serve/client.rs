//! A client that sends exactly what it is told, and reads answers strictly.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;

use crate::process::{LIMIT, Server};

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Closes our side: nothing more will be sent.
    pub(crate) fn finish(&mut self) {
        self.stream.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a request with a Host header and `headers`, each of which ends a line.
    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &str) {
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"));
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> Answer {
        let status = self.line();
        let mut words = status.split(' ');
        assert!(matches!(words.next(), Some("HTTP/1.1" | "HTTP/1.0")), "{status:?}");
        let status = words.next().unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Answer { status, headers, body: Vec::new() };
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    /// Reads a whole answer whose body has as many bytes as it says.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let has_body = !matches!(answer.status, 204 | 304);
        answer.body = self.bytes(if has_body { length } else { 0 });
        answer
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Everything until the server closes; how it closes makes no difference.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("not closed: {error}"),
            _ => rest,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a cut line: {line:?}")).to_owned()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    let mut client = Client::connect(server.address);
    client.request(method, path, &format!("Connection: close\r\n{headers}"));
    let mut answer = client.head();
    answer.body = client.rest();
    answer
}

pub(crate) fn get(server: &Server, path: &str) -> Answer {
    ask(server, "GET", path, "")
}

/// Bytes that tell their place: every eight of them are their number.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    for number in 0..length.div_ceil(8) {
        bytes.extend_from_slice(&(number as u64).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// More than the socket buffers on loopback take in.
pub(crate) const HUGE: usize = 48 << 20;

/// The content of huge files, made once.
pub(crate) fn huge() -> &'static [u8] {
    static CONTENT: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENT.get_or_init(|| pattern(HUGE))
}
