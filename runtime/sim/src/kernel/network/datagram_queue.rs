//! What a socket of UDP has received.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::names::Errno;
use crate::kernel::Room;

/// What a datagram costs of a buffer besides its bytes.
const OVERHEAD_BYTES: usize = 256;

/// What a socket of UDP has received.
#[derive(Debug, Default)]
pub(super) struct DatagramQueue {
    /// The only one from whom it takes datagrams.
    pub(super) peer: Option<SocketAddr>,
    pub(super) error: Option<Errno>,
    incoming: VecDeque<(SocketAddr, Vec<u8>)>,
    cost: usize,
    is_shut_for_reading: bool,
    is_shut_for_writing: bool,
}

impl DatagramQueue {
    pub(super) fn readiness(&self) -> u32 {
        let mut mask = libc::EPOLLOUT | libc::EPOLLWRNORM | libc::EPOLLWRBAND;
        if !self.incoming.is_empty() || self.is_shut_for_reading {
            mask |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        if self.is_shut_for_reading {
            mask |= libc::EPOLLRDHUP;
        }
        if self.is_shut_for_reading && self.is_shut_for_writing {
            mask |= libc::EPOLLHUP;
        }
        if self.error.is_some() {
            mask |= libc::EPOLLERR;
        }
        mask as u32
    }

    /// The length of the next datagram.
    pub(super) fn readable_count(&self) -> usize {
        self.incoming.front().map_or(0, |(_, bytes)| bytes.len())
    }

    /// Moves the next datagram into the room, or copies it. Returns its length and its sender:
    /// what does not fit is lost.
    pub(super) fn receive(
        &mut self,
        room: &mut Room<'_>,
        is_peek: bool,
    ) -> Result<(usize, Option<SocketAddr>), Errno> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let Some((source, bytes)) = self.incoming.front() else {
            return if self.is_shut_for_reading { Ok((0, None)) } else { Err(libc::EAGAIN) };
        };
        room.put(bytes);
        let answer = (bytes.len(), Some(*source));
        if !is_peek {
            self.cost -= bytes.len() + OVERHEAD_BYTES;
            self.incoming.pop_front();
        }
        Ok(answer)
    }

    /// Adds a datagram, unless the socket is full. Returns whether it did.
    pub(super) fn add(&mut self, source: SocketAddr, bytes: &[u8], bytes_max: usize) -> bool {
        let cost = bytes.len() + OVERHEAD_BYTES;
        let fits = self.cost + cost <= bytes_max;
        if fits {
            self.cost += cost;
            self.incoming.push_back((source, bytes.to_vec()));
        }
        fits
    }

    pub(super) fn is_shut_for_writing(&self) -> bool {
        self.is_shut_for_writing
    }

    pub(super) fn shut(&mut self, reading: bool, writing: bool) -> Result<(), Errno> {
        self.peer.ok_or(libc::ENOTCONN)?;
        self.is_shut_for_reading |= reading;
        self.is_shut_for_writing |= writing;
        Ok(())
    }
}
