//! `Listener`: listening, accepting connections, and handling its failures. One implementation for
//! every family.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{SockAddr, Socket};

use super::pause;
use super::stream::byte_stream::ByteStream;
use super::stream::family::Family;
use crate::driver::{Direction, Registration, is_entered};
use crate::primitive::sync::Mutex;
use crate::system::socket;
use crate::time::{Sleep, sleep};

/// How many connections may wait to be accepted. The system may allow fewer (`net.core.somaxconn`).
const BACKLOG_COUNT: i32 = 1024;
/// How long `accept` rests before it reports that descriptors or memory ran out `[accept-rests]`:
/// this long the first time, and twice as long for each further failure in a row.
const EXHAUSTED_REST: Duration = Duration::from_millis(10);
/// How many connections in a row may turn out dead before `accept` reports the error of the last
/// one.
const DEAD_CONNECTIONS_COUNT_MAX: usize = 64;

/// A socket that listens for connections of this family.
pub(super) struct Listener<F: Family> {
    registration: Registration,
    family: PhantomData<fn() -> F>,
    /// The pause of `poll_accept`, if it is resting. `accept` keeps its pause in its own future.
    backoff: Mutex<Option<Backoff>>,
    /// How many times in a row descriptors or memory were missing.
    exhausted_count: Mutex<u32>,
}

/// A pause, and the error to report after it.
struct Backoff {
    sleep: Pin<Box<Sleep>>,
    error: io::Error,
}

impl Backoff {
    fn after(error: io::Error, pause: Duration) -> Backoff {
        Backoff { sleep: Box::pin(sleep(pause)), error }
    }
}

impl<F: Family> Listener<F> {
    /// Listens on a socket that is non-blocking and not bound yet.
    #[track_caller]
    pub(super) fn bind(socket: Socket, addr: &SockAddr) -> io::Result<Listener<F>> {
        // First, because without a runtime it panics, and a Unix socket that is bound has a file.
        let registration = Registration::new_nonblocking(socket);
        registration.socket().bind(addr)?;
        registration.socket().listen(BACKLOG_COUNT)?;
        Ok(Listener::over(registration))
    }

    /// Wraps a socket that listens.
    pub(super) fn over(registration: Registration) -> Listener<F> {
        Listener {
            registration,
            family: PhantomData,
            backoff: Mutex::new(None),
            exhausted_count: Mutex::new(0),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        self.registration.socket()
    }

    pub(super) fn into_socket(self) -> io::Result<Socket> {
        self.registration.into_socket()
    }

    pub(super) fn local_addr(&self) -> io::Result<F::Addr> {
        F::addr(&self.socket().local_addr()?)
    }

    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    pub(super) async fn accept(&self) -> io::Result<(ByteStream<F>, F::Addr)> {
        let accepted = self.registration.async_io(Direction::Read, accept_once).await;
        if let Some(pause) = self.pause_after(&accepted) {
            sleep(pause).await;
        }
        self.admit(accepted?)
    }

    /// How long to wait before this result is reported. Outside of a runtime nothing can wait.
    fn pause_after<T>(&self, accepted: &io::Result<T>) -> Option<Duration> {
        let mut exhausted_count = self.exhausted_count.lock();
        if !accepted.as_ref().is_err_and(socket::is_exhaustion) {
            *exhausted_count = 0;
            return None;
        }
        let pause = pause::after_failures(*exhausted_count, EXHAUSTED_REST);
        *exhausted_count = exhausted_count.saturating_add(1);
        is_entered().then_some(pause)
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(ByteStream<F>, F::Addr)>> {
        // Taken out of the lock, so that no waker runs under it.
        let waiting = self.backoff.lock().take();
        let mut backoff = match waiting {
            Some(backoff) => backoff,
            None => {
                let accepted = ready!(self.registration.poll_io(Direction::Read, cx, accept_once));
                match (self.pause_after(&accepted), accepted) {
                    (Some(pause), Err(error)) => Backoff::after(error, pause),
                    (_, accepted) => return Poll::Ready(accepted.and_then(|taken| self.admit(taken))),
                }
            }
        };
        match backoff.sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(backoff.error)),
            Poll::Pending => {
                *self.backoff.lock() = Some(backoff);
                Poll::Pending
            }
        }
    }

    /// Wraps a connection that `accept` has made non-blocking. It needs no runtime, so a connection
    /// that was taken is never lost.
    fn admit(&self, (socket, peer): (Socket, SockAddr)) -> io::Result<(ByteStream<F>, F::Addr)> {
        let peer = F::addr(&peer)?;
        Ok((ByteStream::over(self.registration.beside(socket)), peer))
    }
}

impl<F: Family> fmt::Debug for Listener<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(F::LISTENER_NAME).field("socket", self.socket()).finish()
    }
}

/// Takes one connection from the queue and skips those that died in it.
///
/// The loop ends: each round takes a connection off the queue, and after too many dead ones it
/// returns an error. So one poll cannot occupy a worker for long.
fn accept_once(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    let mut dead = 1;
    loop {
        match socket::accept(listener) {
            Err(error) if dead < DEAD_CONNECTIONS_COUNT_MAX && socket::is_error_of_one_connection(&error) => {
                dead += 1;
            }
            result => return result,
        }
    }
}
