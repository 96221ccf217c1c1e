//! What the crate `tokio` asks of files, and no other code: results in std's types, and calls of
//! std's that no operation does.

use std::io;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::file::File;
use super::lanes::Touch;
use super::read_dir::DirEntry;
use crate::driver::file::{self, pool};
use crate::task::coop;

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
    let metadata = file.descriptor.file().metadata();
    if let Ok(metadata) = &metadata {
        // A read asks for less than that, and next.
        file.descriptor.learn(metadata);
    }
    metadata
}

/// Reads at the cursor what the page cache has, into memory that need not be initialised, and
/// initialises as many bytes as it returns. `None`: a read by the traits has to do it.
pub fn poll_read_cached(
    file: &File,
    cx: &mut Context<'_>,
    room: &mut [MaybeUninit<u8>],
) -> Poll<Option<io::Result<usize>>> {
    if room.is_empty() || !file.descriptor.may_read_now() || !file.descriptor.has_offsets() {
        return Poll::Ready(None);
    }
    let charge = ready!(coop::poll_proceed(cx));
    let read = file.cursor_turns.read_cached(&file.descriptor, room);
    if let Some(read) = &read {
        charge.made_progress();
        coop::spend_bytes(read.as_ref().copied().unwrap_or(0));
    }
    Poll::Ready(read)
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
