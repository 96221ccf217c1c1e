//! The only import path for atomics, cells, locks and threads, so that loom, shuttle and the
//! counting build can replace all of them. `DESIGN.md` in this directory explains how.

#[cfg(all(test, any(rt_loom, rt_shuttle)))]
mod canary;
pub(crate) mod clock;
#[cfg(all(test, rt_count))]
pub(crate) mod count;
pub(crate) mod explorer;
#[cfg(test)]
mod run_models;
pub(crate) mod surface;

#[cfg(all(test, rt_shuttle))]
pub(crate) use run_models::explore_runs;
#[cfg(test)]
pub(crate) use run_models::{model, model_with_preemptions};

pub(crate) mod atomic {
    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(rt_loom)]
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(rt_shuttle)]
    pub(crate) use shuttle::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(not(any(rt_loom, rt_shuttle, all(test, rt_count))))]
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };

    pub(crate) use std::sync::atomic::Ordering;
}

pub(crate) mod cell;

/// In a value that belongs to a thread's storage: it is `Sync`, but not `Send`.
pub(crate) type StaysOnThread = std::marker::PhantomData<std::sync::MutexGuard<'static, ()>>;

pub(crate) mod sync {
    #[cfg(not(all(test, rt_count)))]
    use std::time::Duration;

    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{CountedCondvar as Condvar, LockGuard as MutexGuard};
    #[cfg(all(test, rt_loom))]
    pub(crate) use loom::sync::Arc as ModelArc;
    #[cfg(rt_loom)]
    pub(crate) use loom::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    #[cfg(rt_shuttle)]
    pub(crate) use shuttle::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    #[cfg(not(any(rt_loom, rt_shuttle, all(test, rt_count))))]
    pub(crate) use std::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    #[cfg(all(test, rt_count))]
    pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

    /// The `Arc` of models, which loom counts. Code outside of models uses std's.
    #[cfg(all(test, not(rt_loom)))]
    pub(crate) use std::sync::Arc as ModelArc;

    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::Lock as Mutex;
    #[cfg(rt_loom)]
    use loom::sync::Mutex as Inner;
    #[cfg(rt_shuttle)]
    use shuttle::sync::Mutex as Inner;
    #[cfg(not(any(rt_loom, rt_shuttle, all(test, rt_count))))]
    use std::sync::Mutex as Inner;

    /// A lock that ignores poison, because the state behind it is consistent at every call that
    /// could panic.
    #[cfg(not(all(test, rt_count)))]
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(Inner<T>);

    #[cfg(not(all(test, rt_count)))]
    impl<T> Mutex<T> {
        #[cfg(not(rt_loom))]
        pub(crate) const fn new(value: T) -> Self {
            Mutex(Inner::new(value))
        }

        /// loom's locks are made at run time.
        #[cfg(rt_loom)]
        pub(crate) fn new(value: T) -> Self {
            Mutex(Inner::new(value))
        }

        #[inline]
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            match self.0.lock() {
                Ok(guard) => guard,
                Err(poison) => poison.into_inner(),
            }
        }

        pub(crate) fn into_inner(self) -> T {
            match self.0.into_inner() {
                Ok(value) => value,
                Err(poison) => poison.into_inner(),
            }
        }

        #[inline]
        #[allow(dead_code)]
        pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            match self.0.try_lock() {
                Ok(guard) => Some(guard),
                Err(std::sync::TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
                Err(std::sync::TryLockError::WouldBlock) => None,
            }
        }

