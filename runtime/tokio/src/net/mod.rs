//! Sockets.

#[cfg(feature = "net")]
mod fill;
#[cfg(feature = "net")]
pub mod tcp;
#[cfg(feature = "net")]
mod udp;
#[cfg(all(unix, feature = "net"))]
pub mod unix;

pub use heist::net::ToSocketAddrs;
#[cfg(feature = "net")]
pub use heist::net::lookup_host;
#[cfg(feature = "net")]
pub use tcp::{listener::TcpListener, socket::TcpSocket, stream::TcpStream};
#[cfg(feature = "net")]
pub use udp::UdpSocket;
#[cfg(all(unix, feature = "net"))]
pub use unix::{
    datagram::UnixDatagram, listener::UnixListener, socket::UnixSocket, stream::UnixStream,
};
