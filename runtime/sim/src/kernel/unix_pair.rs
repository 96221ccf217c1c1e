//! Pairs of Unix sockets: two queues of messages.

use std::collections::VecDeque;
use std::ffi::c_int;

use super::{EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT, EVENT_RDHUP, ObjectId, Room};

/// The send buffer of a socket. A message costs more of it than its bytes.
const SEND_BUFFER_BYTES: usize = 212_992;
/// The most bytes of a stream that are one message.
const STREAM_MESSAGE_BYTES: usize = 32_768;
/// Linux says of Unix sockets that bytes of a higher priority fit as well.
const WRITABLE: u32 = EVENT_OUT | libc::EPOLLWRBAND as u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairKind {
    Stream,
    /// Messages with an end of the stream.
    Packets,
    Datagrams,
}

struct Message {
    bytes: Vec<u8>,
    /// How many have been read.
    start: usize,
}

impl Message {
    /// What it costs of the send buffer: Linux counts its own data with the bytes.
    fn cost(&self) -> usize {
        self.bytes.len().next_multiple_of(256).max(256) + 512
    }
}

/// One socket of a pair.
pub(crate) struct UnixEnd {
    pub(crate) peer: ObjectId,
    pub(crate) kind: PairKind,
    incoming: VecDeque<Message>,
    /// How much of the peer's send buffer waits here.
    cost: usize,
    may_read: bool,
    may_write: bool,
    error: Option<c_int>,
}

impl UnixEnd {
    pub(super) fn new(peer: ObjectId, kind: PairKind) -> UnixEnd {
        let (incoming, cost) = (VecDeque::new(), 0);
        UnixEnd { peer, kind, incoming, cost, may_read: true, may_write: true, error: None }
    }

    /// `peer`: unless it is closed.
    pub(super) fn readiness(&self, peer: Option<&UnixEnd>) -> u32 {
        let mut mask = 0;
        if !self.incoming.is_empty() {
            mask |= EVENT_IN;
        }
        if !self.may_read {
            mask |= EVENT_IN | EVENT_RDHUP;
        }
        if !self.may_read && !self.may_write {
            mask |= EVENT_HUP;
        }
        if self.error.is_some() {
            mask |= EVENT_ERR;
        }
        mask | if peer.is_none_or(UnixEnd::has_room_again) { WRITABLE } else { 0 }
    }

    /// Whether the peer is told that it may write: not before three quarters are free.
    pub(super) fn has_room_again(&self) -> bool {
        self.cost * 4 <= SEND_BUFFER_BYTES
    }

    fn is_full(&self) -> bool {
        self.cost >= SEND_BUFFER_BYTES
    }

    pub(crate) fn bytes_count(&self) -> usize {
        match self.kind {
            PairKind::Stream | PairKind::Packets => {
                self.incoming.iter().map(|message| message.bytes.len() - message.start).sum()
            }
            PairKind::Datagrams => self.incoming.front().map_or(0, |message| message.bytes.len()),
        }
    }

    /// Moves bytes into the room, or copies them if it only peeks. Returns how many, and whether
    /// the peer has more room than before. With datagrams and packets it is one, and what does not
    /// fit is lost.
    pub(super) fn receive(&mut self, room: &mut Room<'_>, is_peek: bool) -> Result<(usize, bool), c_int> {
        if self.incoming.is_empty() {
            return match self.error.take() {
                Some(error) => Err(error),
                None if !self.may_read => Ok((0, false)),
                None => Err(libc::EAGAIN),
            };
        }
        if is_peek {
            let count = if self.kind == PairKind::Stream { self.incoming.len() } else { 1 };
            let messages = self.incoming.iter().take(count);
            return Ok((messages.map(|message| room.put(&message.bytes[message.start..])).sum(), false));
        }
        let (mut taken, mut has_freed) = (0, false);
        while let Some(message) = self.incoming.front_mut() {
            let count = room.put(&message.bytes[message.start..]);
            taken += count;
            message.start += count;
            if self.kind == PairKind::Stream && message.start < message.bytes.len() {
                break;
            }
            self.cost -= message.cost();
            self.incoming.pop_front();
            has_freed = true;
            if self.kind != PairKind::Stream {
                break;
            }
        }
        Ok((taken, has_freed))
    }

    /// Why nothing can be written here, if so.
    pub(super) fn refuses_writes(&self, peer: Option<&UnixEnd>) -> Option<c_int> {
        match peer {
            _ if !self.may_write => Some(libc::EPIPE),
            None if self.kind == PairKind::Datagrams => Some(libc::ECONNREFUSED),
            None => Some(libc::EPIPE),
            Some(peer) => (!peer.may_read).then_some(libc::EPIPE),
        }
    }

    /// Takes bytes that the peer wrote. Returns how many.
    pub(super) fn deliver(&mut self, bytes: &[u8]) -> Result<usize, c_int> {
        if self.kind != PairKind::Stream {
            let message = Message { bytes: bytes.to_vec(), start: 0 };
            if message.cost() > SEND_BUFFER_BYTES {
                return Err(libc::EMSGSIZE);
            }
            if self.is_full() || self.cost + message.cost() > SEND_BUFFER_BYTES {
                return Err(libc::EAGAIN);
            }
            self.cost += message.cost();
            self.incoming.push_back(message);
            return Ok(bytes.len());
        }
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_full() {
            let (first, others) = rest.split_at(rest.len().min(STREAM_MESSAGE_BYTES));
            let message = Message { bytes: first.to_vec(), start: 0 };
            self.cost += message.cost();
            self.incoming.push_back(message);
            rest = others;
        }
        match bytes.len() - rest.len() {
            0 if !bytes.is_empty() => Err(libc::EAGAIN),
            count => Ok(count),
        }
    }

    /// Ends directions, as the owner of this socket asked for.
    pub(super) fn shut(&mut self, read: bool, write: bool) {
        self.may_read &= !read;
        self.may_write &= !write;
    }

    /// The peer was closed. `had_unread`: with bytes that it had not read.
    pub(super) fn lose_peer(&mut self, had_unread: bool) {
        if self.kind != PairKind::Datagrams {
            self.shut(true, true);
            if had_unread {
                self.error = Some(libc::ECONNRESET);
            }
        }
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.incoming.is_empty()
    }
}