        /// Waits on `condvar` for at most `timeout`, ignoring poison. Returns true if the timeout
        /// has passed. May end early.
        #[cfg(not(rt_shuttle))]
        pub(crate) fn wait_timeout<'a>(
            &'a self,
            condvar: &Condvar,
            guard: MutexGuard<'a, T>,
            timeout: Duration,
        ) -> (MutexGuard<'a, T>, bool) {
            let (guard, outcome) = match condvar.wait_timeout(guard, timeout) {
                Ok(answer) => answer,
                Err(poison) => poison.into_inner(),
            };
            (guard, outcome.timed_out())
        }

        /// As above, where shuttle would wait for ever: it ends early each time, and a random draw
        /// decides whether the timeout has passed.
        #[cfg(rt_shuttle)]
        pub(crate) fn wait_timeout<'a>(
            &'a self,
            _condvar: &Condvar,
            guard: MutexGuard<'a, T>,
            _timeout: Duration,
        ) -> (MutexGuard<'a, T>, bool) {
            drop(guard);
            super::thread::yield_now();
            (self.lock(), super::is_drawn(16))
        }
    }

    /// A lock for statics, which live longer than a model and need a const constructor: explorers
    /// do not see it. It orders nothing but the value behind it.
    #[cfg(any(rt_loom, rt_shuttle))]
    pub(crate) struct StaticMutex<T>(std::sync::Mutex<T>);

    #[cfg(any(rt_loom, rt_shuttle))]
    impl<T> StaticMutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            StaticMutex(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    #[cfg(not(any(rt_loom, rt_shuttle)))]
    pub(crate) use Mutex as StaticMutex;

    /// Waits on `condvar`, ignoring poison.
    #[cfg(all(test, rt_count))]
    pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(guard)
    }

    /// Waits on `condvar`, ignoring poison.
    #[cfg(not(all(test, rt_count)))]
    pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        match condvar.wait(guard) {
            Ok(guard) => guard,
            Err(poison) => poison.into_inner(),
        }
    }
}

/// Records a change of an `Arc`'s reference count, which is no word of this shim.
#[inline(always)]
#[cfg_attr(all(test, rt_count), track_caller)]
pub(crate) fn note_count<T>(counted: &std::sync::Arc<T>) {
    #[cfg(all(test, rt_count))]
    count::note_counts(std::sync::Arc::as_ptr(counted));
    let _ = counted;
}

/// Returns true in one of `count` cases, at random. The schedule determines the outcome.
#[cfg(rt_shuttle)]
pub(crate) fn is_drawn(count: u32) -> bool {
    use shuttle::rand::RngCore;
    shuttle::rand::thread_rng().next_u32() % count == 0
}

/// Called in a loop that ends only when another thread goes on. The system's schedules are fair, so
/// it does nothing. An explorer's are not: there the other threads run first.
#[inline(always)]
pub(crate) fn let_others_run() {
    #[cfg(any(rt_loom, rt_shuttle))]
    thread::yield_now();
}

pub(crate) mod thread {
    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{ThreadBuilder as Builder, ThreadHandle as JoinHandle, spawn, yield_now};
    #[cfg(rt_loom)]
    #[cfg_attr(not(test), allow(unused_imports, reason = "only models spawn without a name"))]
    pub(crate) use loom::thread::{Builder, JoinHandle, spawn, yield_now};
    #[cfg(rt_shuttle)]
    pub(crate) use shuttle::{
        thread::{Builder, JoinHandle, spawn, yield_now},
        thread_local,
    };
    #[cfg(all(test, rt_count))]
    pub(crate) use std::thread_local;
    #[cfg(not(any(rt_loom, rt_shuttle, all(test, rt_count))))]
    pub(crate) use std::{
        thread::{Builder, JoinHandle},
        thread_local,
    };

    #[cfg(all(test, not(any(rt_loom, rt_shuttle, rt_count))))]
    pub(crate) use std::thread::{spawn, yield_now};

    /// loom's `thread_local`, which has no `const` form.
    #[cfg(rt_loom)]
    macro_rules! model_thread_local {
        ($($(#[$attribute:meta])* static $name:ident: $type:ty = const { $init:expr };)*) => {
            loom::thread_local! { $($(#[$attribute])* static $name: $type = $init;)* }
        };
    }
    #[cfg(rt_loom)]
    pub(crate) use model_thread_local as thread_local;
}
