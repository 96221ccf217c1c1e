//! Waiting for a socket in one or more directions.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;

use crate::driver::{Direction, Interest, Ready, Registration};

/// Waits until the socket is ready in one of the directions of `interest`, and returns which.
pub(super) async fn ready(registration: &Registration, interest: Interest) -> io::Result<Ready> {
    let mut readable = pin!(registration.ready(Direction::Read));
    let mut writable = pin!(registration.ready(Direction::Write));
    poll_fn(|cx| {
        let mut ready = Ready::EMPTY;
        if interest.is_readable() {
            if let Poll::Ready(result) = readable.as_mut().poll(cx) {
                result?;
                ready |= Ready::READABLE;
            }
        }
        if interest.is_writable() {
            if let Poll::Ready(result) = writable.as_mut().poll(cx) {
                result?;
                ready |= Ready::WRITABLE;
            }
        }
        if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
    })
    .await
}
