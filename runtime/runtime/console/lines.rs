//! The lines that a client sends, and the socket as lines are written to it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use socket2::Socket;

use crate::primitive::clock;
use crate::system::socket::SEND_FLAGS;

/// The longest request, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 4096;
/// How long a client may leave its side full.
const WRITE_MAX: Duration = Duration::from_secs(5);

/// What a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReceivedLine {
    Whole(Vec<u8>),
    TooLong,
    /// Nothing came in time.
    Nothing,
    End,
}

/// Reads requests, each within a time and a length.
pub(super) struct RequestLines<'a> {
    socket: &'a Socket,
    /// For a whole line: one byte now and then does not prolong it.
    idle_max: Duration,
    /// What came after the last line.
    bytes: Vec<u8>,
}

impl<'a> RequestLines<'a> {
    pub(super) fn new(socket: &'a Socket, idle_max: Duration) -> RequestLines<'a> {
        RequestLines { socket, idle_max, bytes: Vec::new() }
    }

    pub(super) fn next(&mut self) -> io::Result<ReceivedLine> {
        let deadline = clock::now() + self.idle_max;
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.bytes, rest);
                line.truncate(end);
                return Ok(ReceivedLine::Whole(line));
            }
            if self.bytes.len() > LINE_BYTES_MAX {
                return Ok(ReceivedLine::TooLong);
            }
            let left = deadline.saturating_duration_since(clock::now());
            if left.is_zero() {
                return Ok(ReceivedLine::Nothing);
            }
            match self.read_within(left) {
                Ok(0) => return Ok(ReceivedLine::End),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_late(&error) => return Ok(ReceivedLine::Nothing),
                Err(error) => return Err(error),
            }
        }
    }

    fn read_within(&mut self, left: Duration) -> io::Result<usize> {
        // To the socket zero would mean: no limit.
        self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut piece = [0; LINE_BYTES_MAX];
        let room = LINE_BYTES_MAX + 1 - self.bytes.len();
        let length = room.min(piece.len());
        let count = (&mut &*self.socket).read(&mut piece[..length])?;
        self.bytes.extend_from_slice(&piece[..count]);
        Ok(count)
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Writes to a client, and gives it up if it does not read.
pub(super) struct ToClient<'a> {
    socket: &'a Socket,
}

impl<'a> ToClient<'a> {
    pub(super) fn new(socket: &'a Socket) -> io::Result<ToClient<'a>> {
        socket.set_write_timeout(Some(WRITE_MAX))?;
        Ok(ToClient { socket })
    }
}

impl Write for ToClient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not std's way: a program that has SIGPIPE at its default would end with its client.
        let result = self.socket.send_with_flags(bytes, SEND_FLAGS);
        match &result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                // A buffer above this one would try once more when it is dropped.
                let _ = self.socket.shutdown(Shutdown::Both);
            }
            _ => {}
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::{ReceivedLine, RequestLines, Socket};

    fn pair() -> (UnixStream, Socket) {
        let (client, server) = UnixStream::pair().expect("two descriptors");
        (client, Socket::from(OwnedFd::from(server)))
    }

    #[test]
    fn a_client_that_is_silent_is_late() {
        let (_client, server) = pair();
        let mut lines = RequestLines::new(&server, Duration::from_millis(10));
        assert_eq!(lines.next().expect("no error"), ReceivedLine::Nothing);
    }

    /// Mutant: the deadline begins anew with each read. Then the line becomes too long.
    #[test]
    fn a_byte_now_and_then_does_not_prolong_the_time_for_a_line() {
        let (client, server) = pair();
        let drip = std::thread::spawn(move || {
            while (&client).write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let mut lines = RequestLines::new(&server, Duration::from_millis(50));
        assert_eq!(lines.next().expect("no error"), ReceivedLine::Nothing);
        drop(server);
        drip.join().expect("it ends with the connection");
    }

    #[test]
    fn a_line_that_the_end_cuts_off_is_no_line() {
        let (client, server) = pair();
        (&client).write_all(b"one\ntwo").expect("connected");
        drop(client);
        let mut lines = RequestLines::new(&server, Duration::from_secs(60));
        assert_eq!(lines.next().expect("no error"), ReceivedLine::Whole(b"one".to_vec()));
        assert_eq!(lines.next().expect("no error"), ReceivedLine::End);
    }
}
