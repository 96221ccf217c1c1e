//! Addresses of Unix sockets.

use std::fmt;
use std::os::unix::net;
use std::path::Path;

/// The address of a Unix socket.
#[derive(Clone)]
pub struct SocketAddr(net::SocketAddr);

impl SocketAddr {
    pub(super) fn inner(&self) -> &net::SocketAddr {
        &self.0
    }

    /// Returns whether the socket has no address.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// Returns the path of the socket, if it has one.
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// Returns the name of the socket in the abstract namespace, if it has one.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        #[cfg(target_os = "android")]
        use std::os::android::net::SocketAddrExt;
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;

        self.0.as_abstract_name()
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<net::SocketAddr> for SocketAddr {
    fn from(value: net::SocketAddr) -> Self {
        SocketAddr(value)
    }
}

impl From<SocketAddr> for net::SocketAddr {
    fn from(value: SocketAddr) -> Self {
        value.0
    }
}
