//! Clean-ups that run as tasks, and the part of a runtime's end that waits for them.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::schedule::spawn;
use crate::scheduler::shutdown_hooks::CleanUp;
use crate::task::Id;

/// Keeps the end of the runtime waiting while it exists. It is taken before the owner of a hook
/// removes the state that needs cleaning up.
pub(crate) struct ShutdownDelay {
    handle: Arc<SchedulerHandle>,
}

impl ShutdownDelay {
    pub(crate) fn new(handle: &Arc<SchedulerHandle>) -> ShutdownDelay {
        handle.shared().shutdown_hooks().begin_delay();
        ShutdownDelay { handle: handle.clone() }
    }

    /// Runs `clean_up` as a task.
    pub(crate) fn run(self, clean_up: CleanUp, location: &'static Location<'static>) {
        let handle = self.handle.clone();
        let task = CleanUpTask { clean_up: Some(clean_up), delay: self };
        drop(spawn(&handle, task, Id::next(), location));
    }
}

impl Drop for ShutdownDelay {
    fn drop(&mut self) {
        self.handle.shared().shutdown_hooks().end_delay();
    }
}

/// The task of a clean-up. If the task is cancelled, it gives the clean-up back.
struct CleanUpTask {
    clean_up: Option<CleanUp>,
    /// Dropped after the clean-up has been given back, so that the end of the runtime misses
    /// neither.
    delay: ShutdownDelay,
}

impl Future for CleanUpTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(clean_up) = &mut self.clean_up else { return Poll::Ready(()) };
        let polled = Pin::new(clean_up).poll(cx);
        if polled.is_ready() {
            self.clean_up = None;
        }
        polled
    }
}

impl Drop for CleanUpTask {
    fn drop(&mut self) {
        if let Some(clean_up) = self.clean_up.take() {
            self.delay.handle.shared().shutdown_hooks().give_back(clean_up);
        }
    }
}

/// [hooks-before-close] Cancels every task and waits until all are gone. Then calls the shutdown
/// hooks, including those that are added meanwhile, and waits for their clean-ups. As in asyncio,
/// no task runs beside a clean-up, and none finds its generator closed.
pub(crate) async fn run_shutdown_hooks(handle: &Arc<SchedulerHandle>) {
    let (shared, here) = (handle.shared(), Location::caller());
    shared.clear();
    std::future::poll_fn(|cx| {
        shared.shutdown_hooks().register(cx.waker());
        if shared.tasks_count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    shared.reopen();
    std::future::poll_fn(|cx| {
        shared.shutdown_hooks().register(cx.waker());
        for clean_up in shared.shutdown_hooks().call_all() {
            ShutdownDelay::new(handle).run(clean_up, here);
        }
        if shared.shutdown_hooks().are_running() { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}
