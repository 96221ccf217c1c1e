//! The two directions of a socket.

/// A direction of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Data, a connection, the end of the stream or an error to receive.
    Read,
    /// Room to send, the outcome of a connect, or an error.
    Write,
}
