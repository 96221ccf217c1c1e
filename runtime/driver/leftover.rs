//! The remains of operations that the kernel has finished, and the places where they are dropped.
//!
//! Dropping the last reference may close a descriptor or run a user's destructor, and either may
//! take arbitrarily long: a close may wait for the peer (`SO_LINGER`), for a terminal to drain or
//! for a file server. So nothing is dropped while a lock is held, while the scheduler takes the
//! worker for asleep, or before the wakers of the same harvest were called [slow-close-is-alone].

use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use socket2::Socket;

use crate::blocking::{Limits, Pool};
use crate::task::{drop_all, quietly};

use super::op::Op;
use super::source::Source;

/// A value that may be the last reference to a resource.
#[derive(Debug)]
pub(crate) struct Leftover(LeftoverKind);

#[derive(Debug)]
enum LeftoverKind {
    /// The last reference to a socket.
    Socket(Box<Source>),
    /// Perhaps the last reference to a file or a buffer.
    Op(Op),
}

/// The results of a harvest.
pub(crate) struct Harvest<'a> {
    pub(super) wakers: &'a mut Vec<Waker>,
    /// None: each `Leftover` is dropped at the end of the harvest.
    pub(super) leftovers: Option<&'a mut Vec<Leftover>>,
}

impl Leftover {
    /// The part of the operation that must not be dropped here, if there is any.
    pub(super) fn of(op: Op) -> Option<Leftover> {
        match op {
            // Checking the reference count or the side would not be enough, because the
            // registration may be dropped at any moment.
            Op::Ready { source, .. } | Op::Connect { source, .. } => Leftover::of_socket(source),
            Op::File(_) | Op::Send { .. } | Op::Lent { .. } => Some(Leftover(LeftoverKind::Op(op))),
        }
    }

    /// Drops a reference to the socket. Returns the socket if that was the last reference.
    pub(super) fn of_socket(source: Arc<Source>) -> Option<Leftover> {
        Arc::into_inner(source).map(|source| Leftover(LeftoverKind::Socket(Box::new(source))))
    }

    /// Whether a future awaits it. Its file must then be closed when that future drops it, not a
    /// moment later by this worker.
    fn is_awaited(&self) -> bool {
        matches!(&self.0, LeftoverKind::Op(Op::File(flight)) if Arc::strong_count(flight) > 1)
    }

    fn clear_away(self) {
        match self.0 {
            LeftoverKind::Socket(source) => close(source.into_socket()),
            LeftoverKind::Op(op) => drop(op),
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

    /// Called when no lock is held any more and before any waker is called. References to awaited
    /// operations are dropped here. Otherwise a file that is read to its end and dropped would stay
    /// open until this worker's next turn.
    #[inline]
    pub(super) fn leave(&mut self, leftovers: Vec<Leftover>) {
        if !leftovers.is_empty() {
            self.sort(leftovers);
        }
    }

    fn sort(&mut self, leftovers: Vec<Leftover>) {
        let (awaited, mut leftovers): (Vec<_>, Vec<_>) =
            leftovers.into_iter().partition(Leftover::is_awaited);
        clear_away(awaited);
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
fn close(socket: Socket) {
    let lingers = matches!(socket.linger(), Ok(Some(limit)) if !limit.is_zero());
    if lingers {
        drop_on_closer(socket);
    }
}

/// Drops a value on a thread that does nothing else.
pub(super) fn drop_on_closer(value: impl Send + 'static) {
    /// A separate pool, so that closes that never end do not take the runtime's threads.
    static CLOSERS: OnceLock<Pool> = OnceLock::new();

    let closers = CLOSERS.get_or_init(|| {
        Pool::new(Limits {
            threads_count_max: 64,
            keep_alive: Duration::from_secs(1),
            thread_name: "heist-close".to_owned(),
            stack_size: Some(64 * 1024),
        })
    });
    closers.run(Box::new(move || drop_all([value])));
}
