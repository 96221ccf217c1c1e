//! The two directions of a socket.

/// A direction of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Data, a connection, the end of the stream or an error to receive.
    Read,
    /// Room to send, the outcome of a connect, or an error.
    Write,
}

impl Direction {
    /// What it is called, in a dump.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Direction::Read => "read",
            Direction::Write => "write",
        }
    }
}
