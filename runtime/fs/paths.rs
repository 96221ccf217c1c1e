//! Names in directories: metadata behind them, and creating, renaming and removing them.

use std::io;
use std::path::{Path, PathBuf};

use super::metadata::Metadata;
use crate::driver::file::{self, Request, StatTarget, pool};
use crate::driver::in_runtime;
use crate::system::path::SystemPath;

/// Gives a file or directory another name, and replaces what had that name.
///
/// # Errors
/// Those of [`std::fs::rename`].
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
/// use heist::fs;
///
/// let path = directory.path().join("old");
/// fs::write(&path, "text").await?;
/// let new = directory.path().join("new");
/// fs::rename(&path, &new).await?;
/// assert_eq!(fs::read(&new).await?, b"text");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (from, to) = (SystemPath::new(from.as_ref())?, SystemPath::new(to.as_ref())?);
        file::start(Request::Rename { from, to }).await.result.map(drop)
    })
}

/// Removes a file.
///
/// # Errors
/// Those of [`std::fs::remove_file`].
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
/// use heist::fs;
///
/// let path = directory.path().join("file");
/// fs::write(&path, "text").await?;
/// fs::remove_file(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = SystemPath::new(path.as_ref())?;
        file::start(Request::Remove { path, is_dir: false }).await.result.map(drop)
    })
}

/// Removes an empty directory.
///
/// # Errors
/// Those of [`std::fs::remove_dir`].
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
/// use heist::fs;
///
/// let path = directory.path().join("directory");
/// fs::create_dir(&path).await?;
/// fs::remove_dir(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = SystemPath::new(path.as_ref())?;
        file::start(Request::Remove { path, is_dir: true }).await.result.map(drop)
    })
}

/// Removes a directory with everything in it. Links are removed, not followed.
///
/// # Errors
/// Those of [`std::fs::remove_dir_all`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropped, it continues to its end once it has started.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let path = directory.path().join("directory");
/// fs::create_dir(&path).await?;
/// fs::write(path.join("file"), "text").await?;
/// fs::remove_dir_all(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        // The call of std follows no link that someone creates in the meantime, which needs
        // descriptors of directories.
        pool(move || std::fs::remove_dir_all(path)).await
    })
}

/// Creates a directory.
///
/// # Errors
/// Those of [`std::fs::create_dir`].
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
/// use heist::fs;
///
/// let path = directory.path().join("directory");
/// fs::create_dir(&path).await?;
/// assert!(fs::metadata(&path).await?.is_dir());
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = SystemPath::new(path.as_ref())?;
        file::start(Request::MakeDir { path }).await.result.map(drop)
    })
}

/// Creates a directory and all its missing parents. It may exist already.
///
/// # Errors
/// Those of [`std::fs::create_dir_all`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropped, some of the directories may exist.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let deep = directory.path().join("a/b/c");
/// fs::create_dir_all(&deep).await?;
/// fs::write(deep.join("old"), "text").await?;
/// fs::rename(deep.join("old"), deep.join("new")).await?;
/// assert!(!fs::try_exists(deep.join("old")).await?);
///
/// fs::remove_file(deep.join("new")).await?;
/// fs::remove_dir(&deep).await?;
/// fs::remove_dir_all(directory.path().join("a")).await?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref();
        let mut missing = Vec::new();
        let mut directory = Some(path).filter(|path| !path.as_os_str().is_empty());
        // Up, to a directory that can be created or exists.
        while let Some(wanted) = directory {
            match create_dir(wanted).await {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => match wanted.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => {
                        missing.push(wanted);
                        directory = Some(parent);
                    }
                    _ => return Err(error),
                },
                Err(_) if is_dir(wanted).await => break,
                Err(error) => return Err(error),
            }
        }
        // And down again.
        for wanted in missing.into_iter().rev() {
            match create_dir(wanted).await {
                Err(error) if !is_dir(wanted).await => return Err(error),
                _ => {}
            }
        }
        Ok(())
    })
}

async fn is_dir(path: &Path) -> bool {
    metadata(path).await.is_ok_and(|metadata| metadata.is_dir())
}

