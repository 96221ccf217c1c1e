//! The system does not say which sockets listen. Apple's has the question and no answer to it.

use socket2::Socket;

/// Whether the socket, one of a stream, listens, as far as can be seen: it has an address and no
/// peer. One that is bound only, or that has lost its peer, looks the same.
pub(crate) fn is_listener(socket: &Socket) -> bool {
    socket.local_addr().is_ok() && socket.peer_addr().is_err()
}
