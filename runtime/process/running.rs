//! The right to wait for a child, whose end nobody knows yet.

use std::io;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll};

use super::sys::{self, WatchedChild};

/// Dropping it leaves the child to be reaped when it ends [no-zombie].
#[derive(Debug)]
pub(super) struct RunningChild {
    /// Set until the drop.
    watched: Option<WatchedChild>,
    kill_on_drop: bool,
}

impl RunningChild {
    /// Kills the child when it is dropped, until another setting is made.
    ///
    /// Panics if called outside of a runtime.
    #[track_caller]
    pub(super) fn new(child: process::Child) -> RunningChild {
        RunningChild { watched: Some(WatchedChild::new(child)), kill_on_drop: true }
    }

    pub(super) fn set_kill_on_drop(&mut self, kill_on_drop: bool) {
        self.kill_on_drop = kill_on_drop;
    }

    pub(super) fn id(&self) -> u32 {
        self.watched.as_ref().expect("set until the drop").id()
    }

    pub(super) fn child(&mut self) -> &mut process::Child {
        self.watched().child()
    }

    #[cfg(windows)]
    pub(super) fn watch(&self) -> &WatchedChild {
        self.watched.as_ref().expect("set until the drop")
    }

    /// Once it is killed, the drop need not kill it.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child().kill()?;
        self.kill_on_drop = false;
        Ok(())
    }

    /// Ready when the child is reaped. Otherwise the waker is called when it has ended.
    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.watched().poll_exit(cx)
    }

    fn watched(&mut self) -> &mut WatchedChild {
        self.watched.as_mut().expect("set until the drop")
    }
}

impl Drop for RunningChild {
    /// std keeps how a child ended that was reaped, so it is neither killed nor waited for again.
    fn drop(&mut self) {
        let Some(mut watched) = self.watched.take() else { return };
        if self.kill_on_drop {
            // An error means that it has ended.
            let _ = watched.child().kill();
        }
        sys::adopt(watched);
    }
}
