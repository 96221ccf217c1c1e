//! Addresses of Unix sockets.

use std::io;
use std::path::Path;

use socket2::SockAddr;

use crate::system::unix_address;

/// Converts a path, or a name in the abstract namespace, to the form of the system.
pub(in crate::net) fn address_of(path: &Path) -> io::Result<SockAddr> {
    if path.as_os_str().is_empty() {
        let text = "the path of the socket is empty; to let the system choose an address, do not bind";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    unix_address::from_path(path)
}