/// Creates a symbolic link at `link` that leads to `original`. Unix only.
///
/// # Errors
/// Those of [`std::os::unix::fs::symlink`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let path = directory.path().join("link");
/// fs::symlink("target", &path).await?;
/// assert_eq!(fs::read_link(&path).await?.to_str(), Some("target"));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[cfg(unix)]
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (original, link) = (SystemPath::new(original.as_ref())?, SystemPath::new(link.as_ref())?);
        file::start(Request::Symlink { original, link }).await.result.map(drop)
    })
}

/// Gives the file `original` a second name, `link`.
///
/// # Errors
/// Those of [`std::fs::hard_link`].
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
/// use heist::fs;
///
/// let path = directory.path().join("file");
/// let twin = directory.path().join("twin");
/// fs::write(&path, "text").await?;
/// fs::hard_link(&path, &twin).await?;
/// fs::remove_file(&path).await?;
/// assert_eq!(fs::read(&twin).await?, b"text");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (original, link) = (SystemPath::new(original.as_ref())?, SystemPath::new(link.as_ref())?);
        file::start(Request::HardLink { original, link }).await.result.map(drop)
    })
}

/// The path that a symbolic link leads to.
///
/// # Errors
/// Those of [`std::fs::read_link`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let path = directory.path().join("link");
/// fs::symlink("target", &path).await?;
/// assert_eq!(fs::read_link(&path).await?.to_str(), Some("target"));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        pool(move || std::fs::read_link(path)).await
    })
}

/// The absolute path without links, `.` and `..`.
///
/// # Errors
/// Those of [`std::fs::canonicalize`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::fs;
///
/// let absolute = fs::canonicalize("./Cargo.toml").await?;
/// assert!(absolute.is_absolute() && absolute.ends_with("Cargo.toml"));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        pool(move || std::fs::canonicalize(path)).await
    })
}

/// Type, size, times and owner of the file that the path leads to.
///
/// # Errors
/// Those of [`std::fs::metadata`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let metadata = heist::fs::metadata("Cargo.toml").await?;
/// assert!(metadata.is_file() && metadata.len() > 0);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    in_runtime(async move { stat(path.as_ref(), true).await })
}

/// Type, size, times and owner of what the path names: a link is not followed.
///
/// # Errors
/// Those of [`std::fs::symlink_metadata`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let directory = fs::canonicalize(directory.path()).await?;
/// let (file, link) = (directory.join("file"), directory.join("link"));
/// fs::write(&file, "text").await?;
/// fs::symlink(&file, &link).await?;
/// fs::hard_link(&file, directory.join("twin")).await?;
///
/// assert!(fs::symlink_metadata(&link).await?.is_symlink());
/// assert!(fs::metadata(&link).await?.is_file());
/// assert_eq!(fs::read_link(&link).await?, file);
/// assert_eq!(fs::canonicalize(&link).await?, file);
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Metadata>> {
    in_runtime(async move { stat(path.as_ref(), false).await })
}

async fn stat(path: &Path, is_followed: bool) -> io::Result<Metadata> {
    if let Some(metadata) = file::metadata_cached(path, is_followed).await {
        return metadata.map(Metadata::from);
    }
    let path = SystemPath::new(path)?;
    Metadata::of(file::stat(StatTarget::Path { path, is_followed }).await)
}

/// Changes the permissions.
///
/// # Errors
/// Those of [`std::fs::set_permissions`].
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
/// let path = directory.path().join("file");
/// heist::fs::write(&path, "text").await?;
/// let mut permissions = heist::fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// heist::fs::set_permissions(&path, permissions).await?;
/// assert!(heist::fs::metadata(&path).await?.permissions().readonly());
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn set_permissions(
    path: impl AsRef<Path>,
    permissions: std::fs::Permissions,
) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        pool(move || std::fs::set_permissions(path, permissions)).await
    })
}

/// Whether the path leads to something.
///
/// # Errors
/// Those of [`std::fs::exists`]: every reason why the answer cannot be known.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::fs;
///
/// assert!(fs::try_exists("Cargo.toml").await?);
/// assert!(!fs::try_exists("no such file").await?);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn try_exists(path: impl AsRef<Path>) -> impl Future<Output = io::Result<bool>> {
    in_runtime(async move {
        match metadata(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    })
}
