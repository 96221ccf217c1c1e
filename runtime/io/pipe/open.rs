//! Pipes that have a name in the file system.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::descriptor::{PipeEnd, no_pipe, unchecked};
use super::{PipeReader, PipeWriter};
use crate::system::access::is_pipe;

/// How a pipe with a name (a FIFO) is opened. The open does not wait for the other end.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("pipe");
/// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
/// use heist::net::unix::pipe::OpenOptions;
///
/// let mut reader = OpenOptions::new().open_receiver(&path)?;
/// let mut writer = OpenOptions::new().open_sender(&path)?;
/// writer.write_all(b"hello").await?;
/// let mut buf = [0; 16];
/// assert_eq!(reader.read(&mut buf).await?, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Returns options that check that the path is that of a pipe.
    ///
    /// # Examples
    /// ```
    /// let options = heist::net::unix::pipe::OpenOptions::new();
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Opens the pipe for both directions. A reader then never sees its end, and a writer needs no
    /// reader. Linux and Android support it; other systems leave open what happens. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// # #[cfg(target_os = "linux")] {
    /// use heist::net::unix::pipe::OpenOptions;
    ///
    /// // Nobody reads, and yet there is room.
    /// let mut writer = OpenOptions::new().read_write(true).open_sender(&path)?;
    /// writer.write_all(b"hello").await?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_write(&mut self, is_on: bool) -> &mut OpenOptions {
        self.read_write = is_on;
        self
    }

    /// Accepts anything at the path, without a check. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// use heist::net::unix::pipe::OpenOptions;
    ///
    /// let reader = OpenOptions::new().unchecked(true).open_receiver(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unchecked(&mut self, is_on: bool) -> &mut OpenOptions {
        self.unchecked = is_on;
        self
    }

    /// Opens the reading end.
    ///
    /// # Errors
    /// `InvalidInput` if the path is not that of a pipe, and the errors of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::unix::pipe::OpenOptions;
    ///
    /// let error = OpenOptions::new().open_receiver("Cargo.toml").unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open_receiver(&self, path: impl AsRef<Path>) -> io::Result<PipeReader> {
        let (fd, is_pipe) = self.open(path.as_ref(), PipeEnd::Reader)?;
        Ok(PipeReader::over(unchecked(fd), is_pipe))
    }

    /// Opens the writing end.
    ///
    /// # Errors
    /// ENXIO if nobody has the pipe open for reading, `InvalidInput` if the path is not that of a
    /// pipe, and the errors of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// use heist::net::unix::pipe::OpenOptions;
    ///
    /// assert!(OpenOptions::new().open_sender(&path).is_err());
    /// let _reader = OpenOptions::new().open_receiver(&path)?;
    /// assert!(OpenOptions::new().open_sender(&path).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open_sender(&self, path: impl AsRef<Path>) -> io::Result<PipeWriter> {
        let (fd, _) = self.open(path.as_ref(), PipeEnd::Writer)?;
        Ok(PipeWriter::over(unchecked(fd)))
    }

    /// Also returns whether it is a pipe.
    fn open(&self, path: &Path, end: PipeEnd) -> io::Result<(OwnedFd, bool)> {
        let file: File = std::fs::OpenOptions::new()
            .read(self.read_write || end == PipeEnd::Reader)
            .write(self.read_write || end == PipeEnd::Writer)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        let (fd, is_pipe) = is_pipe(file.into())?;
        if is_pipe || self.unchecked { Ok((fd, is_pipe)) } else { Err(no_pipe()) }
    }
}
