//! The blocking calls on the standard streams. They wait even if someone has made the stream
//! non-blocking: the flag belongs to all who share the stream, such as a terminal's shell, so these
//! calls neither rely on it nor change it.

use std::io::{self, Read, Write};

/// Writes all bytes once, however few the stream takes at a time.
pub(super) fn write_and_flush(mut stream: impl Write + Stream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // An error means that none of these bytes was taken.
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) => stream.wait(error, For::Room)?,
        }
    }
    // Bytes that std has buffered and could not write stay in its buffer.
    while let Err(error) = stream.flush() {
        stream.wait(error, For::Room)?;
    }
    Ok(())
}

/// Reads some bytes. Returns 0 at the end.
pub(super) fn read(mut stream: impl Read + Stream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Ok(count) => return Ok(count),
            Err(error) => stream.wait(error, For::Bytes)?,
        }
    }
}

/// The event to wait for.
#[derive(Clone, Copy)]
pub(super) enum For {
    Bytes,
    Room,
}

#[cfg(unix)]
pub(super) trait Stream: std::os::fd::AsFd {
    /// Waits if the error means that the call is worth another try.
    fn wait(&self, error: io::Error, what: For) -> io::Result<()>
    where
        Self: Sized,
    {
        use rustix::event::{PollFd, PollFlags, poll};
        match error.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            io::ErrorKind::WouldBlock => {
                let wanted = match what {
                    For::Bytes => PollFlags::IN,
                    For::Room => PollFlags::OUT,
                };
                // It may also report an error or the end: the next try returns that.
                match poll(&mut [PollFd::new(self, wanted)], None) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
            _ => Err(error),
        }
    }
}

#[cfg(unix)]
impl<S: std::os::fd::AsFd> Stream for S {}

#[cfg(not(unix))]
pub(super) trait Stream {
    /// Only an interrupted call is worth another try.
    fn wait(&self, error: io::Error, _what: For) -> io::Result<()> {
        if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
    }
}

#[cfg(not(unix))]
impl<S> Stream for S {}
