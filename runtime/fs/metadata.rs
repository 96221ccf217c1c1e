//! What a system knows of a file, from a ring or from std.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::time::SystemTime;

use crate::driver::file::Stat;

/// What the system knows of a file: type, size, times, owner. As [`std::fs::Metadata`], which is made by std only.
///
/// On Unix it implements [`std::os::unix::fs::MetadataExt`].
#[derive(Clone)]
pub struct Metadata(Origin);

#[derive(Clone)]
pub(super) enum Origin {
    #[cfg(unix)]
    Ring(Box<Stat>),
    Std(std::fs::Metadata),
}

/// Folder, regular file, link or something else. As [`std::fs::FileType`], which is made by std only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileType(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Folder,
    Regular,
    Link,
    Fifo,
    Socket,
    BlockDevice,
    CharDevice,
    Other,
}

impl FileType {
    /// A folder.
    pub fn is_dir(&self) -> bool {
        self.0 == Kind::Folder
    }

    /// A regular file.
    pub fn is_file(&self) -> bool {
        self.0 == Kind::Regular
    }

    /// A symbolic link. Only [`symlink_metadata`](super::symlink_metadata) and folders' entries tell of them.
    pub fn is_symlink(&self) -> bool {
        self.0 == Kind::Link
    }

    /// Unix: a named pipe.
    pub fn is_fifo(&self) -> bool {
        self.0 == Kind::Fifo
    }

    /// Unix: a socket.
    pub fn is_socket(&self) -> bool {
        self.0 == Kind::Socket
    }

    /// Unix: a block device.
    pub fn is_block_device(&self) -> bool {
        self.0 == Kind::BlockDevice
    }

    /// Unix: a character device.
    pub fn is_char_device(&self) -> bool {
        self.0 == Kind::CharDevice
    }

    #[cfg(unix)]
    fn of_mode(mode: u32) -> FileType {
        const TYPE_MASK: u32 = 0o170_000;
        FileType(match mode & TYPE_MASK {
            0o040_000 => Kind::Folder,
            0o100_000 => Kind::Regular,
            0o120_000 => Kind::Link,
            0o010_000 => Kind::Fifo,
            0o140_000 => Kind::Socket,
            0o060_000 => Kind::BlockDevice,
            0o020_000 => Kind::CharDevice,
            _ => Kind::Other,
        })
    }
}

impl From<std::fs::FileType> for FileType {
    fn from(std: std::fs::FileType) -> FileType {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            let special = [
                (std.is_fifo(), Kind::Fifo),
                (std.is_socket(), Kind::Socket),
                (std.is_block_device(), Kind::BlockDevice),
                (std.is_char_device(), Kind::CharDevice),
            ];
            if let Some((_, kind)) = special.into_iter().find(|(is_so, _)| *is_so) {
                return FileType(kind);
            }
        }
        FileType(if std.is_dir() {
            Kind::Folder
        } else if std.is_file() {
            Kind::Regular
        } else if std.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        })
    }
}

impl From<std::fs::Metadata> for Metadata {
    fn from(std: std::fs::Metadata) -> Metadata {
        Metadata(Origin::Std(std))
    }
}

impl Metadata {
    #[cfg(unix)]
    pub(super) fn of_ring(stat: Box<Stat>) -> Metadata {
        Metadata(Origin::Ring(stat))
    }

    #[cfg(not(unix))]
    pub(super) fn of_ring(_stat: Box<Stat>) -> Metadata {
        unreachable!("there is no ring here")
    }

    #[cfg(unix)]
    pub(super) fn origin(&self) -> &Origin {
        &self.0
    }

    /// What kind of file it is.
    pub fn file_type(&self) -> FileType {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => FileType::of_mode(stat.mode()),
            Origin::Std(std) => std.file_type().into(),
        }
    }

    /// A folder.
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// A regular file.
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// A symbolic link.
    pub fn is_symlink(&self) -> bool {
        self.file_type().is_symlink()
    }

    /// The size in bytes.
    #[expect(clippy::len_without_is_empty, reason = "as std's: a size, not a collection")]
    pub fn len(&self) -> u64 {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => stat.size,
            Origin::Std(std) => std.len(),
        }
    }

    /// Who may do what with it.
    pub fn permissions(&self) -> Permissions {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => std::os::unix::fs::PermissionsExt::from_mode(stat.mode()),
            Origin::Std(std) => std.permissions(),
        }
    }

    /// When its content was last changed.
    ///
    /// # Errors
    /// `Unsupported` where the system does not keep it.
    pub fn modified(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => Ok(stat.modified()),
            Origin::Std(std) => std.modified(),
        }
    }

    /// When it was last read, as far as the system keeps track.
    ///
    /// # Errors
    /// `Unsupported` where the system does not keep it.
    pub fn accessed(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => Ok(stat.accessed()),
            Origin::Std(std) => std.accessed(),
        }
    }

    /// When it was created.
    ///
    /// # Errors
    /// `Unsupported` where the file system does not keep it.
    pub fn created(&self) -> io::Result<SystemTime> {
        match &self.0 {
            #[cfg(unix)]
            Origin::Ring(stat) => stat.born().ok_or_else(|| {
                io::Error::new(io::ErrorKind::Unsupported, "this file system keeps no time of creation")
            }),
            Origin::Std(std) => std.created(),
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
