//! The right to use a socket with the driver, and the futures that wait for it.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::{SockAddr, Socket};

use crate::buf::PooledBuf;
use crate::system::socket::{connect_outcome, has_begun, is_in_progress};
use crate::task::coop;

use super::op::Op;
use super::readiness::{Arm, Cleared, Seen, Verdict};
use super::side::{Listing, Side, WaiterRef};
use super::source::Source;
use super::submission::Submission;
use super::{Contents, Direction, Driver, context, is_undone};

/// How many bytes a call moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) count: usize,
    /// How many bytes the call could have moved.
    pub(crate) asked: usize,
}

impl Moved {
    /// Clears the side if this call shows that the next one would block. The end of the stream does
    /// not show that, because the side stays readable. The bytes are taken from the budget of the
    /// task.
    #[inline]
    fn note(self, side: &Side, seen: Seen) -> usize {
        coop::spend_bytes(self.count);
        if 0 < self.count && self.count < self.asked {
            side.clear_short(seen);
        }
        self.count
    }
}

/// How to go on after a call on a socket.
enum After {
    /// A signal has interrupted the call. Nothing else looks for that.
    Again,
    /// It would have blocked.
    Wait,
    Return,
}

impl After {
    #[inline]
    fn of<R>(result: &io::Result<R>) -> After {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => After::Wait,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => After::Again,
            Ok(_) | Err(_) => After::Return,
        }
    }
}

/// The right to use a socket with the driver. Dropping it cancels its orders.
///
/// On io_uring, a descriptor with an operation in flight closes, for the peer too, when the kernel
/// has confirmed the cancel, after the owning worker's next harvest. See `closing.rs` for others.
pub(crate) struct Registration {
    pub(super) source: Arc<Source>,
    pub(super) driver: Arc<Driver>,
}

impl Registration {
    /// Makes the socket non-blocking and ties it to the current thread's driver.
    #[track_caller]
    pub(crate) fn new(socket: Socket) -> io::Result<Registration> {
        socket.set_nonblocking(true)?;
        Ok(Registration::new_nonblocking(socket))
    }

    /// Like `new`, for a socket that is known to be non-blocking.
    #[track_caller]
    pub(crate) fn new_nonblocking(socket: Socket) -> Registration {
        Registration { source: Arc::new(Source::new(socket)), driver: context::current() }
    }

    /// Ties the socket to the current thread's driver, or outside of a runtime to that of this one.
    pub(crate) fn beside(&self, socket: Socket) -> Registration {
        Registration { source: Arc::new(Source::new(socket)), driver: context::current_or(&self.driver) }
    }

    pub(crate) fn socket(&self) -> &Socket {
        self.source.socket()
    }

    /// Declares that a call that moves fewer bytes than asked for has moved all there was, and that
    /// the kernel reports what comes later. The next call need not be tried before that
    /// [short-is-all].
    ///
    /// `is_drained`: this holds for every such call. Otherwise short calls are trusted only where
    /// an order reports a state and not a change [level-at-arm].
    pub(crate) fn trust_short(&self, is_drained: bool) {
        if self.driver.is_level_at_arm() || (is_drained && self.driver.tells_end()) {
            self.source.side(Direction::Read).trust();
            self.source.side(Direction::Write).trust();
        }
    }

