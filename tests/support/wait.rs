//! Futures polled by hand or with a limit, and bytes to send.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use heist::time::timeout;

use super::PATIENCE;

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

/// Awaits `future`, and names it when it does not come: for what would otherwise hang the test.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match timeout(PATIENCE / 2, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain: {what}"),
    }
}
