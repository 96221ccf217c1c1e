//! Waiting for a socket in one or more directions, without a call on it.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use crate::driver::{Direction, Interest, Ready, Registration};

/// Waits until the socket is ready for one of `interest`, and returns for what the kernel says it
/// is.
pub(crate) async fn ready(registration: &Registration, interest: Interest) -> io::Result<Ready> {
    #[cfg(unix)]
    if interest.is_priority() || interest.is_error() {
        return ready_by_flags(registration, interest).await;
    }
    let mask = interest.mask();
    let mut readable = pin!(registration.ready(Direction::Read));
    let mut writable = pin!(registration.ready(Direction::Write));
    poll_fn(|cx| {
        let mut all = Ready::EMPTY;
        let is_read = interest.direction() == Direction::Read;
        let sides = [
            (Direction::Read, is_read, readable.as_mut()),
            (Direction::Write, interest.is_writable(), writable.as_mut()),
        ];
        for (direction, is_asked, mut wait) in sides {
            // Until the kernel confirms it, or the wait is pending.
            while is_asked && all.is_empty() {
                let Poll::Ready(result) = wait.as_mut().poll(cx) else { break };
                result?;
                all |= registration.confirm(direction, mask).unwrap_or_default();
            }
        }
        if all.is_empty() { Poll::Pending } else { Poll::Ready(Ok(all)) }
    })
    .await
}

/// Sockets do not report errors and urgent bytes to their sides, so a second descriptor is watched.
#[cfg(unix)]
async fn ready_by_flags(registration: &Registration, interest: Interest) -> io::Result<Ready> {
    use std::os::fd::AsRawFd;

    let second = registration.socket().try_clone()?;
    let watch = registration.watch(second.as_raw_fd(), interest)?;
    let seen = watch.flags().ready(interest).await?;
    // Dropped before its descriptor is closed.
    drop(watch);
    Ok(seen.ready)
}

/// Waits until a call in this direction is likely not to block.
pub(crate) async fn wait(registration: &Registration, direction: Direction) -> io::Result<()> {
    loop {
        registration.ready(direction).await?;
        if is_likely(registration, direction) {
            return Ok(());
        }
    }
}

/// [`wait`] as a poll function, with one waiter per direction.
pub(crate) fn poll_wait(
    registration: &Registration,
    direction: Direction,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        ready!(registration.poll_ready(direction, cx))?;
        if is_likely(registration, direction) {
            return Poll::Ready(Ok(()));
        }
    }
}

/// A new socket is ready as far as we know. Only the kernel knows better.
fn is_likely(registration: &Registration, direction: Direction) -> bool {
    let mask = match direction {
        Direction::Read => Interest::READABLE.mask(),
        Direction::Write => Interest::WRITABLE.mask(),
    };
    !registration.is_presumed(direction) || registration.confirm(direction, mask).is_some()
}
