//! Conversion between std's and the system's type for addresses of Unix sockets. Names in the
//! abstract namespace exist on Linux only, so this file is in `driver/`.

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use socket2::SockAddr;

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

const HAS_ABSTRACT_NAMES: bool = cfg!(any(target_os = "android", target_os = "linux"));

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

#[cfg(any(target_os = "android", target_os = "linux"))]
fn abstract_name(addr: &SocketAddr) -> Option<io::Result<SockAddr>> {
    use std::ffi::OsStr;
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt as _;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;

    let name = addr.as_abstract_name()?;
    // The system's form of such a name begins with a zero byte.
    let text = [&[0], name].concat();
    Some(SockAddr::unix(OsStr::from_bytes(&text)))
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn abstract_name(_: &SocketAddr) -> Option<io::Result<SockAddr>> {
    None
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn from_abstract_name(name: &[u8]) -> Option<SocketAddr> {
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt as _;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt as _;

    SocketAddr::from_abstract_name(name).ok()
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn from_abstract_name(_: &[u8]) -> Option<SocketAddr> {
    None
}
