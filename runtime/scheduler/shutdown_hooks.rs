//! Shutdown hooks: objects that live on a runtime without being tasks, and run code before it ends.
//!
//! When a runtime ends it first cancels its tasks. Then it calls its shutdown hooks and runs the
//! clean-ups that they return as tasks (`clean_up.rs`). A clean-up that began earlier is a task
//! too: when that task is cancelled it gives the clean-up back, which then continues with the
//! others.

use std::sync::Weak;
use std::task::Waker;

use futures_task::FutureObj;

use crate::primitive::sync::Mutex;
use crate::task::{drop_all, wake_all};

/// The future that a shutdown hook returns. Its polls do not panic.
pub(crate) type CleanUp = FutureObj<'static, ()>;

/// An object that takes part in the shutdown of its runtime.
pub(crate) trait ShutdownHook: Send + Sync {
    /// Called when the runtime shuts down; returns a future to run on it, if any. Neither calls
    /// user code nor waits for it.
    fn on_shutdown(&self) -> Option<CleanUp>;
}

/// The shutdown hooks of a runtime, which does not keep them alive.
pub(crate) struct ShutdownHooks {
    state: Mutex<HooksState>,
}

struct HooksState {
    hooks: Vec<Weak<dyn ShutdownHook>>,
    /// Clean-ups that cancelled tasks have given back.
    returned: Vec<CleanUp>,
    /// Clean-ups in progress, plus owners that are about to begin one.
    delays_count: usize,
    /// The waker of the runtime's end, while it waits.
    waker: Option<Waker>,
    /// Whether clean-ups are no longer run.
    is_closed: bool,
}

impl ShutdownHooks {
    pub(crate) fn new() -> ShutdownHooks {
        let (hooks, returned) = (Vec::new(), Vec::new());
        let state = HooksState { hooks, returned, delays_count: 0, waker: None, is_closed: false };
        ShutdownHooks { state: Mutex::new(state) }
    }

    /// Adds a hook. Before the list grows, entries of dropped hooks are removed.
    pub(crate) fn add(&self, hook: Weak<dyn ShutdownHook>) {
        let mut state = self.state.lock();
        let hooks = &mut state.hooks;
        if hooks.len() == hooks.capacity() {
            hooks.retain(|hook| hook.strong_count() > 0);
        }
        hooks.push(hook);
    }

    /// Returns whether any hook may run a clean-up at the end.
    pub(crate) fn are_there(&self) -> bool {
        let is_alive = self.state.lock().hooks.iter().any(|hook| hook.strong_count() > 0);
        is_alive || self.are_running()
    }

    /// Returns whether clean-ups run or wait to be run. Each one that ends wakes the runtime's end.
    pub(super) fn are_running(&self) -> bool {
        let state = self.state.lock();
        state.delays_count > 0 || !state.returned.is_empty()
    }

    /// Calls every hook, outside of the lock, and takes the clean-ups that were given back.
    pub(super) fn call_all(&self) -> Vec<CleanUp> {
        let mut state = self.state.lock();
        let (hooks, mut clean_ups) = (std::mem::take(&mut state.hooks), std::mem::take(&mut state.returned));
        drop(state);
        clean_ups.extend(hooks.iter().filter_map(Weak::upgrade).filter_map(|hook| hook.on_shutdown()));
        clean_ups
    }

    /// Keeps the waker of the runtime's end, for every event that it may wait for.
    pub(super) fn register(&self, waker: &Waker) {
        // The waker belongs to a parker or to a worker's loop: no user code.
        self.state.lock().waker = Some(waker.clone());
    }

    /// Makes the end of the runtime look again.
    pub(super) fn wake(&self) {
        let waker = self.state.lock().waker.take();
        wake_all(waker);
    }

    pub(super) fn begin_delay(&self) {
        self.state.lock().delays_count += 1;
    }

    pub(super) fn end_delay(&self) {
        self.state.lock().delays_count -= 1;
        self.wake();
    }

    /// Drops all clean-ups that are given back from now on.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let returned = std::mem::take(&mut state.returned);
        drop(state);
        drop_all(returned);
    }

    pub(super) fn give_back(&self, clean_up: CleanUp) {
        let mut state = self.state.lock();
        if state.is_closed {
            drop(state);
            drop_all([clean_up]);
        } else {
            state.returned.push(clean_up);
        }
    }
}
