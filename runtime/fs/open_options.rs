//! Opening a file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::File;
use crate::driver::file::pool;
use crate::driver::{self, in_runtime};
use crate::system::open::OpenHow;

/// How to open a file: the options of [`std::fs::OpenOptions`], and an `open` that does not block.
///
/// All options are off at first, and `mode` is `0o666`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs::OpenOptions;
///
/// let path = directory.path().join("log");
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"started\n").await?;
/// log.write_all(b"ended\n").await?;
/// assert_eq!(heist::fs::read(&path).await?, b"started\nended\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    how: OpenHow,
    /// Options of std's, which nobody can read. They count alone.
    std: Option<std::fs::OpenOptions>,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl OpenOptions {
    /// Options that ask for nothing yet. Each of them is off.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::OpenOptions;
    ///
    /// // Nothing was asked for, not even to read.
    /// assert!(OpenOptions::new().open("Cargo.toml").await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions { how: OpenHow::new(), std: None }
    }

    /// Whether the file can be read. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::OpenOptions;
    ///
    /// let mut file = OpenOptions::new().read(true).open("Cargo.toml").await?;
    /// assert!(file.read(&mut [0; 16]).await? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(&mut self, is_read: bool) -> &mut OpenOptions {
        self.how.is_read = is_read;
        self.also(|std| std.read(is_read))
    }

    /// Whether the file can be written. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// let mut file = OpenOptions::new().write(true).create(true).open(&path).await?;
    /// file.write_all(b"hello").await?;
    /// assert!(file.read(&mut [0; 16]).await.is_err(), "it was not opened for reading");
    /// # Ok(())
    /// # }
    /// ```
    pub fn write(&mut self, is_write: bool) -> &mut OpenOptions {
        self.how.is_write = is_write;
        self.also(|std| std.write(is_write))
    }

    /// Whether every write goes to the end of the file. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// heist::fs::write(&path, "hello").await?;
    /// let mut file = OpenOptions::new().append(true).open(&path).await?;
    /// file.write_all(b", disk").await?;
    /// assert_eq!(heist::fs::read_to_string(&path).await?, "hello, disk");
    /// # Ok(())
    /// # }
    /// ```
    pub fn append(&mut self, is_append: bool) -> &mut OpenOptions {
        self.how.is_append = is_append;
        self.also(|std| std.append(is_append))
    }

    /// Whether the file is emptied. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// heist::fs::write(&path, "hello").await?;
    /// let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn truncate(&mut self, is_truncate: bool) -> &mut OpenOptions {
        self.how.is_truncate = is_truncate;
        self.also(|std| std.truncate(is_truncate))
    }

    /// Whether the file is created if it does not exist. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// assert!(OpenOptions::new().write(true).open(&path).await.is_err());
    /// OpenOptions::new().write(true).create(true).open(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&mut self, is_create: bool) -> &mut OpenOptions {
        self.how.is_create = is_create;
        self.also(|std| std.create(is_create))
    }

    /// Whether the file is created, and `open` fails if it exists. Off by default.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// options.open(&path).await?;
    /// assert!(options.open(&path).await.is_err(), "it exists by now");
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_new(&mut self, is_create_new: bool) -> &mut OpenOptions {
        self.how.is_create_new = is_create_new;
        self.also(|std| std.create_new(is_create_new))
    }

    /// The permissions of a file that is created, before the umask. `0o666` by default. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::OpenOptions;
    ///
    /// let path = directory.path().join("file");
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true).mode(0o600);
    /// let file = options.open(&path).await?;
    /// assert_eq!(file.metadata().await?.permissions().mode() & 0o777, 0o600);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.how.mode = mode;
        self.also(|std| std::os::unix::fs::OpenOptionsExt::mode(std, mode))
    }

    /// More flags of `open(2)`, such as `O_DIRECT`. Flags for the access mode are ignored. None by
    /// default. Unix only.
    ///
    /// With `O_DIRECT` the address and the length of every buffer, and every offset, must be
    /// multiples of what the disk accepts, usually 512 or 4096 bytes: see
    /// [`AlignedBuf`](crate::io::AlignedBuf). Methods with borrowed slices bring their own aligned
    /// buffer.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::{OpenOptions, symlink};
    ///
    /// let (secret, link) = (directory.path().join("secret"), directory.path().join("link"));
    /// OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret).await?;
    ///
    /// symlink(&secret, &link).await?;
    /// let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&link).await;
    /// assert!(opened.is_err(), "links are not followed");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.how.custom_flags = flags;
        self.also(|std| std::os::unix::fs::OpenOptionsExt::custom_flags(std, flags))
    }

    /// Opens `path`.
    ///
    /// A FIFO is open when its other end is: for reading, when there is a writer or was one since;
    /// for writing, when there is a reader. A file with a lease is open when the holder gives the
    /// lease back. Any number of opens may wait like that; they delay no other operation, and the
    /// end of a runtime does not wait for them. A reader, or a writer that writes nothing, may be
    /// noticed up to a tenth of a second after it came. With `O_NONBLOCK` among the
    /// [`custom_flags`](OpenOptions::custom_flags) nothing is waited for.
    ///
    /// # Errors
    /// Those of [`std::fs::OpenOptions::open`], in the same cases.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed. It may have been created or
    /// truncated. The end of a FIFO that waited for its peer is closed, and a later peer does not
    /// meet it.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::fs::OpenOptions;
    ///
    /// let file = OpenOptions::new().read(true).open("Cargo.toml").await?;
    /// assert!(file.metadata().await?.is_file());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move {
            let path = path.as_ref();
            if let Some(std) = self.std.clone() {
                let path = path.to_owned();
                return pool(move || std.open(path)).await.map(File::from_std);
            }
            self.how.check()?;
            let opened = driver::file::open(path, &self.how).await?;
            Ok(File::over(Arc::new(opened)))
        })
    }

    /// Makes a setting of std's options as well, if these are std's.
    fn also(
        &mut self,
        set: impl FnOnce(&mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions,
    ) -> &mut OpenOptions {
        if let Some(std) = &mut self.std {
            set(std);
        }
        self
    }
}

/// The file is opened by std, on the blocking pool: a named pipe without a peer occupies one of its
/// threads.
impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(std: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions { how: OpenHow::new(), std: Some(std) }
    }
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// Those of [`std::fs::File::open`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::open("Cargo.toml").await?;
    /// assert!(file.metadata().await?.len() > 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).open(path).await })
    }

    /// Opens a file for writing. Creates it if it does not exist, and empties it otherwise.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed; it may have been created or
    /// emptied.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("file");
    /// let mut file = heist::fs::File::create(&path).await?;
    /// file.write_all(b"hello").await?;
    /// assert_eq!(heist::fs::read(&path).await?, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().write(true).create(true).truncate(true).open(path).await })
    }

    /// Creates a file for reading and writing.
    ///
    /// # Errors
    /// `AlreadyExists` if the file exists, and those of [`std::fs::File::create_new`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// A file that is created after the future was dropped is closed, and stays in its directory.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::File;
    ///
    /// let path = directory.path().join("file");
    /// let _file = File::create_new(&path).await?;
    /// let error = File::create_new(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).write(true).create_new(true).open(path).await })
    }

    /// Options to open a file with: the same as [`OpenOptions::new`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = heist::fs::File::options().read(true).open("Cargo.toml").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}
