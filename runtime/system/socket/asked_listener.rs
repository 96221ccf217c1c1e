//! The system knows which sockets listen.

use socket2::Socket;

/// Whether the socket listens.
pub(crate) fn is_listener(socket: &Socket) -> bool {
    matches!(socket.is_listener(), Ok(true))
}
