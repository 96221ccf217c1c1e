//! A registered socket, and the right to use it with the driver.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::{SockAddr, Socket};

use crate::buf::PooledBuf;
use crate::primitive::{atomic::AtomicBool, sync::Mutex};
use crate::task::coop;

use super::op::{Op, Ticket};
use super::readiness::{Arm, Cleared, LastUseful, Seen, Verdict};
use super::ready::{AsyncIo, WaitReady};
use super::side::{Listing, Side, WaiterRef};
use super::submission::Submission;
use super::{Contents, Direction, Driver, context, is_undone};
use crate::system::socket::{connect_outcome, has_begun, is_in_progress};

/// The socket and its two sides. The registration and every operation in flight share it, so that
/// the descriptor closes only when the kernel has finished the last of them [fd-outlives-ops].
///
/// The order of the fields matters: an echo touches one stretch of memory, from the reference count
/// to the first word of `write`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Source {
    socket: Socket,
    /// For `send/`: the kernel has refused to send without copying, or has copied.
    pub(super) is_copied: AtomicBool,
    /// Beside `is_copied`, because there is room.
    read_progress: LastUseful,
    write_progress: LastUseful,
    read: Side,
    write: Side,
    /// Which poller has registered this socket, for the back end that registers sockets.
    attachment: Mutex<Option<Ticket>>,
}

impl Source {
    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// Gives the socket out. The caller holds the only reference.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    fn progress(&self, direction: Direction) -> &LastUseful {
        match direction {
            Direction::Read => &self.read_progress,
            Direction::Write => &self.write_progress,
        }
    }

    /// Records that a call at this version would have blocked.
    fn block(&self, direction: Direction, seen: Seen) {
        let verdict = self.progress(direction).verdict(seen);
        // Newer: an event came in between, and the next look finds the side ready.
        let (Cleared::Done | Cleared::Newer) = self.side(direction).clear(seen, verdict);
    }

    pub(super) fn attachment(&self) -> &Mutex<Option<Ticket>> {
        &self.attachment
    }
}

/// How many bytes a call moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) count: usize,
    /// How many bytes the call could have moved.
    pub(crate) asked: usize,
}

impl Moved {
    /// Clears the side if this call shows that the next one would block. The end of the stream does
    /// not show that, because the side stays readable.
    fn note(self, side: &Side, seen: Seen) -> usize {
        if 0 < self.count && self.count < self.asked {
            side.clear_short(seen);
        }
        self.count
    }
}

/// The right to use a socket with the driver. Dropping it cancels its orders.
///
/// On io_uring, a descriptor with an operation in flight closes when the kernel has confirmed the
/// cancel, after the owning worker's next harvest. A peer sees the end of the stream only then, not
/// at the drop itself.
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
        let source = Source {
            socket,
            is_copied: AtomicBool::new(false),
            read_progress: LastUseful::new(),
            write_progress: LastUseful::new(),
            read: Side::new(),
            write: Side::new(),
            attachment: Mutex::new(None),
        };
        Registration { source: Arc::new(source), driver: context::current() }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.source.socket
    }

    /// Declares that a call that moves fewer bytes than asked for has moved all there was, and that
    /// the kernel reports what comes later. The next call need not be tried before that
    /// [short-is-all].
    ///
    /// `is_drained`: this holds for every such call. Otherwise short calls are trusted only where
    /// an order reports a state and not a change [level-at-arm].
    pub(crate) fn trust_short(&self, is_drained: bool) {
        if self.driver.is_level_at_arm() || (is_drained && self.driver.backend.tells_end()) {
            self.source.read.trust();
            self.source.write.trust();
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
    #[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
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
        let charge = ready!(coop::poll_proceed(cx));
        if self.source.side(direction).observe().is_none() {
            ready!(self.poll_wait(direction, cx, &mut WaiterRef::Primary))?;
        }
        charge.made_progress();
        Poll::Ready(Ok(()))
    }

    /// Tries once without waiting. `WouldBlock` is returned as an error, and is remembered.
    ///
    /// If the side is not ready, the call is skipped only while an event is on order. Without an
    /// order no event would ever report that the socket has become ready, so a caller that uses
    /// only this function would never see its bytes.
    pub(crate) fn try_io<R>(
        &self,
        direction: Direction,
        operation: impl FnOnce(&Socket) -> io::Result<R>,
    ) -> io::Result<R> {
        let side = self.source.side(direction);
        let seen = side.observe();
        if seen.is_none() && side.is_armed() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = operation(&self.source.socket);
        if let Some(seen) = seen {
            match &result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.source.block(direction, seen),
                _ => self.source.progress(direction).note(seen),
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

    /// Connects the socket. Cancel safe in that a dropped future leaves nothing behind. The socket
    /// may then be half connected and should be dropped.
    pub(crate) async fn connect(&self, address: &SockAddr) -> io::Result<()> {
        let mut is_anew = false;
        loop {
            let submission = Submission::start(&self.driver, |completion| Op::Connect {
                source: self.source.clone(),
                address: Box::new(address.clone()),
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
    /// If an operation is still in flight, the descriptor is duplicated. That is the only call that
    /// can fail.
    pub(crate) fn into_socket(self) -> io::Result<Socket> {
        self.deregister();
        let source = self.source.clone();
        drop(self);
        match Arc::try_unwrap(source) {
            Ok(source) => Ok(source.socket),
            Err(shared) => shared.socket.try_clone(),
        }
    }

    pub(super) fn drive<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut waiter: WaiterRef<'_>,
        mut operation: impl FnMut(&Socket, Seen) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let charge = ready!(coop::poll_proceed(cx));
        let side = self.source.side(direction);
        loop {
            let Some(seen) = side.observe() else {
                ready!(self.poll_wait(direction, cx, &mut waiter))?;
                continue;
            };
            waiter.pass(seen);
            match operation(&self.source.socket, seen) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.source.block(direction, seen);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
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

    fn deregister(&self) {
        let mut wakers = Vec::new();
        for direction in [Direction::Read, Direction::Write] {
            if let Some(ticket) = self.source.side(direction).shut(&mut wakers) {
                self.driver.cancel(ticket);
            }
        }
        let attachment = self.source.attachment.lock().take();
        if let Some(ticket) = attachment {
            self.driver.detach(&self.source, ticket);
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
        f.debug_struct("Registration").field("socket", &self.source.socket).finish_non_exhaustive()
    }
}
