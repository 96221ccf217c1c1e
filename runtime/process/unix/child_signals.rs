//! SIGCHLD, for systems that have no descriptors of processes. One listener for the process serves
//! every child: a signal wakes all who wait, and each looks whether its own child has ended.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use crate::blocking;
use crate::primitive::sync::Mutex;
use crate::signal::unix::{Signal, SignalKind, signal};
use crate::task::{coop, wake_all};

/// Everyone who waits for SIGCHLD.
#[derive(Debug)]
pub(in crate::process) struct ExitWaiters(Mutex<ExitWaiterTable>);

#[derive(Debug)]
struct ExitWaiterTable {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl ExitWaiters {
    pub(in crate::process) fn new() -> ExitWaiters {
        ExitWaiters(Mutex::new(ExitWaiterTable { next: 0, wakers: BTreeMap::new() }))
    }

    /// A number of one's own.
    pub(in crate::process) fn number(&self) -> u64 {
        let mut table = self.0.lock();
        table.next += 1;
        table.next
    }

    /// Looks, and waits for the next call if there is nothing. A call that comes between the look
    /// and the wait is not lost, because it looks once more [look-again]. `arm` is called in
    /// between.
    pub(in crate::process) fn poll<R>(
        &self,
        number: u64,
        cx: &mut Context<'_>,
        mut look: impl FnMut() -> Option<R>,
        arm: impl FnOnce() -> Option<R>,
    ) -> Poll<R> {
        if let Some(found) = look() {
            return Poll::Ready(found);
        }
        let waker = cx.waker().clone();
        let old = self.0.lock().wakers.insert(number, waker);
        drop(old);
        match arm().or_else(look) {
            Some(found) => {
                self.leave(number);
                Poll::Ready(found)
            }
            None => Poll::Pending,
        }
    }

    pub(in crate::process) fn leave(&self, number: u64) {
        let old = self.0.lock().wakers.remove(&number);
        drop(old);
    }

    /// Wakes all. Their wakers stay no longer.
    pub(in crate::process) fn call_all(&self) {
        let wakers = mem::take(&mut self.0.lock().wakers);
        wake_all(wakers.into_values());
    }
}

struct ChildSignals {
    waiters: ExitWaiters,
    /// On the runtime of whoever needed it first; made anew if that has ended.
    listener: Mutex<Option<Signal>>,
}

fn child_signals() -> &'static ChildSignals {
    static CHILD_SIGNALS: OnceLock<ChildSignals> = OnceLock::new();
    CHILD_SIGNALS.get_or_init(|| ChildSignals { waiters: ExitWaiters::new(), listener: Mutex::new(None) })
}

/// What came of a look at the listener.
enum Heard {
    Nothing,
    Signal,
    /// Its runtime has ended.
    End,
}

impl ChildSignals {
    /// Makes sure that a signal that comes from now on wakes all.
    fn arm(&self) -> io::Result<()> {
        let mut is_heard = false;
        {
            let mut listener = self.listener.lock();
            let mut is_new = false;
            loop {
                if listener.is_none() {
                    *listener = Some(listen(is_new)?);
                    is_new = true;
                }
                match hear(&mut listener) {
                    Heard::Nothing => break,
                    Heard::Signal => is_heard = true,
                    Heard::End => {}
                }
            }
        }
        if is_heard {
            self.waiters.call_all();
        }
        Ok(())
    }

    /// The listener has something, or its runtime has ended: all look, and whoever has to wait on
    /// makes a new one.
    fn called(&self) {
        let mut listener = self.listener.lock();
        while matches!(hear(&mut listener), Heard::Signal) {}
        drop(listener);
        self.waiters.call_all();
    }
}

/// Whoever is not in a runtime cannot listen, and neither can one in a runtime that has just
/// refused a listener.
fn listen(is_refused: bool) -> io::Result<Signal> {
    if is_refused || blocking::host().is_none() {
        let text = "the end of a child cannot be waited for: there is no runtime on this thread, or it has shut down";
        return Err(io::Error::other(text));
    }
    signal(SignalKind::child())
}

/// Called with the listener locked: the wakers that it holds are only those of this file.
fn hear(listener: &mut Option<Signal>) -> Heard {
    let Some(signals) = listener else { return Heard::End };
    let waker = Waker::from(Arc::new(SignalWaker));
    let polled = coop::without_budget(|| signals.poll_recv(&mut Context::from_waker(&waker)));
    match polled {
        Poll::Ready(Some(())) => Heard::Signal,
        Poll::Pending => Heard::Nothing,
        Poll::Ready(None) => {
            *listener = None;
            Heard::End
        }
    }
}

struct SignalWaker;

impl Wake for SignalWaker {
    fn wake(self: Arc<Self>) {
        child_signals().called();
    }
}

/// A place among those who wait, for one child.
#[derive(Debug)]
pub(super) struct ExitWaiter(u64);

impl ExitWaiter {
    pub(super) fn new() -> ExitWaiter {
        ExitWaiter(child_signals().waiters.number())
    }

    pub(super) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        look: impl FnMut() -> Option<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let signals = child_signals();
        signals.waiters.poll(self.0, cx, look, || signals.arm().err().map(Err))
    }
}

impl Drop for ExitWaiter {
    fn drop(&mut self) {
        child_signals().waiters.leave(self.0);
    }
}
