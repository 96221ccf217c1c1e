//! Sockets in a world: what the simulated network does is what the real one does.
#![cfg(target_os = "linux")]

mod datagrams;
mod faults;
mod raw;
mod streams;
#[path = "../system/mod.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod system;
mod unix;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use system::poll;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listener();
    let client = TcpStream::connect(address).unwrap();
    let (accepted, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(accepted.peer_addr().unwrap(), peer);
    (client, accepted)
}

/// Waits until a socket is ready for one of the events.
fn wait_for(fd: &impl AsRawFd, events: i16) {
    let events = poll(&[(fd.as_raw_fd(), events)], 10_000).unwrap();
    assert_ne!(events[0], 0, "nothing came");
}
