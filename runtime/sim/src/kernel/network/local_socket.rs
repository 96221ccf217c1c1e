//! A Unix socket: what it has, without the others.

use std::collections::{BTreeSet, VecDeque};

use super::names::{Errno, SocketId};
use crate::kernel::Room;

/// A Unix socket.
#[derive(Debug, Default)]
pub(super) struct LocalSocket {
    pub(super) name: Vec<u8>,
    /// How many connections may wait, and those that do.
    pub(super) listening: Option<(usize, VecDeque<SocketId>)>,
    /// Of a stream its other end, while it is there; of a datagram socket its target.
    pub(super) peer: Option<SocketId>,
    pub(super) peer_name: Vec<u8>,
    pub(super) is_connected: bool,
    /// Bytes of a stream.
    pub(super) stream: VecDeque<u8>,
    /// Datagrams with the names of their senders.
    pub(super) datagrams: VecDeque<(Vec<u8>, Vec<u8>)>,
    pub(super) is_reading_over: bool,
    pub(super) is_writing_over: bool,
    pub(super) error: Option<Errno>,
    /// Those that wait until there is room here.
    pub(super) waiting: BTreeSet<SocketId>,
}

impl LocalSocket {
    pub(super) fn new() -> LocalSocket {
        LocalSocket::default()
    }

    pub(super) fn is_listening(&self) -> bool {
        self.listening.is_some()
    }

    /// The name of the other end, if it is connected.
    pub(super) fn peer_name(&self) -> Option<Vec<u8>> {
        self.is_connected.then(|| self.peer_name.clone())
    }

    pub(super) fn readable_count(&self) -> usize {
        self.datagrams.front().map_or(self.stream.len(), |(_, bytes)| bytes.len())
    }

    pub(super) fn is_readable(&self) -> bool {
        let has_connection = self.listening.as_ref().is_some_and(|(_, ready)| !ready.is_empty());
        has_connection || !self.stream.is_empty() || !self.datagrams.is_empty()
    }

    /// Moves bytes, or a datagram, into the room. Returns the length and the sender.
    pub(super) fn take(&mut self, room: &mut Room<'_>, is_peek: bool) -> Option<(usize, Option<Vec<u8>>)> {
        if let Some((sender, bytes)) = self.datagrams.front() {
            room.put(bytes);
            let answer = (bytes.len(), Some(sender.clone()));
            if !is_peek {
                self.datagrams.pop_front();
            }
            return Some(answer);
        }
        if self.stream.is_empty() {
            return None;
        }
        let (first, second) = self.stream.as_slices();
        let count = room.put(first) + room.put(second);
        if !is_peek {
            self.stream.drain(..count);
        }
        Some((count, None))
    }
}
