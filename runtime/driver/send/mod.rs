//! Sends without a copy: the kernel reads the buffer itself until the peer has confirmed the bytes.
//!
//! ```text
//!   claim the side --> Send in flight --> answered with a count --> ... the next part ...
//!                                             |
//!                                             +--> lent --> notification, the terminal completion
//! ```
//!
//! 1. The writing side is claimed: it is not ready, and its order is the send. So a write by a
//!    plain call never overtakes a send that was given up and is still on its way to the kernel
//!    [sends-in-turn].
//! 2. The answer makes the side ready again and reports how many bytes were taken. Because sockets
//!    do not block, it comes with the entry into the kernel. The next part may begin, and the
//!    operation releases its reference to the descriptor. A stream that is dropped now closes, and
//!    the kernel sends the bytes that it has taken first.
//! 3. The notification ends the loan. The buffer comes back with the last one
//!    [owned-until-terminal]. An answer that announces no notification ends the loan itself: some
//!    errors are such answers, but not all.
//!
//! The kernel copies the bytes nevertheless for a connection within the machine, or through a
//! device that cannot gather, at a higher cost than a plain call. The notification reports this.
//! From then on the socket is sent to by plain calls.
//!
//! The next part does not wait for the notification of the part before. It would cost one network
//! round trip per part, and the parts are as small as the room in the socket.
//!
//! If the side has a standing order because its events were of no use (`readiness.rs`), no send can
//! have the side to itself. Such a connection is sent to by plain calls as well.
//!
//! A future that is dropped leaves the buffer to the operations that have it.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::file::{OpKind, Region};
use super::op::Op;
use super::readiness::{Claimed, Verdict};
use super::submission::Submission;
use super::{Direction, Registration};
use crate::buf::IoBuf;
use crate::primitive::atomic::Ordering;

mod loan;
#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod tests;

pub(super) use loan::{AnyLoan, Loan};

/// How much of a buffer to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// As much as there is room for.
    Part,
    All,
}

/// Why a send has ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The kernel took as many bytes as were asked for.
    Taken,
    /// The kernel does not send from such a socket, or this much memory, without a copy: use a
    /// plain call.
    Refused,
    Failed(io::Error),
}

/// The end of a send.
#[derive(Debug)]
pub(crate) struct Sent<B> {
    /// None: the runtime has ended, and the kernel still reads the buffer.
    pub(crate) buf: Option<B>,
    pub(crate) sent_bytes: usize,
    pub(crate) end: End,
}

impl Registration {
    /// Whether [`send_zero_copy`](Registration::send_zero_copy) may be called, and is worth it.
    pub(crate) fn offers_zero_copy(&self) -> bool {
        // Ordering: Relaxed: a hint; an unneeded try only costs a detour.
        self.driver.supports(OpKind::SendZeroCopy) && !self.source.is_copied.load(Ordering::Relaxed)
    }

    /// Sends the initialised bytes of `buf` without a copy. Waits until there is room, and then
    /// until the kernel gives the buffer back.
    ///
    /// If it is dropped, a part may have been sent, and the buffer is freed when the kernel has
    /// finished with it.
    pub(crate) async fn send_zero_copy<B: IoBuf>(&self, buf: B, extent: Extent) -> Sent<B> {
        let len = buf.bytes_init();
        let loan = Arc::new(Loan::new(buf));
        let mut sent_bytes = 0;
        // For a send that would block: whether one has succeeded since the last that would.
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
                Claimed::Taken => break,
                Claimed::Wait => {}
                // Treated like a socket from which the kernel does not send without a copy.
                Claimed::Refused => return Err(io::ErrorKind::Unsupported.into()),
            }
        }
        let bytes = loan.lend(|buf| Region::bytes_from(buf, begin));
        let submission = Submission::start(&self.driver, "send", |completion| Op::Send {
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

/// This much memory may not be pinned (`ulimit -l`). The next send may be shorter.
#[cfg(unix)]
fn lacks_pages(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ENOMEM))
}

/// The socket is of another kind, or has TLS in the kernel. Or the kernel, before Linux 6.2, cannot
/// report whether it copied.
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
