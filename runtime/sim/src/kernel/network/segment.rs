//! What travels between hosts.

use std::net::SocketAddr;

use crate::kernel::HostId;

/// A packet under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(super) from: HostId,
    pub(super) to: HostId,
    pub(super) source: SocketAddr,
    pub(super) target: SocketAddr,
    pub(super) body: Body,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Segment(Segment),
    Datagram(Vec<u8>),
    /// Nobody has the port: of the datagram that went from `target` to `source`.
    Unreachable,
}

/// A part of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of the connection: a port may be used again while segments are under way.
    pub(super) connection: u64,
    pub(super) kind: SegmentKind,
    /// The place of the first byte in the stream. The first stream position is 1.
    pub(super) place: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether the stream ends after the bytes. The end has a place of its own.
    pub(super) is_end: bool,
    /// All before this place has come.
    pub(super) acknowledged: u64,
    /// How many bytes from there on may be sent.
    pub(super) window: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentKind {
    /// Asks for a connection.
    Open,
    /// Accepts it.
    Accept,
    /// Bytes, the end, or only an acknowledgement.
    Data,
    /// There is no such connection.
    Reset,
}

/// What a packet takes of a link besides its bytes.
const HEADER_BYTES: usize = 40;

impl Body {
    /// In bytes, as a link counts them.
    pub(super) fn size(&self) -> usize {
        HEADER_BYTES
            + match self {
                Body::Segment(segment) => segment.bytes.len(),
                Body::Datagram(bytes) => bytes.len(),
                Body::Unreachable => 0,
            }
    }
}
