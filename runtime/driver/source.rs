//! A registered socket with its two sides, as data. `registration.rs` has the right to use it.

use std::panic::{RefUnwindSafe, UnwindSafe};

use socket2::Socket;

use crate::primitive::{atomic::AtomicBool, sync::Mutex};

use super::direction::Direction;
use super::readiness::LastUseful;
use super::side::Side;
use super::ticket::Ticket;

/// The socket and its two sides. The registration and every operation in flight share it, so that
/// the descriptor closes only when the kernel has finished the last of them [fd-outlives-ops].
///
/// The order of the fields matters: an echo touches one stretch of memory, from the reference count
/// to the first word of `write`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Source {
    socket: Socket,
    /// For `send/`: the kernel has refused to send without copying, or has copied.
    pub(super) is_copied: AtomicBool,
    /// Beside `is_copied`, because there is room.
    read_progress: LastUseful,
    write_progress: LastUseful,
    read: Side,
    write: Side,
    /// Which poller has registered this socket, for the back end that registers sockets.
    attachment: Mutex<Option<Ticket>>,
}

/// A waker or a call that panics leaves nothing half done.
impl UnwindSafe for Source {}
impl RefUnwindSafe for Source {}

impl Source {
    pub(super) fn new(socket: Socket) -> Source {
        Source {
            socket,
            is_copied: AtomicBool::new(false),
            read_progress: LastUseful::new(),
            write_progress: LastUseful::new(),
            read: Side::new(),
            write: Side::new(),
            attachment: Mutex::new(None),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// Gives the socket out. The caller holds the only reference.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    pub(super) fn progress(&self, direction: Direction) -> &LastUseful {
        match direction {
            Direction::Read => &self.read_progress,
            Direction::Write => &self.write_progress,
        }
    }

    pub(super) fn attachment(&self) -> &Mutex<Option<Ticket>> {
        &self.attachment
    }
}
