//! The threads that stand in for others.

use std::sync::Arc;

use crate::primitive::sync::Mutex;
use crate::primitive::thread::{Builder, JoinHandle};
use crate::scheduler::hand_over::HandOver;
use crate::scheduler::seat::Seat;

/// The threads of a runtime that stand in for others. They stay until the runtime ends, because
/// io_uring cancels a thread's operations when the thread ends.
pub(crate) struct StandIns {
    state: Mutex<StandInsState>,
    count_max: usize,
    builder: Box<dyn Fn(usize) -> Builder + Send + Sync>,
}

struct StandInsState {
    /// Sleeping threads without a worker.
    idle: Vec<Arc<Seat>>,
    threads: Vec<JoinHandle<()>>,
    started_count: usize,
}

impl StandIns {
    /// `builder` returns the builder for the thread of the given number, counted from 0.
    pub(crate) fn new(
        count_max: usize,
        builder: impl Fn(usize) -> Builder + Send + Sync + 'static,
    ) -> StandIns {
        let state = StandInsState { idle: Vec::new(), threads: Vec::new(), started_count: 0 };
        StandIns { state: Mutex::new(state), count_max, builder: Box::new(builder) }
    }

    /// Creates an empty set: the worker of a current-thread runtime stays on its thread.
    pub(crate) fn none() -> StandIns {
        StandIns::new(0, |_| Builder::new())
    }

    pub(super) fn can_come(&self) -> bool {
        self.count_max > 0
    }

    /// Takes the started threads, to be joined.
    pub(crate) fn take_threads(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut self.state.lock().threads)
    }

    /// Gives the worker to a sleeping thread. Returns `false` if there is none.
    pub(super) fn offer(&self, hand_over: &Arc<HandOver>) -> bool {
        let mut state = self.state.lock();
        let Some(seat) = state.idle.pop() else { return false };
        // Under the lock, so that a thread that is not listed any more finds its offer.
        *seat.offer.lock() = Some(hand_over.clone());
        drop(state);
        seat.parker().unpark();
        true
    }

    pub(super) fn add_idle(&self, seat: &Arc<Seat>) {
        self.state.lock().idle.push(seat.clone());
    }

    /// Called by a thread that is awake and about to run code that may block: it takes no offers
    /// any more.
    pub(super) fn remove_idle(&self, seat: &Arc<Seat>) {
        self.state.lock().idle.retain(|idle| !Arc::ptr_eq(idle, seat));
    }

    /// Counts a thread that is about to start and returns its builder. Returns `None` if there are
    /// enough.
    pub(super) fn begin_start(&self) -> Option<Builder> {
        let mut state = self.state.lock();
        if state.started_count == self.count_max {
            return None;
        }
        let number = state.started_count;
        state.started_count += 1;
        drop(state);
        Some((self.builder)(number))
    }

    /// Keeps a started thread, to be joined.
    pub(super) fn add(&self, thread: JoinHandle<()>) {
        self.state.lock().threads.push(thread);
    }

    /// Counts a thread out that the system refused.
    pub(super) fn cancel_start(&self) {
        self.state.lock().started_count -= 1;
    }
}
