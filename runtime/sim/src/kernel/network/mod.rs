//! The network: hosts with addresses, links between them, sockets.
//!
//! - `addresses.rs`: which host has which address. `links.rs`: how packets travel.
//! - `segment.rs`: what travels. `connection.rs`, `halves.rs`: one end of a TCP
//!   connection.
//! - `socket.rs`, `options.rs`: a socket. `state.rs`: all of them.
//! - `ports.rs`: who is bound where. `tcp.rs`, `datagrams.rs`, `local.rs`: what the kinds of sockets
//!   do. `calls.rs`: the calls of programs.
//!
//! What Linux has and this has not: the state TIME_WAIT keeps no port; no urgent data, no control
//! messages, no multicast, no broadcast; keep-alive probes are never sent; congestion slows nothing.

mod addresses;
mod calls;
mod connection;
mod datagrams;
mod halves;
mod links;
mod local;
mod options;
mod ports;
mod segment;
mod socket;
mod state;
mod tcp;
#[cfg(test)]
mod tests;

pub(crate) use addresses::{host_of, ipv4_of, ipv6_of};
pub(crate) use calls::Received;
#[cfg_attr(not(test), expect(unused_imports, reason = "the API of hosts sets links with it"))]
pub(crate) use links::Link;
pub(crate) use socket::{Family, SocketId, SocketName, Transport};
pub(crate) use state::{Network, NetworkEvent};
