//! TCP on every back end. Each file is about one behaviour; this one holds what they share.

mod cancel;
mod connect;
mod convert;
mod ends;
mod halves;
mod process;
mod readiness;
mod rebind;
mod send_file;
mod socket;
#[path = "../support/mod.rs"]
mod support;
mod traits;
mod transfer;
mod vectored_owned;
mod waits;
#[cfg(unix)]
mod zero_copy;

use std::time::Duration;

use futures::join;
use heist::net::{TcpListener, TcpStream};
use heist::time::timeout;

pub(crate) use support::wait::{is_pending_once, pattern, soon};

pub(crate) const MIB: usize = 1024 * 1024;

/// Two ends of one connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, accepted) = join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (client.unwrap(), accepted.unwrap().0)
}

/// Writes until there is no room; returns how much that was.
pub(crate) async fn fill(stream: &mut TcpStream) -> usize {
    let chunk = [7; 64 * 1024];
    let mut total = 0;
    while let Ok(count) = timeout(Duration::from_millis(50), stream.write(&chunk)).await {
        total += count.unwrap();
    }
    total
}
