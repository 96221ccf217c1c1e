//! Conversion between std's and the system's type for addresses of Unix sockets. Names in the
//! abstract namespace exist on Linux only.

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use socket2::SockAddr;

cfg_if! {
    if #[linux_kernel] {
        mod linux;
        use linux::{HAS_ABSTRACT_NAMES, abstract_name, from_abstract_name};
    } else {
        mod elsewhere;
        use elsewhere::{HAS_ABSTRACT_NAMES, abstract_name, from_abstract_name};
    }
}

/// The system's form of a path, or of a name in the abstract namespace, which begins with a zero
/// byte.
pub(crate) fn from_path(path: &Path) -> io::Result<SockAddr> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_name = HAS_ABSTRACT_NAMES && bytes.first() == Some(&0);
    if !is_name && bytes.contains(&0) {
        let text = "the path of the socket contains a zero byte, where the system would cut it off";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    SockAddr::unix(path)
}

/// The system's form of an address.
pub(crate) fn from_std(addr: &SocketAddr) -> io::Result<SockAddr> {
    if let Some(path) = addr.as_pathname() {
        return SockAddr::unix(path);
    }
    if let Some(addr) = abstract_name(addr) {
        return addr;
    }
    let text = "an unnamed address leads nowhere: give a path, or a name in the abstract namespace";
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

/// Std's form of an address. Total: an address that std cannot express (a path that fills the whole
/// structure, which another program may bind) becomes unnamed, so that no peer can make an accept
/// or a receive fail by its address.
pub(crate) fn to_std(addr: &SockAddr) -> SocketAddr {
    if let Some(path) = addr.as_pathname() {
        return SocketAddr::from_pathname(path).unwrap_or_else(|_| unnamed());
    }
    match addr.as_abstract_namespace() {
        Some(name) => from_abstract_name(name).unwrap_or_else(unnamed),
        None => unnamed(),
    }
}

/// The address of a socket that has none.
pub(crate) fn unnamed() -> SocketAddr {
    SocketAddr::from_pathname("").expect("no path is an unnamed address")
}
