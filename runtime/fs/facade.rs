//! What the crate `tokio` asks of files, and no other code: results in std's types, and calls of
//! std's that no operation does.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::File;
use super::lanes::Touch;
use super::read_dir::DirEntry;
use crate::driver::file::{self, pool};

/// Runs a call that may block on the pool.
///
/// # Cancel safety
/// A dropped future leaves a call behind that has begun on the pool.
pub async fn on_pool<R: Send + 'static>(
    call: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    pool(call).await
}

/// The metadata of what is at `path`, at once if the kernel has the path in its cache.
///
/// # Cancel safety
/// A dropped future leaves a call behind that has begun on the pool.
pub async fn metadata(path: PathBuf, is_followed: bool) -> io::Result<std::fs::Metadata> {
    if let Some(metadata) = file::metadata_cached(&path, is_followed).await {
        return metadata;
    }
    pool(move || if is_followed { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) }).await
}

/// The metadata of an open file. A local file system has them in memory.
///
/// # Cancel safety
/// A dropped future leaves a call behind that has begun on the pool.
pub async fn file_metadata(file: &File) -> io::Result<std::fs::Metadata> {
    file.quiet(Touch::Nothing).await;
    if file.descriptor.is_remote() {
        let descriptor = file.descriptor.clone();
        return pool(move || descriptor.file().metadata()).await;
    }
    file.descriptor.file().metadata()
}

/// The file as std has it.
pub fn std_file(file: &File) -> &std::fs::File {
    file.descriptor.file()
}

/// Another handle to the open file.
pub fn share(file: &File) -> File {
    file.share()
}

/// The entry as std has it.
pub fn entry(entry: &DirEntry) -> Arc<std::fs::DirEntry> {
    entry.as_std().clone()
}
