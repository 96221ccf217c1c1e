//! The pipes of a child, and a child, as handles.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};

use super::child::Child;
use super::pipes::{ChildStderr, ChildStdin, ChildStdout};

impl Child {
    /// The handle of the process, or `None` if its end is known. Windows only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = heist::process::Command::new("hostname").spawn()?;
    /// assert!(child.raw_handle().is_some());
    /// child.wait().await?;
    /// assert!(child.raw_handle().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw_handle(&self) -> Option<RawHandle> {
        self.running().map(|running| running.watch().handle())
    }
}

impl ChildStdin {
    /// Returns the handle. Bytes that were read and not taken are lost. Windows only.
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
    /// let handle = child.stdin.take().unwrap().into_owned_handle()?;
    /// std::fs::File::from(handle).write_all(b"hello")?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_handle(self) -> io::Result<OwnedHandle> {
        self.0.into_blocking()
    }
}

impl ChildStdout {
    /// Returns the handle. Bytes that were read and not taken are lost. Windows only.
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
    /// let handle = child.stdout.take().unwrap().into_owned_handle()?;
    /// assert_eq!(std::io::read_to_string(std::fs::File::from(handle))?, "hello\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_handle(self) -> io::Result<OwnedHandle> {
        self.0.into_blocking()
    }
}

impl ChildStderr {
    /// Returns the handle. Bytes that were read and not taken are lost. Windows only.
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
    /// let handle = child.stderr.take().unwrap().into_owned_handle()?;
    /// assert_eq!(std::io::read_to_string(std::fs::File::from(handle))?, "oh\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_owned_handle(self) -> io::Result<OwnedHandle> {
        self.0.into_blocking()
    }
}

impl AsHandle for ChildStdin {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsHandle for ChildStdout {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsHandle for ChildStderr {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsRawHandle for ChildStdin {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl AsRawHandle for ChildStdout {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl AsRawHandle for ChildStderr {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}
