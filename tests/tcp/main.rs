//! TCP on every back end. Each file is about one behaviour; this one holds what they share.

mod cancel;
mod connect;
mod convert;
mod ends;
mod halves;
mod process;
mod readiness;
#[path = "../support/mod.rs"]
mod support;
mod traits;
mod transfer;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::join;
use heist::net::{TcpListener, TcpStream};
use heist::time::timeout;

pub(crate) const MIB: usize = 1024 * 1024;

/// Two ends of one connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, accepted) = join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (client.unwrap(), accepted.unwrap().0)
}

/// Bytes without a short period, so that lost, doubled and swapped pieces show.
pub(crate) fn pattern(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..len).map(next).collect()
}

/// Polls `future` once and tells whether it was pending; whatever it waited for is given up when the caller drops it.
pub(crate) async fn is_pending_once<F: Future>(future: F) -> bool {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Awaits `future` for up to ten seconds.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match timeout(Duration::from_secs(10), future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain: {what}"),
    }
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
