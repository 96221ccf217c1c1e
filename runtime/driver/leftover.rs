//! The remains of operations that the kernel has finished, and the places where they are dropped.
//!
//! Dropping the last reference may close a descriptor or run a user's destructor, and either may
//! take arbitrarily long: a close may wait for the peer (`SO_LINGER`), for a terminal to drain or
//! for a file server. So nothing is dropped while a lock is held, while the scheduler takes the
//! worker for asleep, or before the wakers of the same harvest were called [slow-close-is-alone].

use std::sync::Arc;
use std::task::Waker;

use socket2::Socket;

use crate::task::quietly;

use super::closers::drop_on_closer;
use super::closing::ClosingMark;
use super::source::Source;
#[cfg(target_os = "linux")]
use super::{file::AnyFlight, op::Op, send::AnyLoan};

/// A value that may be the last reference to a resource.
#[derive(Debug)]
pub(crate) struct Leftover(LeftoverKind);

#[derive(Debug)]
enum LeftoverKind {
    /// The last reference to a socket.
    Socket(Box<Source>),
    /// What else a ring has held.
    #[cfg(target_os = "linux")]
    Held(HeldByRing),
}

/// The remains of an operation that a ring has performed.
#[cfg(target_os = "linux")]
#[derive(Debug)]
#[expect(dead_code, reason = "it is only dropped")]
enum HeldByRing {
    /// Perhaps the last reference to a file or a buffer.
    Flight(Arc<dyn AnyFlight>),
    /// A send, which has perhaps the last reference to its buffer.
    Send(Op),
    /// Perhaps the last reference to a buffer that was lent.
    Loan(Arc<dyn AnyLoan>),
}

/// The results of a harvest.
pub(crate) struct Harvest<'a> {
    pub(super) wakers: &'a mut Vec<Waker>,
    /// None: each `Leftover` is dropped at the end of the harvest.
    pub(super) leftovers: Option<&'a mut Vec<Leftover>>,
}

#[cfg(target_os = "linux")]
impl Leftover {
    /// The part of the operation that must not be dropped here, if there is any.
    pub(super) fn of(op: Op) -> Option<Leftover> {
        match op {
            // Checking the reference count or the side would not be enough, because the
            // registration may be dropped at any moment.
            Op::Ready { source, .. } | Op::Connect { source, .. } => Leftover::of_socket(source),
            Op::File(flight) => Some(Leftover::held(HeldByRing::Flight(flight))),
            Op::Send { .. } => Some(Leftover::held(HeldByRing::Send(op))),
        }
    }

    pub(super) fn of_loan(loan: Arc<dyn AnyLoan>) -> Leftover {
        Leftover::held(HeldByRing::Loan(loan))
    }

    fn held(held: HeldByRing) -> Leftover {
        Leftover(LeftoverKind::Held(held))
    }

    /// Whether it is a socket that others find by its name until it is closed.
    pub(super) fn is_closing(&self) -> bool {
        match &self.0 {
            LeftoverKind::Socket(source) => source.is_closing(),
            LeftoverKind::Held(_) => false,
        }
    }
}

impl Leftover {
    /// Drops a reference to the socket. Returns the socket if that was the last reference.
    pub(super) fn of_socket(source: Arc<Source>) -> Option<Leftover> {
        Arc::into_inner(source).map(|source| Leftover(LeftoverKind::Socket(Box::new(source))))
    }

    fn clear_away(self) {
        match self.0 {
            LeftoverKind::Socket(source) => {
                let (socket, closing) = source.into_parts();
                close(socket, closing);
            }
            #[cfg(target_os = "linux")]
            LeftoverKind::Held(held) => drop(held),
        }
    }
}

/// Drops what harvests have left. This may take long, so other workers must know that the caller is
/// awake, and its tasks must be where they can find them. A panic of a user's destructor is caught.
pub(crate) fn clear_away(leftovers: impl IntoIterator<Item = Leftover>) {
    leftovers.into_iter().for_each(|leftover| quietly(|| leftover.clear_away()));
}

impl<'a> Harvest<'a> {
    pub(crate) fn new(wakers: &'a mut Vec<Waker>, leftovers: &'a mut Vec<Leftover>) -> Harvest<'a> {
        Harvest { wakers, leftovers: Some(leftovers) }
    }

    /// Called when no lock is held any more.
    #[inline]
    pub(super) fn leave(&mut self, mut leftovers: Vec<Leftover>) {
        match &mut self.leftovers {
            Some(kept) => kept.append(&mut leftovers),
            None => clear_away(leftovers),
        }
    }
}

/// For callers on which no other thread waits.
impl<'a> From<&'a mut Vec<Waker>> for Harvest<'a> {
    fn from(wakers: &'a mut Vec<Waker>) -> Harvest<'a> {
        Harvest { wakers, leftovers: None }
    }
}

/// Closes a socket. If the close would wait for the peer, another thread does it. Any holder of the
/// descriptor may have set that option, so the system is asked.
fn close(socket: Socket, closing: ClosingMark) {
    let lingers = matches!(socket.linger(), Ok(Some(limit)) if !limit.is_zero());
    if lingers {
        drop_on_closer((socket, closing));
    } else {
        drop(socket);
        drop(closing);
    }
}
