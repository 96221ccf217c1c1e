//! How to open.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::File;
use crate::driver::file::OpenHow;
use crate::driver::{self, in_runtime};

/// Options of [`std::fs::OpenOptions`], and an `open` that does not block.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join("heist_open_options_example");
/// let file = heist::fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path).await?;
/// file.write_all_at(b"hello", 0).await?;
/// drop(file);
/// assert_eq!(heist::fs::read(&path).await?, b"hello");
/// heist::fs::remove_file(&path).await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(OpenHow);

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl OpenOptions {
    /// Nothing is asked for yet.
    pub fn new() -> OpenOptions {
        OpenOptions(OpenHow::new())
    }

    /// Whether the file can be read.
    pub fn read(&mut self, is_read: bool) -> &mut OpenOptions {
        self.0.is_read = is_read;
        self
    }

    /// Whether the file can be written.
    pub fn write(&mut self, is_write: bool) -> &mut OpenOptions {
        self.0.is_write = is_write;
        self
    }

    /// Whether every write goes to the end of the file.
    pub fn append(&mut self, is_append: bool) -> &mut OpenOptions {
        self.0.is_append = is_append;
        self
    }

    /// Whether the file is made empty.
    pub fn truncate(&mut self, is_truncate: bool) -> &mut OpenOptions {
        self.0.is_truncate = is_truncate;
        self
    }

    /// Whether the file is created if it is not there.
    pub fn create(&mut self, is_create: bool) -> &mut OpenOptions {
        self.0.is_create = is_create;
        self
    }

    /// Whether the file is created, and being there already is an error.
    pub fn create_new(&mut self, is_create_new: bool) -> &mut OpenOptions {
        self.0.is_create_new = is_create_new;
        self
    }

    /// The permissions of a file that is created, before the umask.
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode = mode;
        self
    }

    /// More flags of `open(2)`, such as `O_DIRECT`. Those for the access are ignored.
    ///
    /// With `O_DIRECT` the address and the length of every buffer, and every offset, are multiples of what the disk wants,
    /// 512 or 4096 bytes as a rule: see [`AlignedBuf`](crate::io::AlignedBuf). Methods with borrowed slices bring their
    /// own aligned buffer.
    #[cfg(unix)]
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags = flags;
        self
    }

    /// Opens `path`.
    ///
    /// A FIFO is open when its other end is: to read when there is a writer, or was one since; to write when there is a reader. A
    /// file on which somebody holds a lease is open when that is given back. Any number of opens may wait so; they keep no
    /// other operation, and no end of a runtime. A writer that writes nothing, or a reader, may be seen a tenth of a second
    /// after it came. With `O_NONBLOCK` among the [`custom_flags`](OpenOptions::custom_flags) nothing is waited for.
    ///
    /// # Errors
    /// Those of [`std::fs::OpenOptions::open`], in the same cases.
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed. It may have been created or truncated. The end of a FIFO
    /// that waited for its peer is closed, and who comes later does not meet it.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move {
            let path = path.as_ref();
            self.0.check()?;
            let opened = driver::file::open(path, &self.0).await?;
            Ok(File::over(Arc::new(opened)))
        })
    }
}

impl File {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// Those of [`std::fs::File::open`].
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).open(path).await })
    }

    /// Opens a file to write it; creates it, or makes it empty.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create`].
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed; it may have been created or made empty.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().write(true).create(true).truncate(true).open(path).await })
    }

    /// Creates a file to read and write it.
    ///
    /// # Errors
    /// `AlreadyExists` if it is there, and those of [`std::fs::File::create_new`].
    ///
    /// # Cancel safety
    /// A file that is created after the future was dropped is closed, and stays.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move { OpenOptions::new().read(true).write(true).create_new(true).open(path).await })
    }

    /// Options to open a file with: the same as [`OpenOptions::new`].
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}
