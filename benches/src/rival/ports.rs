//! Sockets that are bound before a rival has them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

/// Connections that a listener holds until they are accepted: more than any load opens. Whoever finds no place tries again
/// only after a second.
const BACKLOG: i32 = 4_096;

/// A socket bound to `address`, which others may bind to as well. It reserves a port as long as it does not listen.
pub(crate) fn shared_port(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A non-blocking listener on a port that others listen on too.
pub(crate) fn shared_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = shared_port(address)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A non-blocking socket for datagrams on a port that others receive from too: the kernel spreads the senders.
pub(crate) fn shared_datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Some port of this machine.
pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A non-blocking listener on any port, and where it is.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = shared_listener(any_port()).expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}
