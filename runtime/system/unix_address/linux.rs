//! Names in the abstract namespace.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::SocketAddr;

use socket2::SockAddr;

cfg_if! {
    if #[linux] {
        use std::os::linux::net::SocketAddrExt as _;
    } else {
        use std::os::android::net::SocketAddrExt as _;
    }
}

pub(super) const HAS_ABSTRACT_NAMES: bool = true;

pub(super) fn abstract_name(addr: &SocketAddr) -> Option<io::Result<SockAddr>> {
    let name = addr.as_abstract_name()?;
    // The system's form of such a name begins with a zero byte.
    let text = [&[0], name].concat();
    Some(SockAddr::unix(OsStr::from_bytes(&text)))
}

pub(super) fn from_abstract_name(name: &[u8]) -> Option<SocketAddr> {
    SocketAddr::from_abstract_name(name).ok()
}
