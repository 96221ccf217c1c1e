//! UDP on every back end. Each file is about one behaviour; this one holds what they share.

mod cancel;
mod faults;
mod options;
#[cfg(target_os = "linux")]
mod process;
mod segments;
#[path = "../support/mod.rs"]
mod support;
mod talk;

use heist::net::UdpSocket;

pub(crate) use support::wait::{is_pending_once, pattern, soon};

/// A socket on a free port of the loopback.
pub(crate) async fn bound() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// Two sockets that are connected to each other.
pub(crate) async fn pair() -> (UdpSocket, UdpSocket) {
    let (left, right) = (bound().await, bound().await);
    left.connect(right.local_addr().unwrap()).await.unwrap();
    right.connect(left.local_addr().unwrap()).await.unwrap();
    (left, right)
}
