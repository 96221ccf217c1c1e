//! The pipes to and from a child's standard streams.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::process::{self, Stdio};

use super::sys::PipeEnd;

/// The least room that `read_to_end` offers to a read, in bytes.
const ROOM_BYTES: usize = 4096;
/// The most bytes by which one read of `read_to_end` grows the vector.
const GROWTH_BYTES_MAX: usize = 256 * 1024;

/// The writing end of a pipe to a child's standard input. The child reads to the end of its input
/// when it is dropped.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::process::Command;
/// use std::process::Stdio;
///
/// let mut command = Command::new("sh");
/// command.args(["-c", "read line; exit $line"]).stdin(Stdio::piped());
/// let mut child = command.spawn()?;
/// child.stdin.take().unwrap().write_all(b"7\n").await?;
/// assert_eq!(child.wait().await?.code(), Some(7));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdin(pub(super) PipeEnd);

/// The reading end of a pipe from a child's standard output.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::process::Command;
/// use std::process::Stdio;
///
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let mut text = String::new();
/// child.stdout.take().unwrap().read_to_string(&mut text).await?;
/// assert_eq!(text, "hello\n");
/// # child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdout(pub(super) PipeEnd);

/// The reading end of a pipe from a child's standard error. It works like [`ChildStdout`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::process::Command;
/// use std::process::Stdio;
///
/// let mut child = Command::new("sh").args(["-c", "echo oh >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut text = String::new();
/// child.stderr.take().unwrap().read_to_string(&mut text).await?;
/// assert_eq!(text, "oh\n");
/// # child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStderr(pub(super) PipeEnd);

impl ChildStdin {
    /// Takes a pipe of std's over. The program that made it must not use a copy of it.
    ///
    /// # Errors
    /// Those of the system, if the pipe cannot be made non-blocking.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::ChildStdin;
    /// use std::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let mut input = ChildStdin::from_std(child.stdin.take().unwrap())?;
    /// input.write_all(b"hello").await?;
    /// drop(input);
    /// assert!(child.wait()?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(std: process::ChildStdin) -> io::Result<ChildStdin> {
        Ok(ChildStdin(PipeEnd::new(std)?))
    }

    /// Writes some bytes, and returns how many.
    ///
    /// # Errors
    /// `BrokenPipe` if the child has closed its input or has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has written nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// assert_eq!(child.stdin.as_mut().unwrap().write(b"hello").await?, 5);
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_write(cx, buf)).await
    }

    /// Writes some bytes of several buffers, and returns how many.
    ///
    /// # Errors
    /// As for [`write`](ChildStdin::write).
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has written nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// use std::io::IoSlice;
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let bufs = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
    /// assert!(child.stdin.as_mut().unwrap().write_vectored(&bufs).await? > 0);
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_write_vectored(cx, bufs)).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// As for [`write`](ChildStdin::write).
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it may have written a part.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// child.stdin.take().unwrap().write_all(b"hello").await?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write(buf).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => buf = &buf[count..],
            }
        }
        self.flush().await
    }

    /// Waits until the pipe has all bytes that were written. On Unix it has them when a write is
    /// ready; on Windows a write is done behind.
    ///
    /// # Errors
    /// Those of writes that were done behind.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let input = child.stdin.as_mut().unwrap();
    /// input.write(b"hello").await?;
    /// input.flush().await?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.0.poll_flush(cx)).await
    }
}

