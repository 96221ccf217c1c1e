//! The file of a console's socket: how it comes to be there, and how it goes.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::runtime::Id;

/// Only the owner may connect.
const MODE: u32 = 0o600;
/// The bits that a mode is compared by.
const MODE_MASK: u32 = 0o777;
/// Clients that have connected and wait to be accepted.
const BACKLOG: i32 = 16;

/// The file of a socket that this process has made.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    /// Removes the file if it is still the one that was made here.
    pub(super) fn remove(&self) {
        let is_ours =
            fs::symlink_metadata(&self.path).is_ok_and(|found| identity_of(&found) == self.identity);
        if is_ours {
            // Who could have removed it meanwhile wanted the same.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Listens at `path`, or in a file of its own if that is a directory. The socket does not block.
pub(super) fn listen(path: &Path, runtime: Id) -> io::Result<(Socket, SocketFile)> {
    let path = file_of(path, runtime);
    listen_at(&path).map_err(|error| {
        let text = format!("the console cannot listen at {}: {error}", path.display());
        io::Error::new(error.kind(), text)
    })
}

fn file_of(path: &Path, runtime: Id) -> PathBuf {
    if path.is_dir() { path.join(format!("{}-{runtime}.heist", std::process::id())) } else { path.to_owned() }
}

fn listen_at(path: &Path) -> io::Result<(Socket, SocketFile)> {
    if path.as_os_str().as_bytes().contains(&0) {
        let text = "a path must not contain a NUL byte";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    // The process may change its directory before it removes the file.
    let whole = std::path::absolute(path)?;
    let address = SockAddr::unix(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{error}: choose a shorter path")))?;
    let socket = match bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            clear(&whole, &address)?;
            bind(&address)?
        }
        result => result?,
    };
    let file = SocketFile { identity: identity_of(&fs::symlink_metadata(&whole)?), path: whole };
    match open(&socket, &file) {
        Ok(()) => Ok((socket, file)),
        Err(error) => {
            file.remove();
            Err(error)
        }
    }
}

fn bind(address: &SockAddr) -> io::Result<Socket> {
    let file = File::from(OwnedFd::from(Socket::new(Domain::UNIX, Type::STREAM, None)?));
    // On Linux the file gets the mode of the socket. On other systems this fails, and `open` does
    // it.
    let _ = file.set_permissions(Permissions::from_mode(MODE));
    let socket = Socket::from(OwnedFd::from(file));
    socket.bind(address)?;
    Ok(socket)
}

/// Lets clients connect. Until here the kernel refuses everyone, whatever the file's mode is.
fn open(socket: &Socket, file: &SocketFile) -> io::Result<()> {
    if fs::symlink_metadata(&file.path)?.mode() & MODE_MASK != MODE {
        fs::set_permissions(&file.path, Permissions::from_mode(MODE))?;
    }
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    // Another process may have found a socket on which nobody listened yet, and replaced it.
    if identity_of(&fs::symlink_metadata(&file.path)?) != file.identity {
        let text = "another process has taken its place meanwhile; choose a path for each";
        return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    }
    Ok(())
}

/// Removes the socket of a process that has gone without removing it.
fn clear(path: &Path, address: &SockAddr) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        let text = "there is a file that is no socket: remove it, or choose another path";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    if is_live(address)? {
        let text = "somebody listens there already: choose another path, or a directory, or end that process";
        return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    }
    SocketFile { path: path.to_owned(), identity: identity_of(&found) }.remove();
    Ok(())
}

/// Returns whether somebody listens there, as far as we may know.
fn is_live(address: &SockAddr) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Otherwise it would wait while the other's backlog is full.
    socket.set_nonblocking(true)?;
    Ok(match socket.connect(address) {
        Ok(()) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
    })
}
