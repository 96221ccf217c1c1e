//! Making directories with options.

use std::future::Future;
use std::io;
use std::path::Path;

use crate::driver::file::pool;
use crate::driver::in_runtime;

/// How to make a directory: the options of [`std::fs::DirBuilder`], and a `create` that does not
/// block. [`create_dir`](super::create_dir) and [`create_dir_all`](super::create_dir_all) need no
/// options.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs::DirBuilder;
///
/// let path = directory.path().join("a/b/c");
/// DirBuilder::new().recursive(true).create(&path).await?;
/// assert!(path.is_dir());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    is_recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// No options: the parent must be there, the directory must not, and all may do everything in
    /// it (`0o777`), as far as the process allows (`umask`).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("new");
    /// heist::fs::DirBuilder::new().create(&path).await?;
    /// assert!(path.is_dir());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> DirBuilder {
        DirBuilder::default()
    }

    /// Whether missing parents are made as well, and a directory that is there is no error. The
    /// default is `false`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("a/b");
    /// heist::fs::DirBuilder::new().recursive(true).create(&path).await?;
    /// heist::fs::DirBuilder::new().recursive(true).create(&path).await?;
    /// assert!(path.is_dir());
    /// # Ok(())
    /// # }
    /// ```
    pub fn recursive(&mut self, is_recursive: bool) -> &mut DirBuilder {
        self.is_recursive = is_recursive;
        self
    }

    /// Sets the permissions of directories that are made. The default is `0o777`. Unix only.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// let path = directory.path().join("private");
    /// heist::fs::DirBuilder::new().mode(0o700).create(&path).await?;
    /// assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o700);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn mode(&mut self, mode: u32) -> &mut DirBuilder {
        self.mode = Some(mode);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    /// Those of [`std::fs::DirBuilder::create`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// use heist::fs::DirBuilder;
    ///
    /// let error = DirBuilder::new().create(directory.path()).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn create(&self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move {
            let (path, builder) = (path.as_ref().to_owned(), self.to_std());
            pool(move || builder.create(path)).await
        })
    }

    fn to_std(&self) -> std::fs::DirBuilder {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.is_recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(mode);
        }
        builder
    }
}
