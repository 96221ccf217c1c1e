//! The pipes of a child as descriptors.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::pipes::{ChildStderr, ChildStdin, ChildStdout};

impl ChildStdin {
    /// Returns the descriptor, which blocks from then on. Unix only.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::io::Write;
    /// use std::process::Stdio;
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let descriptor = child.stdin.take().unwrap().into_owned_fd()?;
    /// std::fs::File::from(descriptor).write_all(b"hello")?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.0.into_blocking()
    }
}

impl ChildStdout {
    /// Returns the descriptor, which blocks from then on. Unix only.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let descriptor = child.stdout.take().unwrap().into_owned_fd()?;
    /// assert_eq!(std::io::read_to_string(std::fs::File::from(descriptor))?, "hello\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.0.into_blocking()
    }
}

impl ChildStderr {
    /// Returns the descriptor, which blocks from then on. Unix only.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::process::Command;
    /// use std::process::Stdio;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo oh >&2"]).stderr(Stdio::piped());
    /// let mut child = command.spawn()?;
    /// let descriptor = child.stderr.take().unwrap().into_owned_fd()?;
    /// assert_eq!(std::io::read_to_string(std::fs::File::from(descriptor))?, "oh\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.0.into_blocking()
    }
}

impl AsFd for ChildStdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for ChildStdout {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for ChildStderr {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for ChildStdin {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsRawFd for ChildStdout {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsRawFd for ChildStderr {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
