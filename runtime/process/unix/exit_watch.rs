//! A child with the way in which its end is learnt: a descriptor of the process where there are
//! such, SIGCHLD elsewhere.

use std::io;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll, ready};

use socket2::Socket;

use super::child_signals::ExitWaiter;
use super::orphan::Dying;
use crate::driver::{Direction, Registration};
use crate::system::pidfd;
use crate::task::{WaitReason, coop};

/// A child that nobody has waited for yet.
#[derive(Debug)]
pub(in crate::process) struct WatchedChild {
    child: process::Child,
    watch: ExitWatch,
}

#[derive(Debug)]
enum ExitWatch {
    /// It is readable when the process has ended. The waker of the last poll lives in it.
    Descriptor(Registration),
    /// A place among those whom SIGCHLD wakes. The waker of the last poll lives there.
    Signal(ExitWaiter),
}

impl WatchedChild {
    /// Panics if called outside of a runtime.
    pub(in crate::process) fn new(child: process::Child) -> WatchedChild {
        let watch = match pidfd::open(child.id()) {
            Some(descriptor) => {
                ExitWatch::Descriptor(Registration::new_nonblocking(Socket::from(descriptor)))
            }
            None => ExitWatch::Signal(ExitWaiter::new()),
        };
        WatchedChild { child, watch }
    }

    pub(in crate::process) fn child(&mut self) -> &mut process::Child {
        &mut self.child
    }

    pub(in crate::process) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reaps the child when it has ended. The last waker is woken then, also if nobody polls again
    /// [waker-stays].
    pub(in crate::process) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let WatchedChild { child, watch } = self;
        let result = match watch {
            ExitWatch::Descriptor(descriptor) => ready!(descriptor.poll_io(Direction::Read, cx, |_| {
                child.try_wait()?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
            })),
            ExitWatch::Signal(waiter) => {
                let charge = ready!(coop::poll_proceed_for(cx, || WaitReason::of_process(child.id())));
                let result = ready!(waiter.poll(cx, || child.try_wait().transpose()));
                charge.made_progress();
                result
            }
        };
        Poll::Ready(result.or_else(|error| child.try_wait().ok().flatten().ok_or(error)))
    }
}

impl Dying for WatchedChild {
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        coop::without_budget(|| self.poll_exit(cx)).map(drop)
    }
}

impl From<WatchedChild> for process::Child {
    fn from(watched: WatchedChild) -> process::Child {
        watched.child
    }
}
