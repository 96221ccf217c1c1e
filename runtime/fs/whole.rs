//! Whole files at once.

use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::File;
use super::file_bytes::utf8;
use super::open_options::OpenOptions;
use super::paths::metadata;
use crate::buf::IoBuf;
use crate::driver::file::{self, Descriptor, ReadCached, pool};
use crate::driver::in_runtime;
use crate::system::open::OpenHow;

/// Reads a whole file.
///
/// # Errors
/// Those of [`std::fs::read`].
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
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let (poem, twin) = (directory.path().join("poem"), directory.path().join("twin"));
/// fs::write(&poem, "roses are red").await?;
/// assert_eq!(fs::copy(&poem, &twin).await?, 13);
/// assert_eq!(fs::read(&twin).await?, b"roses are red");
/// assert_eq!(fs::read_to_string(&twin).await?, "roses are red");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<u8>>> {
    in_runtime(async move {
        match poll_fn(|cx| file::poll_read_cached(cx, path.as_ref())).await {
            ReadCached::Whole(bytes) => Ok(bytes),
            // In a box, because most reads end above, and many of them may exist at once.
            ReadCached::Tried(tried) => Box::pin(read_opened(path, tried)).await,
        }
    })
}

async fn read_opened(path: impl AsRef<Path>, tried: Option<io::Result<Descriptor>>) -> io::Result<Vec<u8>> {
    let opened = file::open_tried(tried, path.as_ref(), &OpenHow::reading()).await?;
    drop(path);
    let mut file = File::over(Arc::new(opened));
    let size = size_now(&file);
    // One byte more shows whether the file has grown.
    let room = if size == 0 { UNKNOWN_ROOM_BYTES } else { size.saturating_add(1).min(SMALL_BYTES_MAX) };
    let (count, mut bytes) = file.read_owned_at(Vec::with_capacity(room), 0).await;
    match count {
        // A pipe has no offsets.
        Err(error) if error.kind() == io::ErrorKind::NotSeekable => bytes.clear(),
        count => {
            let count = count?;
            if count < room && (count == size || is_end(&file, count).await?) {
                bytes.shrink_to_fit();
                return Ok(bytes);
            }
            bytes = read_rest(&file, bytes).await?;
        }
    }
    file.seek(io::SeekFrom::Start(bytes.len() as u64))
        .await
        .or_else(|error| if error.kind() == io::ErrorKind::NotSeekable { Ok(0) } else { Err(error) })?;
    file.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// The room for a file whose size is not known, or wrong, as in procfs.
const UNKNOWN_ROOM_BYTES: usize = 16 * 1024;
/// A larger file is read in parts.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// The size of a regular file, which the kernel has in memory, or 0.
fn size_now(file: &File) -> usize {
    if file.descriptor.is_remote() {
        return 0;
    }
    let metadata = file.descriptor.file().metadata();
    let size = metadata.map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 });
    usize::try_from(size).unwrap_or(usize::MAX)
}

async fn is_end(file: &File, offset: usize) -> io::Result<bool> {
    Ok(file.read_at(&mut [0], offset as u64).await? == 0)
}

/// Reads up to the size of the file, straight into the vector. The caller reads what is beyond, and
/// files that report a wrong size.
async fn read_rest(file: &File, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let size = usize::try_from(file.metadata().await?.len()).unwrap_or(usize::MAX);
    while size > bytes.len() {
        let begin = bytes.len();
        bytes.try_reserve_exact(size - begin).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let (result, part) = file.read_owned_at(bytes.slice(begin, size - begin), begin as u64).await;
        bytes = part.into_inner();
        if result? == 0 {
            break;
        }
    }
    Ok(bytes)
}

/// Reads a whole file that is UTF-8.
///
/// # Errors
/// Those of [`std::fs::read_to_string`].
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
/// let manifest = heist::fs::read_to_string("Cargo.toml").await?;
/// assert!(manifest.contains("[package]"));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> impl Future<Output = io::Result<String>> {
    in_runtime(async move { utf8(read(path).await?) })
}

/// Writes a whole file: creates it, or replaces its contents.
///
/// # Errors
/// Those of [`std::fs::write`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropped, the file may exist, be empty, or hold a part of the bytes.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let path = directory.path().join("file");
/// fs::write(&path, "hello").await?;
/// assert_eq!(fs::read(&path).await?, b"hello");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> impl Future<Output = io::Result<()>> {
    in_runtime(async move { File::create(path).await?.write_all(contents.as_ref()).await })
}

/// Copies the contents and the permissions of a file, and returns the number of bytes.
///
/// The kernel copies, if it can. For a copy that reports its progress, see
/// [`io::copy_with`](crate::io::copy_with). Into a FIFO only the contents are copied, once it has a
/// reader.
///
/// # Errors
/// Those of [`std::fs::copy`]. A source that is not a regular file, such as a FIFO, is refused at
/// once as [`InvalidInput`](io::ErrorKind::InvalidInput).
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropped, it continues to its end once it has started. Into a FIFO, a part of the contents may
/// have been copied.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// use heist::fs;
///
/// let path = directory.path().join("copy");
/// let count = fs::copy("Cargo.toml", &path).await?;
/// assert_eq!(fs::metadata(&path).await?.len(), count);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> impl Future<Output = io::Result<u64>> {
    in_runtime(async move {
        let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
        if !metadata(&from).await?.is_file() {
            let text =
                format!("{} is no regular file: read it with `fs::File` and `io::copy`", from.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        // The open waits for a reader, which may never come. No thread of the pool may wait that
        // long.
        if metadata(&to).await.is_ok_and(|metadata| metadata.file_type().is_fifo()) {
            return copy_content(&from, &to).await;
        }
        pool(move || std::fs::copy(from, to)).await
    })
}

async fn copy_content(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = File::open(from).await?;
    let mut target = OpenOptions::new().write(true).open(to).await?;
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        let count = source.read(&mut buffer).await?;
        if count == 0 {
            return Ok(total);
        }
        target.write_all(&buffer[..count]).await?;
        total += count as u64;
    }
}
