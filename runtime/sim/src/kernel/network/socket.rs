//! A socket: what its host, its family and its options are, and what it does.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

use super::connection::Connection;
use super::datagram_queue::DatagramQueue;
use super::local_socket::LocalSocket;
use super::names::{Family, SocketId, Transport};
use super::options::SocketOptions;
use crate::kernel::{HostId, ObjectId};

#[derive(Debug)]
pub(super) struct Socket {
    pub(super) host: HostId,
    pub(super) family: Family,
    pub(super) transport: Transport,
    pub(super) options: SocketOptions,
    /// Of sockets of IP: with the port 0, it is not bound.
    pub(super) local: Option<SocketAddr>,
    /// Whether the program chose its port.
    pub(super) role: Role,
    /// The listener whose queue it is in.
    pub(super) listener: Option<SocketId>,
    /// Whether a call has returned the outcome of the connection.
    pub(super) is_connect_reported: bool,
    /// The object that descriptors share, once it has one.
    pub(super) object: Option<ObjectId>,
    /// When the queue of events next mentions it.
    pub(super) planned_at: Option<u64>,
}

/// What a socket does.
#[derive(Debug)]
pub(super) enum Role {
    /// A socket of TCP that neither listens nor is connected.
    Idle,
    Listener(Listener),
    Connection(Box<Connection>),
    Datagrams(DatagramQueue),
    Local(LocalSocket),
}

/// A socket that accepts connections.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) backlog: usize,
    /// Connections that `accept` takes.
    pub(super) ready: VecDeque<SocketId>,
    /// Connections whose handshake is not over.
    pub(super) opening: BTreeSet<SocketId>,
}

impl Listener {
    pub(super) fn new(backlog: usize) -> Listener {
        Listener { backlog, ready: VecDeque::new(), opening: BTreeSet::new() }
    }

    /// Whether it drops what asks for one more.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() + self.opening.len() > self.backlog
    }
}

impl Socket {
    pub(super) fn new(host: HostId, family: Family, transport: Transport) -> Socket {
        let role = match (family, transport) {
            (Family::Unix, _) => Role::Local(LocalSocket::new()),
            (_, Transport::Stream) => Role::Idle,
            (_, Transport::Datagram) => Role::Datagrams(DatagramQueue::default()),
        };
        Socket {
            host,
            family,
            transport,
            options: SocketOptions::new(transport),
            local: None,
            role,
            listener: None,
            is_connect_reported: false,
            object: None,
            planned_at: None,
        }
    }

    pub(super) fn connection(&self) -> Option<&Connection> {
        match &self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    pub(super) fn listener_mut(&mut self) -> Option<&mut Listener> {
        match &mut self.role {
            Role::Listener(listener) => Some(listener),
            _ => None,
        }
    }

    /// Whether a program has it, or will when it accepts it.
    pub(super) fn is_owned(&self) -> bool {
        self.connection().is_none_or(|connection| !connection.is_orphan)
    }
}
