//! Shutdown hooks: objects that live on a runtime without being tasks, and run code before it ends.
//!
//! When a runtime ends it first cancels its tasks. Then it asks its guests to leave and runs their
//! clean-ups as tasks. A clean-up that began earlier is a task too: when that task is cancelled it
//! gives the clean-up back, which then continues with the others.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use futures_task::FutureObj;

use crate::primitive::sync::Mutex;
use crate::scheduler::{self, Home};
use crate::task::{Id, drop_all, wake_all};

/// The future that a guest runs at the end. Its polls do not panic.
pub(crate) type CleanUp = FutureObj<'static, ()>;

/// A shutdown hook of a runtime.
pub(crate) trait Guest: Send + Sync {
    /// Called when the runtime shuts down; returns a future to run on it, if any. Neither calls
    /// user code nor waits for it.
    fn leave(&self) -> Option<CleanUp>;
}

/// The guests of a runtime, which does not keep them alive.
pub(crate) struct Guests {
    state: Mutex<State>,
}

struct State {
    present: Vec<Weak<dyn Guest>>,
    /// Clean-ups that cancelled tasks have given back.
    returned: Vec<CleanUp>,
    /// Clean-ups in progress, plus owners that are about to begin one.
    tickets_count: usize,
    /// The waker of the runtime's end, while it waits.
    end: Option<Waker>,
    /// Whether clean-ups are no longer run.
    is_over: bool,
}

impl Guests {
    pub(crate) fn new() -> Guests {
        let (present, returned) = (Vec::new(), Vec::new());
        let state = State { present, returned, tickets_count: 0, end: None, is_over: false };
        Guests { state: Mutex::new(state) }
    }

    /// Adds a guest. Before the list grows, entries of dropped guests are removed.
    pub(crate) fn add(&self, guest: Weak<dyn Guest>) {
        let mut state = self.state.lock();
        let present = &mut state.present;
        if present.len() == present.capacity() {
            present.retain(|guest| guest.strong_count() > 0);
        }
        present.push(guest);
    }

    /// Returns whether any guest may run a clean-up at the end.
    pub(crate) fn are_there(&self) -> bool {
        let is_present = self.state.lock().present.iter().any(|guest| guest.strong_count() > 0);
        is_present || self.are_leaving()
    }

    /// Returns whether clean-ups run or wait to be run. Each one that ends wakes the runtime's end.
    pub(super) fn are_leaving(&self) -> bool {
        let state = self.state.lock();
        state.tickets_count > 0 || !state.returned.is_empty()
    }

    /// Asks every guest to leave, outside of the lock, and takes the clean-ups that were given
    /// back.
    pub(super) fn leave(&self) -> Vec<CleanUp> {
        let mut state = self.state.lock();
        let (present, mut leaving) =
            (std::mem::take(&mut state.present), std::mem::take(&mut state.returned));
        drop(state);
        leaving.extend(present.iter().filter_map(Weak::upgrade).filter_map(|guest| guest.leave()));
        leaving
    }

    /// Keeps the waker of the runtime's end, for every event that it may wait for.
    pub(super) fn await_at_the_end(&self, waker: &Waker) {
        // The waker belongs to a parker or to a worker's loop: no user code.
        self.state.lock().end = Some(waker.clone());
    }

    /// Makes the end of the runtime look again.
    pub(super) fn tell_the_end(&self) {
        let end = self.state.lock().end.take();
        wake_all(end);
    }

    pub(super) fn issue_ticket(&self) {
        self.state.lock().tickets_count += 1;
    }

    pub(super) fn return_ticket(&self) {
        self.state.lock().tickets_count -= 1;
        self.tell_the_end();
    }

    /// Drops all clean-ups that are given back from now on.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.is_over = true;
        let returned = std::mem::take(&mut state.returned);
        drop(state);
        drop_all(returned);
    }

    pub(super) fn give_back(&self, clean_up: CleanUp) {
        let mut state = self.state.lock();
        if state.is_over {
            drop(state);
            drop_all([clean_up]);
        } else {
            state.returned.push(clean_up);
        }
    }
}

/// Keeps the end of the runtime waiting while it exists. It is taken before a guest's owner removes
/// the state that needs cleaning up.
pub(crate) struct Ticket {
    home: Arc<Home>,
}

impl Ticket {
    pub(crate) fn new(home: &Arc<Home>) -> Ticket {
        home.shared().guests().issue_ticket();
        Ticket { home: home.clone() }
    }

    /// Runs `clean_up` as a task.
    pub(crate) fn run(self, clean_up: CleanUp, location: &'static Location<'static>) {
        let home = self.home.clone();
        let task = Cleaning { clean_up: Some(clean_up), ticket: self };
        drop(scheduler::spawn(&home, task, Id::next(), location));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.home.shared().guests().return_ticket();
    }
}

/// The task of a clean-up. If the task is cancelled, it gives the clean-up back.
struct Cleaning {
    clean_up: Option<CleanUp>,
    /// Dropped after the clean-up has been given back, so that the end of the runtime misses
    /// neither.
    ticket: Ticket,
}

impl Future for Cleaning {
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

impl Drop for Cleaning {
    fn drop(&mut self) {
        if let Some(clean_up) = self.clean_up.take() {
            self.ticket.home.shared().guests().give_back(clean_up);
        }
    }
}

/// [guests-first] Cancels every task and waits until all are gone. Then asks the guests to leave,
/// including those that are added meanwhile, and waits for their clean-ups. As in asyncio, no task
/// runs beside a clean-up, and none finds its generator closed.
pub(crate) async fn see_off(home: &Arc<Home>) {
    let (shared, here) = (home.shared(), Location::caller());
    shared.clear();
    std::future::poll_fn(|cx| {
        shared.guests().await_at_the_end(cx.waker());
        if shared.tasks_count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    shared.reopen();
    std::future::poll_fn(|cx| {
        shared.guests().await_at_the_end(cx.waker());
        for clean_up in shared.guests().leave() {
            Ticket::new(home).run(clean_up, here);
        }
        if shared.guests().are_leaving() { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}