impl ChildStdout {
    /// Takes a pipe of std's over. The program that made it must not use a copy of it.
    ///
    /// # Errors
    /// Those of the system, if the pipe cannot be made non-blocking.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::ChildStdout;
    /// use std::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let mut text = String::new();
    /// ChildStdout::from_std(child.stdout.take().unwrap())?.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(std: process::ChildStdout) -> io::Result<ChildStdout> {
        Ok(ChildStdout(PipeEnd::new(std)?))
    }

    /// Reads some bytes. Returns 0 when nobody can write any more, usually because the child has
    /// ended, or for an empty slice.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has taken nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("echo").stdout(Stdio::piped()).spawn()?;
    /// assert_eq!(child.stdout.as_mut().unwrap().read(&mut [0; 16]).await?, 1);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_read(cx, buf)).await
    }

    /// Appends everything up to the end, and returns the number of bytes.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, the bytes that were read are in `buf`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let mut bytes = Vec::new();
    /// assert_eq!(child.stdout.as_mut().unwrap().read_to_end(&mut bytes).await?, 6);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        read_to_end(&mut self.0, buf).await
    }

    /// Appends everything up to the end, and returns the number of bytes.
    ///
    /// # Errors
    /// Those of the system. `InvalidData` if the bytes are not UTF-8; they are lost then.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, the bytes that were read are lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let mut text = String::new();
    /// assert_eq!(child.stdout.as_mut().unwrap().read_to_string(&mut text).await?, 6);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        read_to_string(&mut self.0, text).await
    }
}

impl ChildStderr {
    /// Takes a pipe of std's over. The program that made it must not use a copy of it.
    ///
    /// # Errors
    /// Those of the system, if the pipe cannot be made non-blocking.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::ChildStderr;
    /// use std::process::{Command, Stdio};
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo hello >&2"]).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let mut text = String::new();
    /// ChildStderr::from_std(child.stderr.take().unwrap())?.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(std: process::ChildStderr) -> io::Result<ChildStderr> {
        Ok(ChildStderr(PipeEnd::new(std)?))
    }

    /// Reads some bytes. Returns 0 when nobody can write any more, usually because the child has
    /// ended, or for an empty slice.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has taken nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut child = Command::new("sh").args(["-c", "echo >&2"]).stderr(Stdio::piped()).spawn()?;
    /// assert_eq!(child.stderr.as_mut().unwrap().read(&mut [0; 16]).await?, 1);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_read(cx, buf)).await
    }

    /// Appends everything up to the end, and returns the number of bytes.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, the bytes that were read are in `buf`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo hello >&2"]).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let mut bytes = Vec::new();
    /// assert_eq!(child.stderr.as_mut().unwrap().read_to_end(&mut bytes).await?, 6);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        read_to_end(&mut self.0, buf).await
    }

    /// Appends everything up to the end, and returns the number of bytes.
    ///
    /// # Errors
    /// Those of the system. `InvalidData` if the bytes are not UTF-8; they are lost then.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, the bytes that were read are lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::process::Command;
    /// # use std::process::Stdio;
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo hello >&2"]).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let mut text = String::new();
    /// assert_eq!(child.stderr.as_mut().unwrap().read_to_string(&mut text).await?, 6);
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        read_to_string(&mut self.0, text).await
    }
}

async fn read_to_end(pipe: &mut PipeEnd, buf: &mut Vec<u8>) -> io::Result<usize> {
    let start_len = buf.len();
    let mut growth = ROOM_BYTES;
    loop {
        if buf.capacity() - buf.len() < ROOM_BYTES {
            buf.reserve(growth);
            growth = (growth * 2).min(GROWTH_BYTES_MAX);
        }
        if poll_fn(|cx| pipe.poll_append(cx, buf)).await? == 0 {
            return Ok(buf.len() - start_len);
        }
    }
}

async fn read_to_string(pipe: &mut PipeEnd, text: &mut String) -> io::Result<usize> {
    let mut bytes = Vec::new();
    let count = read_to_end(pipe, &mut bytes).await?;
    match std::str::from_utf8(&bytes) {
        Ok(read) => text.push_str(read),
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
    Ok(count)
}

/// A pipe that another child reads or writes. The pipe blocks from then on.
impl TryFrom<ChildStdin> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStdin) -> io::Result<Stdio> {
        pipe.0.into_blocking().map(Stdio::from)
    }
}

/// A pipe that another child reads or writes. The pipe blocks from then on.
impl TryFrom<ChildStdout> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStdout) -> io::Result<Stdio> {
        pipe.0.into_blocking().map(Stdio::from)
    }
}

/// A pipe that another child reads or writes. The pipe blocks from then on.
impl TryFrom<ChildStderr> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStderr) -> io::Result<Stdio> {
        pipe.0.into_blocking().map(Stdio::from)
    }
}
