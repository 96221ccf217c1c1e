//! A registered socket with its two sides, as data. `registration.rs` has the right to use it.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use socket2::Socket;

use crate::primitive::{atomic::AtomicBool, sync::Mutex};

use super::closing::ClosingMark;
use super::direction::Direction;
use super::readiness::LastUseful;
use super::side::Side;
use super::ticket::Ticket;
use crate::system::{describe::describe, socket::is_found_by_name};
use crate::task::WaitReason;

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
    /// After the socket, which is closed first [closed-before-bind].
    closing: ClosingMark,
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
            closing: ClosingMark::new(),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// What a task waits for that waits for this side, for a dump.
    pub(super) fn wait_reason(&self, direction: Direction) -> WaitReason {
        WaitReason::Readiness { operation: direction.name(), object: describe(&self.socket) }
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

    /// Gives the socket out to be closed, and the mark to be dropped after that.
    pub(super) fn into_parts(self) -> (Socket, ClosingMark) {
        (self.socket, self.closing)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_closing()
    }

    /// The program gets the socket.
    pub(super) fn give_out(&self) {
        self.closing.give_out();
    }

    /// Its owner drops it. Returns whether it should be closed at once, because others hold it, and
    /// find it by its name until then [closed-before-bind]. Not in a forked child, which can close
    /// nothing: another thread may have had the lock of the closings at the fork.
    pub(super) fn begin_closing(self: &Arc<Self>, is_ours: impl FnOnce() -> bool) -> bool {
        let is_urgent = Arc::strong_count(self) > 1 && is_ours() && is_found_by_name(&self.socket);
        if is_urgent {
            self.closing.begin();
        }
        is_urgent && self.is_closing()
    }

    pub(super) fn progress(&self, direction: Direction) -> &LastUseful {
        match direction {
            Direction::Read => &self.read_progress,
            Direction::Write => &self.write_progress,
        }
    }

    pub(super) fn take_attachment(&self) -> Option<Ticket> {
        self.attachment.lock().take()
    }

    pub(super) fn attachment(&self) -> &Mutex<Option<Ticket>> {
        &self.attachment
    }
}
