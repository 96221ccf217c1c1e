//! How to open.

use std::fs::File as StdFile;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::File;
use super::work::{c_path, pool};
use crate::driver::file::{Code, Descriptor, OpenHow, Way, ring_for, ring_for_path};
use crate::driver::in_runtime;

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
    /// # Errors
    /// Those of [`std::fs::OpenOptions::open`], in the same cases.
    ///
    /// # Cancel safety
    /// A file that is opened after the future was dropped is closed. It may have been created or truncated.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<File>> {
        in_runtime(async move {
            let path = path.as_ref();
            self.0.check()?;
            let opened = if ring_for_path(Code::Open, path).is_some() {
                self.open_on_ring(path).await?
            } else {
                let (path, options) = (path.to_owned(), self.0.to_std());
                let (is_append, is_direct) = (self.0.is_append, self.0.is_direct());
                pool(move || Ok(Descriptor::new(options.open(path)?, is_append, is_direct))).await?
            };
            Ok(File::over(Arc::new(opened)))
        })
    }

    /// The ring tries an open as if it were non-blocking, so that a FIFO opens at once, or not at all, where it should
    /// wait for its peer. Such an open is made again, on a thread of the kernel's.
    async fn open_on_ring(&self, path: &Path) -> io::Result<Descriptor> {
        match self.open_by(path, Way::Inline).await {
            Ok(opened) if !waits_for_peer(opened.file()) => Ok(opened),
            Err(error) if !has_no_peer(&error) => Err(error),
            _ => self.open_by(path, Way::Aside).await,
        }
    }

    async fn open_by(&self, path: &Path, way: Way) -> io::Result<Descriptor> {
        let Some(ring) = ring_for(Code::Open) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let landed = ring.open(c_path(path)?, self.0.clone(), way).await;
        landed.result?;
        landed.opened.ok_or_else(|| io::Error::other("an open that succeeded opened nothing"))
    }
}

#[cfg(unix)]
fn waits_for_peer(mut file: &StdFile) -> bool {
    use std::io::Seek;
    use std::os::unix::fs::FileTypeExt;
    // What can seek is no FIFO; that is the cheapest question.
    file.stream_position().is_err() && file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn waits_for_peer(_file: &StdFile) -> bool {
    false
}

#[cfg(unix)]
fn has_no_peer(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENXIO)
}

#[cfg(not(unix))]
fn has_no_peer(_error: &io::Error) -> bool {
    false
}
