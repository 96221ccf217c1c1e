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
use super::readiness::{Arm, Cleared, Progress, Seen, Verdict};
use super::ready::{AsyncIo, Ready};
use super::side::{Listing, Place, Side};
use super::socket::{connect_outcome, has_begun, is_in_progress};
use super::submission::Submission;
use super::{Contents, Direction, Driver, context, is_undone};

/// The socket and its two sides. Shared by the registration and by every operation in flight on it, so that the
/// descriptor closes only when the kernel is done with the last of them [fd-outlives-ops].
///
/// In this order: what an echo touches is a stretch from the share count to the first word of `write`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Source {
    socket: Socket,
    /// For `send/`: the kernel has refused to send without copying, or has copied.
    pub(super) is_copied: AtomicBool,
    /// Beside `is_copied`, for there is room.
    read_progress: Progress,
    write_progress: Progress,
    read: Side,
    write: Side,
    /// Which poller knows this socket, for the back end that registers sockets.
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

    /// Gives the socket out; nobody else has a share of this.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    fn progress(&self, direction: Direction) -> &Progress {
        match direction {
            Direction::Read => &self.read_progress,
            Direction::Write => &self.write_progress,
        }
    }

    /// A call at this version would have blocked.
    fn block(&self, direction: Direction, seen: Seen) {
        let verdict = self.progress(direction).verdict(seen);
        // Newer: an event came meanwhile, and the next look finds the side ready.
        let (Cleared::Done | Cleared::Newer) = self.side(direction).clear(seen, verdict);
    }

    pub(super) fn attachment(&self) -> &Mutex<Option<Ticket>> {
        &self.attachment
    }
}

/// What a call has done to bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) count: usize,
    /// How many there could have been.
    pub(crate) asked: usize,
}

impl Moved {
    /// Tells the side that the next call would block, if this one says so. The end of the stream is no such news: it stays
    /// readable.
    fn note(self, side: &Side, seen: Seen) -> usize {
        if 0 < self.count && self.count < self.asked {
            side.clear_short(seen);
        }
        self.count
    }
}

/// The right to use a socket with the driver. Dropping it withdraws what is on order.
///
/// On io_uring a descriptor with an operation in flight closes when the kernel has confirmed the cancel: after the
/// owning worker's next harvest. A peer sees the end of the stream that much later, not at the drop itself.
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

    /// The same for a socket that is known to be non-blocking.
    #[track_caller]
    pub(crate) fn new_nonblocking(socket: Socket) -> Registration {
        let source = Source {
            socket,
            is_copied: AtomicBool::new(false),
            read_progress: Progress::new(),
            write_progress: Progress::new(),
            read: Side::new(),
            write: Side::new(),
            attachment: Mutex::new(None),
        };
        Registration { source: Arc::new(source), driver: context::current() }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.source.socket
    }

    /// A call that moves fewer bytes than it was asked for has moved all there was, and the kernel will report what comes
    /// later: the next call need not be tried before [short-is-all].
    ///
    /// `is_drained`: that is so of any such call. Otherwise it is trusted only where an order reports a state and not a
    /// change [level-at-arm].
    pub(crate) fn trust_short(&self, is_drained: bool) {
        if self.driver.is_level_at_arm() || (is_drained && self.driver.backend.tells_end()) {
            self.source.read.trust();
            self.source.write.trust();
        }
    }

    /// Tries `operation` when the socket may be ready; registers the task and is pending when it would block.
    ///
    /// One waiter per direction: the last one polled is woken.
    pub(crate) fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&Socket) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.drive(direction, cx, Place::Primary, |socket, _| operation(socket))
    }

    /// [`poll_io`](Registration::poll_io) of bytes; returns how many.
    #[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
    pub(crate) fn poll_transfer(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&Socket) -> io::Result<Moved>,
    ) -> Poll<io::Result<usize>> {
        let side = self.source.side(direction);
        self.drive(direction, cx, Place::Primary, |socket, seen| Ok(operation(socket)?.note(side, seen)))
    }

    /// The same for any number of concurrent waiters.
    ///
    /// Cancel safe: a dropped future leaves no waiter behind, and `operation` has no effect unless its result was
    /// returned.
    pub(crate) fn async_io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&Socket) -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        AsyncIo { ready: self.ready(direction), operation: move |socket: &Socket, _| operation(socket) }
    }

    /// [`async_io`](Registration::async_io) of bytes; returns how many.
    pub(crate) fn transfer(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&Socket) -> io::Result<Moved>,
    ) -> impl Future<Output = io::Result<usize>> {
        let side = self.source.side(direction);
        let operation = move |socket: &Socket, seen| Ok(operation(socket)?.note(side, seen));
        AsyncIo { ready: self.ready(direction), operation }
    }

    /// Waits until the socket may be ready. It may turn out not to be.
    pub(crate) fn ready(&self, direction: Direction) -> Ready<'_> {
        Ready { registration: self, direction, listing: Listing::None }
    }

    /// [`ready`](Registration::ready) as a poll function; one waiter per direction.
    pub(crate) fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let charge = ready!(coop::poll_proceed(cx));
        if self.source.side(direction).observe().is_none() {
            ready!(self.poll_wait(direction, cx, &mut Place::Primary))?;
        }
        charge.made_progress();
        Poll::Ready(Ok(()))
    }

    /// One try without waiting; `WouldBlock` is an error here, and is remembered.
    ///
    /// A socket that was not ready is left alone only while an event is on order. Without an order nobody would ever
    /// say that it has become ready, and a caller who makes no other calls than this one would never see its bytes.
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

    /// After a send of the ring's that took fewer bytes than it was given. Only where an order reports a state and not a
    /// change [level-at-arm].
    pub(super) fn clear_after_send(&self, verdict: Verdict) {
        if self.driver.is_level_at_arm() {
            self.source.side(Direction::Write).clear_level(verdict);
        }
    }

    /// Connects the socket. Cancel safe in that a dropped future leaves nothing behind; the socket may then be half
    /// connected and should be dropped.
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
                // It may have begun to connect [undone-begins-anew].
                Err(error) if is_undone(&error) => is_anew = true,
                Err(error) if is_in_progress(&error) || (is_anew && has_begun(&error)) => break,
                Err(error) => return Err(error),
            }
        }
        self.async_io(Direction::Write, connect_outcome).await
    }

    /// A buffer of the runtime's to receive into.
    pub(crate) fn take_buffer(&self, contents: Contents) -> io::Result<PooledBuf> {
        self.driver.take_buffer(contents)
    }

    /// Ends the registration and gives the socket back; it stays non-blocking.
    ///
    /// With an operation still in flight the descriptor is duplicated, which is the only error there is.
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
        mut place: Place<'_>,
        mut operation: impl FnMut(&Socket, Seen) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let charge = ready!(coop::poll_proceed(cx));
        let side = self.source.side(direction);
        loop {
            let Some(seen) = side.observe() else {
                ready!(self.poll_wait(direction, cx, &mut place))?;
                continue;
            };
            place.pass(seen);
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

    /// Ready: worth another look. An error: the runtime is gone, or the poller refuses the socket.
    pub(super) fn poll_wait(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        place: &mut Place<'_>,
    ) -> Poll<io::Result<()>> {
        let side = self.source.side(direction);
        match side.wait(place, cx.waker().clone()) {
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
