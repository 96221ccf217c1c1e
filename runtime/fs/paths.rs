//! Names in directories: metadata behind them, and creating, renaming and removing them.

use std::io;
use std::path::{Path, PathBuf};

use super::metadata::Metadata;
use super::work::{c_path, given_back, pool};
use crate::driver::file::{Landed, OpKind, ring_for_path};
use crate::driver::in_runtime;

/// The permissions of a new directory, before the umask: those of std.
const FOLDER_MODE: u32 = 0o777;

/// Gives a file or directory another name, and replaces what had that name. [`create_dir_all`] has
/// an example.
///
/// # Errors
/// Those of [`std::fs::rename`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (from, to) = (from.as_ref(), to.as_ref());
        match ring_for_path(OpKind::Rename, from) {
            Some(ring) => ring.rename(c_path(from)?, c_path(to)?).await.result.map(drop),
            None => {
                let (from, to) = (from.to_owned(), to.to_owned());
                pool(move || std::fs::rename(from, to)).await
            }
        }
    })
}

/// Removes a file. [`create_dir_all`] has an example.
///
/// # Errors
/// Those of [`std::fs::remove_file`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref();
        match ring_for_path(OpKind::Remove, path) {
            Some(ring) => ring.remove(c_path(path)?, false).await.result.map(drop),
            None => {
                let path = path.to_owned();
                pool(move || std::fs::remove_file(path)).await
            }
        }
    })
}

/// Removes an empty directory. [`create_dir_all`] has an example.
///
/// # Errors
/// Those of [`std::fs::remove_dir`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref();
        match ring_for_path(OpKind::Remove, path) {
            Some(ring) => ring.remove(c_path(path)?, true).await.result.map(drop),
            None => {
                let path = path.to_owned();
                pool(move || std::fs::remove_dir(path)).await
            }
        }
    })
}

/// Removes a directory with everything in it. Links are removed, not followed. [`create_dir_all`]
/// has an example.
///
/// # Errors
/// Those of [`std::fs::remove_dir_all`].
///
/// # Cancel safety
/// Dropped, it continues to its end once it has started.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        // The call of std follows no link that someone creates in the meantime, which needs
        // descriptors of directories.
        pool(move || std::fs::remove_dir_all(path)).await
    })
}

/// Creates a directory. [`create_dir_all`] has an example.
///
/// # Errors
/// Those of [`std::fs::create_dir`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let path = path.as_ref();
        match ring_for_path(OpKind::MakeDir, path) {
            Some(ring) => ring.make_dir(c_path(path)?, FOLDER_MODE).await.result.map(drop),
            None => {
                let path = path.to_owned();
                pool(move || std::fs::create_dir(path)).await
            }
        }
    })
}

/// Creates a directory and all its missing parents. It may exist already.
///
/// # Errors
/// Those of [`std::fs::create_dir_all`].
///
/// # Cancel safety
/// Dropped, some of the directories may exist.
///
/// # Panics
/// Panics if called outside of a runtime.
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

/// Creates a symbolic link at `link` that leads to `original`. Unix only. [`symlink_metadata`] has
/// an example.
///
/// # Errors
/// Those of [`std::os::unix::fs::symlink`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[cfg(unix)]
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (original, link) = (original.as_ref(), link.as_ref());
        match ring_for_path(OpKind::Symlink, link) {
            Some(ring) => ring.symlink(c_path(original)?, c_path(link)?).await.result.map(drop),
            None => {
                let (original, link) = (original.to_owned(), link.to_owned());
                pool(move || std::os::unix::fs::symlink(original, link)).await
            }
        }
    })
}

/// Gives the file `original` a second name, `link`. [`symlink_metadata`] has an example.
///
/// # Errors
/// Those of [`std::fs::hard_link`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move {
        let (original, link) = (original.as_ref(), link.as_ref());
        match ring_for_path(OpKind::HardLink, link) {
            Some(ring) => ring.hard_link(c_path(original)?, c_path(link)?).await.result.map(drop),
            None => {
                let (original, link) = (original.to_owned(), link.to_owned());
                pool(move || std::fs::hard_link(original, link)).await
            }
        }
    })
}

/// The path that a symbolic link leads to. [`symlink_metadata`] has an example.
///
/// # Errors
/// Those of [`std::fs::read_link`].
///
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> impl Future<Output = io::Result<PathBuf>> {
    in_runtime(async move {
        let path = path.as_ref().to_owned();
        pool(move || std::fs::read_link(path)).await
    })
}

/// The absolute path without links, `.` and `..`. [`symlink_metadata`] has an example.
///
/// # Errors
/// Those of [`std::fs::canonicalize`].
///
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
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
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
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
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
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
    if let Some(ring) = ring_for_path(OpKind::Stat, path) {
        let Landed { result, resources, .. } = ring.stat_path(c_path(path)?, is_followed).await;
        return result.map(|_| Metadata::of_ring(given_back(resources)));
    }
    let path = path.to_owned();
    let call = move || {
        if is_followed { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) }
    };
    pool(call).await.map(Metadata::from)
}

/// Changes the permissions.
///
/// # Errors
/// Those of [`std::fs::set_permissions`].
///
/// # Cancel safety
/// Dropped, it has happened or not.
///
/// # Panics
/// Panics if called outside of a runtime.
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

/// Whether the path leads to something. [`create_dir_all`] has an example.
///
/// # Errors
/// Those of [`std::fs::exists`]: every reason why the answer cannot be known.
///
/// # Cancel safety
/// Cancel safe.
///
/// # Panics
/// Panics if called outside of a runtime.
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
