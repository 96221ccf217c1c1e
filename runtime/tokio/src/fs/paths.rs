//! Names in directories, and whole files.

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use heist::fs::facade;

use crate::context;

/// Returns the absolute path without links.
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    context::runtime();
    heist::fs::canonicalize(path).await
}

/// Copies the contents and the permissions of a file. Returns how many bytes it has.
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64, io::Error> {
    context::runtime();
    heist::fs::copy(from, to).await
}

/// Creates a directory.
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::create_dir(path).await
}

/// Creates a directory, and those above it that are missing.
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::create_dir_all(path).await
}

/// Gives a file another name.
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::hard_link(original, link).await
}

/// Returns the metadata of what is at a path. Follows links.
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    context::runtime();
    facade::metadata(path.as_ref().to_owned(), true).await
}

/// Reads a whole file.
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    context::runtime();
    heist::fs::read(path).await
}

/// Returns the target of a link.
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    context::runtime();
    heist::fs::read_link(path).await
}

/// Reads a whole file that is text.
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    context::runtime();
    heist::fs::read_to_string(path).await
}

/// Removes an empty directory.
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::remove_dir(path).await
}

/// Removes a directory and all that is in it.
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::remove_dir_all(path).await
}

/// Removes a file.
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::remove_file(path).await
}

/// Gives a file or directory another name instead of its own.
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::rename(from, to).await
}

/// Changes the permissions of a file or directory.
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    context::runtime();
    heist::fs::set_permissions(path, perm).await
}

/// Creates a symbolic link.
#[cfg(unix)]
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    context::runtime();
    heist::fs::symlink(original, link).await
}

/// Returns the metadata of what is at a path. Does not follow links.
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    context::runtime();
    facade::metadata(path.as_ref().to_owned(), false).await
}

/// Returns whether there is something at a path.
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    context::runtime();
    heist::fs::try_exists(path).await
}

/// Writes a whole file, which is created or replaced.
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    context::runtime();
    heist::fs::write(path, contents).await
}
