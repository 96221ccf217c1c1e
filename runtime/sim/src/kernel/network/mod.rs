//! The network: hosts with addresses, links between them, sockets.
//!
//! - `names.rs`: what sockets and their addresses are called. `addresses.rs`: which host has which
//!   address. `links.rs`, `faults.rs`: how packets travel. `segment.rs`: what travels.
//! - `connection.rs`, `halves.rs`, `timeouts.rs`: one end of a TCP connection.
//!   `datagram_queue.rs`, `local_socket.rs`: sockets of UDP, and Unix sockets. `options.rs`,
//!   `socket.rs`: sockets of any kind.
//! - `state.rs`: all sockets, and the links. `ports.rs`: who is bound where. `tcp.rs`,
//!   `datagrams.rs`, `local.rs`: what the kinds of sockets do. `calls.rs`: the calls of programs.
//!
//! What Linux has and this has not: TIME_WAIT keeps no port; no urgent data, no control messages,
//! no multicast, no broadcast; keep-alive probes are never sent; congestion slows nothing down.

mod addresses;
mod calls;
mod connection;
mod datagram_queue;
mod datagrams;
mod faults;
mod halves;
mod links;
mod local;
mod local_socket;
mod names;
mod options;
mod ports;
mod segment;
mod socket;
mod state;
mod tcp;
#[cfg(test)]
mod tests;
mod timeouts;

pub(crate) use addresses::{host_of, ipv4_of, ipv6_of};
pub(crate) use calls::Received;
pub(crate) use links::Link;
pub(crate) use names::{Family, SocketId, SocketName, Transport};
pub(crate) use state::{Network, NetworkEvent};
