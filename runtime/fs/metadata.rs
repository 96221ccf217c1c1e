//! Metadata of a file, from a ring or from std.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::time::SystemTime;

use crate::driver::file::Stat;

/// Metadata of a file: type, size, times, owner. It has the methods of [`std::fs::Metadata`], a
/// value of which only std can make.
///
/// On Unix it implements [`std::os::unix::fs::MetadataExt`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let metadata = heist::fs::metadata("Cargo.toml").await?;
/// assert!(metadata.is_file() && !metadata.permissions().readonly());
/// println!("{} bytes, changed at {:?}", metadata.len(), metadata.modified()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Metadata(MetadataSource);

#[derive(Clone)]
pub(super) enum MetadataSource {
    #[cfg(unix)]
    Ring(Box<Stat>),
    Std(std::fs::Metadata),
}

/// Directory, regular file, symbolic link or something else. It has the methods of
/// [`std::fs::FileType`], a value of which only std can make.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let file_type = heist::fs::metadata(".").await?.file_type();
/// assert!(file_type.is_dir() && !file_type.is_symlink());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileType(FileKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum FileKind {
    Directory,
    Regular,
    Link,
    Fifo,
    Socket,
    BlockDevice,
    CharDevice,
    Other,
}

impl FileType {
    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.0 == FileKind::Directory
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.0 == FileKind::Regular
    }

    /// Whether it is a symbolic link. Only [`symlink_metadata`](super::symlink_metadata) and the
    /// entries of a directory report links.
    pub fn is_symlink(&self) -> bool {
        self.0 == FileKind::Link
    }

    /// Whether it is a named pipe. False on systems other than Unix.
    pub fn is_fifo(&self) -> bool {
        self.0 == FileKind::Fifo
    }

    /// Whether it is a socket. False on systems other than Unix.
    pub fn is_socket(&self) -> bool {
        self.0 == FileKind::Socket
    }

    /// Whether it is a block device. False on systems other than Unix.
    pub fn is_block_device(&self) -> bool {
        self.0 == FileKind::BlockDevice
    }

    /// Whether it is a character device. False on systems other than Unix.
    pub fn is_char_device(&self) -> bool {
        self.0 == FileKind::CharDevice
    }

    #[cfg(unix)]
    fn of_mode(mode: u32) -> FileType {
        const TYPE_MASK: u32 = 0o170_000;
        FileType(match mode & TYPE_MASK {
            0o040_000 => FileKind::Directory,
            0o100_000 => FileKind::Regular,
            0o120_000 => FileKind::Link,
            0o010_000 => FileKind::Fifo,
            0o140_000 => FileKind::Socket,
            0o060_000 => FileKind::BlockDevice,
            0o020_000 => FileKind::CharDevice,
            _ => FileKind::Other,
        })
    }
}

impl From<std::fs::FileType> for FileType {
    fn from(std: std::fs::FileType) -> FileType {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            let special = [
                (std.is_fifo(), FileKind::Fifo),
                (std.is_socket(), FileKind::Socket),
                (std.is_block_device(), FileKind::BlockDevice),
                (std.is_char_device(), FileKind::CharDevice),
            ];
            if let Some((_, kind)) = special.into_iter().find(|(is_so, _)| *is_so) {
                return FileType(kind);
            }
        }
        FileType(if std.is_dir() {
            FileKind::Directory
        } else if std.is_file() {
            FileKind::Regular
        } else if std.is_symlink() {
            FileKind::Link
        } else {
            FileKind::Other
        })
    }
}

impl From<std::fs::Metadata> for Metadata {
    fn from(std: std::fs::Metadata) -> Metadata {
        Metadata(MetadataSource::Std(std))
    }
}

impl Metadata {
    #[cfg(unix)]
    pub(super) fn of_ring(stat: Box<Stat>) -> Metadata {
        Metadata(MetadataSource::Ring(stat))
    }

    #[cfg(not(unix))]
    pub(super) fn of_ring(_stat: Box<Stat>) -> Metadata {
        unreachable!("there is no ring here")
    }

    #[cfg(unix)]
    pub(super) fn origin(&self) -> &MetadataSource {
        &self.0
    }

    /// Which kind of file it is.
    pub fn file_type(&self) -> FileType {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => FileType::of_mode(stat.mode()),
            MetadataSource::Std(std) => std.file_type().into(),
        }
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// Whether it is a symbolic link. Only [`symlink_metadata`](super::symlink_metadata) and the
    /// entries of a directory report links.
    pub fn is_symlink(&self) -> bool {
        self.file_type().is_symlink()
    }

    /// The size in bytes.
    #[expect(clippy::len_without_is_empty, reason = "as std's: a size, not a collection")]
    pub fn len(&self) -> u64 {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => stat.size,
            MetadataSource::Std(std) => std.len(),
        }
    }

    /// The permissions: who may read, write and execute it.
    pub fn permissions(&self) -> Permissions {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => std::os::unix::fs::PermissionsExt::from_mode(stat.mode()),
            MetadataSource::Std(std) => std.permissions(),
        }
    }

    /// The time of the last change of its content.
    ///
    /// # Errors
    /// `Unsupported` where the system does not record it.
    pub fn modified(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => Ok(stat.modified()),
            MetadataSource::Std(std) => std.modified(),
        }
    }

    /// The time of the last read, as far as the system records it.
    ///
    /// # Errors
    /// `Unsupported` where the system does not record it.
    pub fn accessed(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => Ok(stat.accessed()),
            MetadataSource::Std(std) => std.accessed(),
        }
    }

    /// The time of its creation.
    ///
    /// # Errors
    /// `Unsupported` where the file system does not record it.
    pub fn created(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            MetadataSource::Ring(stat) => stat.born().ok_or_else(|| {
                io::Error::new(io::ErrorKind::Unsupported, "this file system keeps no time of creation")
            }),
            MetadataSource::Std(std) => std.created(),
        }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("file_type", &self.file_type())
            .field("len", &self.len())
            .field("permissions", &self.permissions())
            .field("modified", &self.modified().ok())
            .finish_non_exhaustive()
    }
}
