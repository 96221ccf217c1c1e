//! What is left of an operation when the kernel is done with it, and where that is dropped.
//!
//! The drop of the last share closes a descriptor or runs a destructor of the user's, and either may take as long as it likes:
//! a close waits for the peer (`SO_LINGER`), for a terminal to drain or for a file server. So nothing of it happens where a lock
//! is held, nor where the scheduler takes the worker for asleep, nor before the wakers that came with it are called
//! [slow-close-is-alone].

use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use socket2::Socket;

use crate::blocking::{Limits, Pool};
use crate::task::{drop_all, quietly};

use super::op::Op;
use super::source::Source;

/// Something that perhaps nobody else has a share of.
#[derive(Debug)]
pub(crate) struct Orphan(Kind);

#[derive(Debug)]
enum Kind {
    /// The last share of it.
    Socket(Box<Source>),
    /// Perhaps the last share of a file or a buffer.
    Op(Op),
}

/// What a harvest brings in.
pub(crate) struct Crop<'a> {
    pub(super) wakers: &'a mut Vec<Waker>,
    /// None: orphans are dropped at the end of the harvest.
    pub(super) orphans: Option<&'a mut Vec<Orphan>>,
}

impl Orphan {
    /// What must not be dropped here and now, if the operation has something like that.
    pub(super) fn of(op: Op) -> Option<Orphan> {
        match op {
            // Neither a look at the count nor at the side would do: the registration may go at any moment.
            Op::Ready { source, .. } | Op::Connect { source, .. } => Orphan::of_socket(source),
            Op::File(_) | Op::Send { .. } | Op::Lent { .. } => Some(Orphan(Kind::Op(op))),
        }
    }

    /// Gives a share of the socket up. Some: it was the last.
    pub(super) fn of_socket(source: Arc<Source>) -> Option<Orphan> {
        Arc::into_inner(source).map(|source| Orphan(Kind::Socket(Box::new(source))))
    }

    /// Whether somebody awaits it: its file must be closed when that one drops it, not a moment later by us.
    fn is_awaited(&self) -> bool {
        matches!(&self.0, Kind::Op(Op::File(flight)) if Arc::strong_count(flight) > 1)
    }

    fn clear_away(self) {
        match self.0 {
            Kind::Socket(source) => close(source.into_socket()),
            Kind::Op(op) => drop(op),
        }
    }
}

/// Drops what harvests have left. Other workers must take the caller for awake, and what it has to run must be where they find
/// it: this may take long. A panic of a user's destructor does not get out.
pub(crate) fn clear_away(orphans: impl IntoIterator<Item = Orphan>) {
    orphans.into_iter().for_each(|orphan| quietly(|| orphan.clear_away()));
}

impl<'a> Crop<'a> {
    pub(crate) fn new(wakers: &'a mut Vec<Waker>, orphans: &'a mut Vec<Orphan>) -> Crop<'a> {
        Crop { wakers, orphans: Some(orphans) }
    }

    /// No lock is held any more, and no waker was called. Shares of what somebody awaits are given up here, or a file that is
    /// read to its end and dropped would stay open until this worker has come round.
    #[inline]
    pub(super) fn leave(&mut self, orphans: Vec<Orphan>) {
        if !orphans.is_empty() {
            self.sort(orphans);
        }
    }

    fn sort(&mut self, orphans: Vec<Orphan>) {
        let (awaited, mut orphans): (Vec<_>, Vec<_>) = orphans.into_iter().partition(Orphan::is_awaited);
        clear_away(awaited);
        match &mut self.orphans {
            Some(kept) => kept.append(&mut orphans),
            None => clear_away(orphans),
        }
    }
}

/// For callers that nobody waits for.
impl<'a> From<&'a mut Vec<Waker>> for Crop<'a> {
    fn from(wakers: &'a mut Vec<Waker>) -> Crop<'a> {
        Crop { wakers, orphans: None }
    }
}

/// Closes a socket; not here, if its close waits for the peer. That may have been set by whoever knows the descriptor, so the
/// system is asked.
fn close(socket: Socket) {
    let lingers = matches!(socket.linger(), Ok(Some(limit)) if !limit.is_zero());
    if lingers {
        drop_aside(socket);
    }
}

/// Drops a value on a thread that has nothing else to do.
pub(super) fn drop_aside(value: impl Send + 'static) {
    /// A pool of its own: closes that never end do not take the runtime's threads.
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
