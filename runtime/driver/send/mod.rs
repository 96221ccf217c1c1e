//! Sends that do not copy: the kernel reads the buffer itself until the peer has confirmed what it holds.
//!
//! ```text
//!   claim the side --> Send in flight --> answered: so many bytes --> ... the next part ...
//!                                             |
//!                                             +--> on loan --> notification, the terminal completion
//! ```
//!
//! 1. The side that writes is claimed: it is not ready, and its order is the send. So a write by a plain call never
//!    overtakes one that was given up and is still on its way to the kernel [sends-in-turn].
//! 2. The answer makes the side ready again and tells how much was taken. Sockets do not block, so it comes with the entry
//!    into the kernel. The next part may begin, and the operation's share of the descriptor is given up: a stream that is
//!    dropped now closes, and what the kernel has taken is sent first.
//! 3. The notification ends the loan. The buffer comes back with the last one [owned-until-terminal]. An answer without the
//!    promise of a notification ends the loan itself: so errors do, but not all of them.
//!
//! A connection within the machine, or through a device that cannot gather, is copied in spite of all, at more cost than a plain
//! call. The notification tells; the socket is sent to by plain calls from then on.
//!
//! Waiting for the notification before the next part is sent would be a round trip of the network for each, and the parts are as
//! small as the room in the socket.
//!
//! Where an order stands, since the events of its side were of no use (`readiness.rs`), no send can have the side to itself: such
//! a connection is sent to by plain calls as well.
//!
//! A future that is dropped leaves the buffer to the operations that have it.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::file::{Code, Region};
use super::op::Op;
use super::readiness::{Claim, Verdict};
use super::submission::Submission;
use super::{Direction, Registration};
use crate::buf::IoBuf;
use crate::primitive::atomic::Ordering;

mod loan;
#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod tests;

pub(super) use loan::{AnyLoan, Loan};

/// How much of a buffer is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What there is room for.
    Part,
    All,
}

/// Why a send has ended.
#[derive(Debug)]
pub(crate) enum End {
    /// As much as was asked for was taken.
    Taken,
    /// The kernel does not send from such a socket, or so much memory, without copying: a plain call will do.
    Refused,
    Failed(io::Error),
}

/// The end of a send.
#[derive(Debug)]
pub(crate) struct Sent<B> {
    /// None: the runtime has ended and the kernel has not; it still reads it.
    pub(crate) buf: Option<B>,
    pub(crate) sent_bytes: usize,
    pub(crate) end: End,
}

impl Registration {
    /// Whether [`send_zero_copy`](Registration::send_zero_copy) may be called, and is worth it.
    pub(crate) fn offers_zero_copy(&self) -> bool {
        // Ordering: Relaxed: a hint; a try too many costs its detour.
        self.driver.offers(Code::SendZeroCopy) && !self.source.is_copied.load(Ordering::Relaxed)
    }

    /// Sends initialised bytes of `buf` without copying them; waits until there is room, and then until the kernel gives the
    /// buffer back.
    ///
    /// Dropped, it may have sent a part, and the buffer is freed when the kernel is done with it.
    pub(crate) async fn send_zero_copy<B: IoBuf>(&self, buf: B, extent: Extent) -> Sent<B> {
        let len = buf.bytes_init();
        let loan = Arc::new(Loan::new(buf));
        let mut sent_bytes = 0;
        // Of a send that would block: whether one has done something since the last that would.
        let mut verdict = Verdict::Useful;
        let end = loop {
            if sent_bytes == len {
                break End::Taken;
            }
            match self.send_part(&loan, sent_bytes).await {
                Ok(0) => break End::Failed(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    sent_bytes += count;
                    verdict = Verdict::Useful;
                    if sent_bytes < len {
                        self.clear_after_send(verdict);
                    }
                    if extent == Extent::Part {
                        break End::Taken;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear_after_send(mem::replace(&mut verdict, Verdict::Futile));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if lacks_pages(&error) => break End::Refused,
                Err(error) if error.kind() == io::ErrorKind::Unsupported || is_refusal(&error) => {
                    self.copy_from_now_on();
                    break End::Refused;
                }
                Err(error) => break End::Failed(error),
            }
        };
        let buf = loan.returned().await;
        if loan.is_copied() {
            self.copy_from_now_on();
        }
        Sent { buf, sent_bytes, end }
    }

    fn copy_from_now_on(&self) {
        // Ordering: Relaxed: a hint.
        self.source.is_copied.store(true, Ordering::Relaxed);
    }

    /// One operation, up to its answer.
    async fn send_part<B: IoBuf>(&self, loan: &Arc<Loan<B>>, begin: usize) -> io::Result<usize> {
        let side = self.source.side(Direction::Write);
        loop {
            self.ready(Direction::Write).await?;
            match side.claim() {
                Claim::Taken => break,
                Claim::Wait => {}
                // As from a socket that the kernel does not send from without copying.
                Claim::Refused => return Err(io::ErrorKind::Unsupported.into()),
            }
        }
        let bytes = loan.lend(|buf| Region::bytes_from(buf, begin));
        let submission = Submission::start(&self.driver, |completion| Op::Send {
            source: self.source.clone(),
            bytes,
            completion,
            loan: loan.clone(),
        });
        match submission {
            Ok(submission) => {
                let count = submission.await?;
                Ok(usize::try_from(count).expect("an error is negative"))
            }
            Err(error) => {
                let mut wakers = Vec::new();
                side.event(true, &mut wakers);
                loan.end(false, &mut wakers);
                wakers.into_iter().for_each(Waker::wake);
                Err(error)
            }
        }
    }
}

/// So much memory may not be pinned (`ulimit -l`): the next send may be shorter.
#[cfg(unix)]
fn lacks_pages(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ENOMEM))
}

/// A socket of another kind, or under TLS of the kernel's; a kernel that cannot say whether it copied, before Linux 6.2.
#[cfg(unix)]
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EINVAL))
}

#[cfg(not(unix))]
fn lacks_pages(_error: &io::Error) -> bool {
    false
}

#[cfg(not(unix))]
fn is_refusal(_error: &io::Error) -> bool {
    false
}
