//! The futures that wait for a socket.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::Socket;

use crate::task::coop;

use super::Direction;
use super::readiness::Seen;
use super::side::{Listing, WaiterRef};
use super::source::Registration;

/// See [`Registration::ready`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub(crate) struct WaitReady<'a> {
    pub(super) registration: &'a Registration,
    pub(super) direction: Direction,
    pub(super) listing: Listing,
}

impl Future for WaitReady<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let charge = ready!(coop::poll_proceed(cx));
        match this.registration.source.side(this.direction).observe() {
            Some(seen) => this.listing.pass(seen),
            None => {
                let mut waiter = WaiterRef::Listed(&mut this.listing);
                ready!(this.registration.poll_wait(this.direction, cx, &mut waiter))?;
            }
        }
        charge.made_progress();
        Poll::Ready(Ok(()))
    }
}

impl Drop for WaitReady<'_> {
    fn drop(&mut self) {
        self.registration.source.side(self.direction).forget(self.listing);
    }
}

/// See [`Registration::async_io`] and [`Registration::transfer`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub(super) struct AsyncIo<'a, F> {
    pub(super) ready: WaitReady<'a>,
    pub(super) operation: F,
}

/// `operation` is called, never pinned.
impl<F> Unpin for AsyncIo<'_, F> {}

impl<R, F: FnMut(&Socket, Seen) -> io::Result<R>> Future for AsyncIo<'_, F> {
    type Output = io::Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let AsyncIo { ready, operation } = &mut *self;
        let WaitReady { registration, direction, listing } = ready;
        registration.drive(*direction, cx, WaiterRef::Listed(listing), operation)
    }
}