    /// Tries `operation` when the socket may be ready. If it would block, registers the task and
    /// returns pending.
    ///
    /// There is one waiter per direction: the event wakes the task that polled last.
    pub(crate) fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&Socket) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.drive(direction, cx, WaiterRef::Primary, |socket, _| operation(socket))
    }

    /// [`poll_io`](Registration::poll_io) for bytes; returns how many were moved.
    pub(crate) fn poll_transfer(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&Socket) -> io::Result<Moved>,
    ) -> Poll<io::Result<usize>> {
        let side = self.source.side(direction);
        self.drive(direction, cx, WaiterRef::Primary, |socket, seen| Ok(operation(socket)?.note(side, seen)))
    }

    /// Like [`poll_io`](Registration::poll_io), for any number of concurrent waiters.
    ///
    /// Cancel safe: a dropped future leaves no waiter behind, and `operation` has no effect unless
    /// its result was returned.
    pub(crate) fn async_io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&Socket) -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        AsyncIo { ready: self.ready(direction), operation: move |socket: &Socket, _| operation(socket) }
    }

    /// [`async_io`](Registration::async_io) for bytes; returns how many were moved.
    pub(crate) fn transfer(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&Socket) -> io::Result<Moved>,
    ) -> impl Future<Output = io::Result<usize>> {
        let side = self.source.side(direction);
        let operation = move |socket: &Socket, seen| Ok(operation(socket)?.note(side, seen));
        AsyncIo { ready: self.ready(direction), operation }
    }

    /// Waits until the socket may be ready. A call may still find that it is not.
    pub(crate) fn ready(&self, direction: Direction) -> WaitReady<'_> {
        WaitReady { registration: self, direction, listing: Listing::None }
    }

    /// [`ready`](Registration::ready) as a poll function, with one waiter per direction.
    pub(crate) fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let charge = ready!(coop::poll_proceed_for(cx, move || self.source.wait_reason(direction)));
        if self.source.side(direction).observe().is_none() {
            ready!(self.poll_wait(direction, cx, &mut WaiterRef::Primary))?;
        }
        charge.made_progress();
        Poll::Ready(Ok(()))
    }

    /// Tries without waiting. `WouldBlock` is returned as an error, and is remembered.
    pub(crate) fn try_io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&Socket) -> io::Result<R>,
    ) -> io::Result<R> {
        self.try_once(direction, |socket| {
            loop {
                let result = operation(socket);
                match After::of(&result) {
                    After::Again => {}
                    After::Wait | After::Return => return result,
                }
            }
        })
    }

    /// [`try_io`](Registration::try_io) for an operation that a signal may interrupt.
    ///
    /// If the side is not ready, the call is skipped only while an event is on order. Without an
    /// order no event would ever report that the socket has become ready, so a caller that uses
    /// only this function would never see its bytes.
    pub(crate) fn try_once<R>(
        &self,
        direction: Direction,
        operation: impl FnOnce(&Socket) -> io::Result<R>,
    ) -> io::Result<R> {
        let side = self.source.side(direction);
        let seen = side.observe();
        if seen.is_none() && side.is_armed() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = operation(self.source.socket());
        if let Some(seen) = seen {
            match After::of(&result) {
                After::Wait => self.block(direction, seen),
                After::Again | After::Return => self.source.progress(direction).note(seen),
            }
        }
        result
    }

    /// Called after a send on the ring that took fewer bytes than it was given. Has an effect only
    /// where an order reports a state and not a change [level-at-arm].
    pub(super) fn clear_after_send(&self, verdict: Verdict) {
        if self.driver.is_level_at_arm() {
            self.source.side(Direction::Write).clear_level(verdict);
        }
    }

    /// Connects the socket to what `address` returns, so that the future need not hold it. Cancel
    /// safe in that a dropped future leaves nothing behind, and the socket should be dropped.
    pub(crate) async fn connect(&self, address: impl Fn() -> SockAddr) -> io::Result<()> {
        let mut is_anew = false;
        loop {
            let submission = Submission::start(&self.driver, "connect", |completion| Op::Connect {
                source: self.source.clone(),
                address: Box::new(address()),
                completion,
            })?;
            match submission.await {
                Ok(_) => return Ok(()),
                // The connect may already have begun [undone-begins-anew].
                Err(error) if is_undone(&error) => is_anew = true,
                Err(error) if is_in_progress(&error) || (is_anew && has_begun(&error)) => break,
                Err(error) => return Err(error),
            }
        }
        self.async_io(Direction::Write, connect_outcome).await
    }

    /// Takes one of the runtime's buffers to receive into.
    pub(crate) fn take_buffer(&self, contents: Contents) -> io::Result<PooledBuf> {
        self.driver.take_buffer(contents)
    }

    /// Ends the registration and returns the socket, which stays non-blocking.
    ///
    /// While an operation is in flight, the descriptor is duplicated, which alone can fail.
    pub(crate) fn into_socket(self) -> io::Result<Socket> {
        let source = self.source.clone();
        source.give_out();
        drop(self);
        match Arc::try_unwrap(source) {
            Ok(source) => Ok(source.into_socket()),
            Err(shared) => shared.socket().try_clone(),
        }
    }

    fn drive<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut waiter: WaiterRef<'_>,
        mut operation: impl FnMut(&Socket, Seen) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let charge = ready!(coop::poll_proceed_for(cx, move || self.source.wait_reason(direction)));
        let side = self.source.side(direction);
        loop {
            let Some(seen) = side.observe() else {
                ready!(self.poll_wait(direction, cx, &mut waiter))?;
                continue;
            };
            waiter.pass(seen);
            let result = operation(self.source.socket(), seen);
            match After::of(&result) {
                After::Again => {}
                After::Wait => self.block(direction, seen),
                After::Return => {
                    self.source.progress(direction).note(seen);
                    charge.made_progress();
                    return Poll::Ready(result);
                }
            }
        }
    }

    /// Ready means that the caller should look again. An error means that the runtime is gone, or
    /// that the poller refuses the socket.
    pub(super) fn poll_wait(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        waiter: &mut WaiterRef<'_>,
    ) -> Poll<io::Result<()>> {
        let side = self.source.side(direction);
        match side.wait(waiter, cx.waker().clone()) {
            Arm::Ready => Poll::Ready(Ok(())),
            Arm::Already => Poll::Pending,
            Arm::Needed(order) => {
                let op = Op::Ready { source: self.source.clone(), direction, order };
                match self.driver.submit(op) {
                    Ok(()) => Poll::Pending,
                    Err(error) => {
                        side.disarm();
                        Poll::Ready(Err(error))
                    }
                }
            }
        }
    }

    /// Records that a call at this version would have blocked.
    pub(super) fn block(&self, direction: Direction, seen: Seen) {
        let verdict = self.source.progress(direction).verdict(seen);
        // Newer: an event came in between, and the next look finds the side ready.
        let (Cleared::Done | Cleared::Newer) = self.source.side(direction).clear(seen, verdict);
    }

    fn deregister(&self) {
        let (mut wakers, is_ours) = (Vec::new(), || self.driver.standing.is_ours());
        for direction in [Direction::Read, Direction::Write] {
            if let Some(ticket) = self.source.side(direction).shut(&mut wakers, is_ours) {
                self.driver.cancel(ticket);
            }
        }
        if let Some(ticket) = self.source.take_attachment() {
            self.driver.detach(&self.source, ticket);
        } else if self.source.begin_closing(is_ours) {
            self.driver.close_dropped_here();
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.deregister();
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("socket", self.source.socket()).finish_non_exhaustive()
    }
}

/// See [`Registration::ready`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub(crate) struct WaitReady<'a> {
    registration: &'a Registration,
    direction: Direction,
    listing: Listing,
}

impl Future for WaitReady<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (registration, direction) = (self.registration, self.direction);
        let charge = ready!(coop::poll_proceed_for(cx, move || registration.source.wait_reason(direction)));
        match registration.source.side(direction).observe() {
            Some(seen) => self.listing.pass(seen),
            None => {
                let mut waiter = WaiterRef::Listed(&mut self.listing);
                ready!(registration.poll_wait(direction, cx, &mut waiter))?;
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
struct AsyncIo<'a, F> {
    ready: WaitReady<'a>,
    operation: F,
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
