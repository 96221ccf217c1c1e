//! What copies in both directions have in common: when they are over, and the limit of an idle
//! time.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::time::{Instant, Sleep, sleep_until};

#[derive(Debug)]
pub(super) struct BothWays {
    is_there_over: bool,
    is_back_over: bool,
    idle_limit: Option<IdleLimit>,
}

#[derive(Debug)]
struct IdleLimit {
    limit: Duration,
    last_moved: u64,
    last_at: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl BothWays {
    pub(super) fn new() -> BothWays {
        BothWays { is_there_over: false, is_back_over: false, idle_limit: None }
    }

    pub(super) fn limit_idle_time(&mut self, limit: Duration) {
        let last_at = Instant::now();
        // A limit beyond what the clock can show is none.
        self.idle_limit = last_at.checked_add(limit).map(|due| {
            let sleep = Box::pin(sleep_until(due));
            IdleLimit { limit, last_moved: 0, last_at, sleep }
        });
    }

    /// Polls the first way, until it is over.
    pub(super) fn there(&mut self, poll: impl FnOnce() -> Poll<io::Result<()>>) -> io::Result<()> {
        self.is_there_over = self.is_there_over || is_over(poll())?;
        Ok(())
    }

    /// Polls the second way, until it is over.
    pub(super) fn back(&mut self, poll: impl FnOnce() -> Poll<io::Result<()>>) -> io::Result<()> {
        self.is_back_over = self.is_back_over || is_over(poll())?;
        Ok(())
    }

    /// Ready when both ways are over, or with an error when nothing has moved for as long as the
    /// limit. `moved` is another number whenever something was read or written.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>, moved: u64) -> Poll<io::Result<()>> {
        if self.is_there_over && self.is_back_over {
            return Poll::Ready(Ok(()));
        }
        self.poll_idle(cx, moved).map(Err)
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>, moved: u64) -> Poll<io::Error> {
        let Some(idle) = &mut self.idle_limit else { return Poll::Pending };
        if idle.last_moved != moved {
            idle.last_moved = moved;
            idle.last_at = Instant::now();
        }
        loop {
            ready!(idle.sleep.as_mut().poll(cx));
            let Some(due) = idle.last_at.checked_add(idle.limit) else { return Poll::Pending };
            // The timer is moved when it fires, not whenever something has moved.
            if due <= Instant::now() {
                let text = format!("nothing was copied for {:?}", idle.limit);
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            idle.sleep.as_mut().reset(due);
        }
    }
}

fn is_over(polled: Poll<io::Result<()>>) -> io::Result<bool> {
    match polled {
        Poll::Ready(result) => result.map(|()| true),
        Poll::Pending => Ok(false),
    }
}
