//! Writing behind: a task writes what `poll_write` was given, and goes on if the file is dropped or
//! the runtime ends. At most one is in flight for each `File`.

use std::io;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use heist::runtime::facade;

/// The text of a write that the end of the runtime has kept from being done.
pub(super) const NOT_DONE: &str = "background task failed";

/// The write that is behind, as the file and the task share it.
#[derive(Debug, Default)]
pub(super) struct Behind {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits for the write. None if there is no write.
    waiting: Option<Vec<Waker>>,
    /// The error of a write that has ended; the next call returns it.
    error: Option<io::Error>,
    /// The buffer of the last write.
    spare: Vec<u8>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // No code that panics runs under the lock.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the write, also if the task is dropped.
struct InFlight {
    state: Arc<Mutex<State>>,
    /// Gone before the write counts as ended: then the `File` is alone with its descriptor.
    file: Option<heist::fs::File>,
    buffer: Vec<u8>,
    result: io::Result<()>,
}

impl InFlight {
    fn end(mut self, result: io::Result<()>) {
        self.result = result;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        drop(self.file.take());
        let mut state = lock(&self.state);
        state.spare = take(&mut self.buffer);
        state.error = std::mem::replace(&mut self.result, Ok(())).err();
        let waiting = state.waiting.take();
        drop(state);
        for waker in waiting.into_iter().flatten() {
            // A waker that panics keeps nobody else from being woken.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                std::mem::forget(payload);
            }
        }
    }
}

impl Behind {
    /// Whether a write is in flight.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.state).waiting.is_some()
    }

    /// Waits until no write is in flight. The error of one stays for the next write or flush.
    pub(super) fn poll_idle(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        let Some(waiting) = &mut state.waiting else { return Poll::Ready(()) };
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            // The clone of a waker is user code, which may come back here.
            drop(state);
            let waker = cx.waker().clone();
            state = lock(&self.state);
            match &mut state.waiting {
                Some(waiting) => waiting.push(waker),
                None => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// The error of the last write, once.
    pub(super) fn take_result(&self) -> io::Result<()> {
        lock(&self.state).error.take().map_or(Ok(()), Err)
    }

    /// Begins a write of what `fill` puts into an empty buffer. None may be in flight.
    pub(super) fn begin(&self, file: heist::fs::File, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = take(&mut lock(&self.state).spare);
        buffer.clear();
        fill(&mut buffer);
        lock(&self.state).waiting = Some(Vec::new());
        let result = Err(io::Error::other(NOT_DONE));
        let mut in_flight = InFlight { state: self.state.clone(), file: Some(file), buffer, result };
        facade::spawn_to_the_end(async move {
            let InFlight { file, buffer, .. } = &mut in_flight;
            let result = match file {
                Some(file) => file.write_all(buffer).await,
                None => Ok(()),
            };
            in_flight.end(result);
        });
    }
}
