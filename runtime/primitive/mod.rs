//! The only import path for atomics, cells, locks and threads, so that loom, shuttle and the
//! counting build can replace all of them. `DESIGN.md` in this directory explains how.

#[cfg(all(test, any(rt_loom, rt_shuttle)))]
mod canary;
#[cfg(all(test, rt_count))]
pub(crate) mod count;

pub(crate) mod atomic {
    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(all(test, rt_loom))]
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(all(test, rt_shuttle))]
    pub(crate) use shuttle::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    #[cfg(not(all(test, any(rt_loom, rt_shuttle, rt_count))))]
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
    };

    pub(crate) use std::sync::atomic::Ordering;
}

pub(crate) mod cell {
    #[cfg(all(test, rt_loom))]
    pub(crate) use loom::cell::UnsafeCell;

    /// std's cell with loom's access methods.
    #[cfg(not(all(test, rt_loom)))]
    #[derive(Debug)]
    #[repr(transparent)]
    pub(crate) struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

    #[cfg(not(all(test, rt_loom)))]
    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            UnsafeCell(std::cell::UnsafeCell::new(value))
        }

        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    #[cfg(not(all(test, rt_loom)))]
    impl<T: ?Sized> UnsafeCell<T> {
        /// Shared access. The caller upholds the rules of `&*pointer`.
        #[inline(always)]
        #[cfg_attr(all(test, rt_count), track_caller)]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            #[cfg(all(test, rt_count))]
            super::count::note_read(self.0.get().cast::<u8>().addr(), size_of_val(self));
            f(self.0.get())
        }

        /// Exclusive access. The caller upholds the rules of `&mut *pointer`.
        #[inline(always)]
        #[cfg_attr(all(test, rt_count), track_caller)]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            #[cfg(all(test, rt_count))]
            super::count::note_write(self.0.get().cast::<u8>().addr(), size_of_val(self));
            f(self.0.get())
        }
    }
}

/// In a value that belongs to a thread's storage: it is `Sync`, but not `Send`.
pub(crate) type StaysOnThread = std::marker::PhantomData<std::sync::MutexGuard<'static, ()>>;

pub(crate) mod sync {
    #[cfg(not(all(test, rt_count)))]
    use std::time::Duration;

    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{CountedCondvar as Condvar, LockGuard as MutexGuard};
    #[cfg(all(test, rt_loom))]
    pub(crate) use loom::sync::{
        Arc as ModelArc, Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    };
    #[cfg(all(test, rt_shuttle))]
    pub(crate) use shuttle::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    #[cfg(not(all(test, any(rt_loom, rt_shuttle, rt_count))))]
    pub(crate) use std::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
    #[cfg(all(test, rt_count))]
    pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

    /// The `Arc` of models, which loom counts. Code outside of models uses std's.
    #[cfg(all(test, not(rt_loom)))]
    pub(crate) use std::sync::Arc as ModelArc;

    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::Lock as Mutex;
    #[cfg(all(test, rt_loom))]
    use loom::sync::Mutex as Inner;
    #[cfg(all(test, rt_shuttle))]
    use shuttle::sync::Mutex as Inner;
    #[cfg(not(all(test, any(rt_loom, rt_shuttle, rt_count))))]
    use std::sync::Mutex as Inner;

    /// A lock that ignores poison, because the state behind it is consistent at every call that
    /// could panic.
    #[cfg(not(all(test, rt_count)))]
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(Inner<T>);

    #[cfg(not(all(test, rt_count)))]
    impl<T> Mutex<T> {
        #[cfg(not(all(test, rt_loom)))]
        pub(crate) const fn new(value: T) -> Self {
            Mutex(Inner::new(value))
        }

        /// loom's locks are made at run time.
        #[cfg(all(test, rt_loom))]
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
        #[cfg(not(all(test, rt_shuttle)))]
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
        #[cfg(all(test, rt_shuttle))]
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
    #[cfg(all(test, any(rt_loom, rt_shuttle)))]
    pub(crate) struct StaticMutex<T>(std::sync::Mutex<T>);

    #[cfg(all(test, any(rt_loom, rt_shuttle)))]
    impl<T> StaticMutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            StaticMutex(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    #[cfg(not(all(test, any(rt_loom, rt_shuttle))))]
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
#[cfg(all(test, rt_shuttle))]
pub(crate) fn is_drawn(count: u32) -> bool {
    use shuttle::rand::RngCore;
    shuttle::rand::thread_rng().next_u32() % count == 0
}

/// Called in a loop that ends only when another thread goes on. The system's schedules are fair, so
/// it does nothing. Schedules by priority are not: under shuttle the other threads run first.
#[inline(always)]
pub(crate) fn let_others_run() {
    #[cfg(all(test, rt_shuttle))]
    thread::yield_now();
}

/// The system's monotonic clock. Under shuttle time advances when the clock is read, and when a
/// test advances it.
pub(crate) mod clock {
    #[cfg(not(all(test, any(rt_shuttle, rt_count))))]
    #[inline(always)]
    pub(crate) fn now() -> std::time::Instant {
        std::time::Instant::now()
    }

    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::now;

    #[cfg(all(test, rt_shuttle))]
    pub(crate) use virtual_clock::{advance_to, now};

    #[cfg(all(test, rt_shuttle))]
    mod virtual_clock {
        use std::cell::Cell;
        use std::time::{Duration, Instant};

        /// Time between two reads: a worker has spent its time budget after a poll or two, as if
        /// polls were long.
        const LOOK: Duration = Duration::from_micros(100);

        std::thread_local! {
            /// The time of one test: shuttle runs all threads of a test on one thread of the
            /// system.
            static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
        }

        pub(crate) fn now() -> Instant {
            let now = NOW.get().unwrap_or_else(Instant::now) + LOOK;
            NOW.set(Some(now));
            now
        }

        /// Moves the clock forward, never back.
        pub(crate) fn advance_to(instant: Instant) {
            NOW.set(NOW.get().max(Some(instant)));
        }
    }
}

/// Runs `f` under every interleaving that loom finds with two preemptions, and prints how many
/// there were; under many random schedules with shuttle; or many times without either.
#[cfg(test)]
pub(crate) fn model(f: impl Fn() + Send + Sync + 'static) {
    model_with_preemptions(2, f);
}

/// As `model`, with up to `count` preemptions.
#[cfg(all(test, rt_loom))]
pub(crate) fn model_with_preemptions(count: usize, f: impl Fn() + Send + Sync + 'static) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NAME_WIDTH: usize = 60;
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let mut builder = loom::model::Builder::new();
    if builder.preemption_bound.is_none() {
        builder.preemption_bound = Some(count);
    }
    builder.max_branches = builder.max_branches.max(20_000);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        f();
    });
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    print_line(&format!("model {name:NAME_WIDTH$} {} interleavings\n", runs.load(Ordering::Relaxed)));
}

/// Runs `f` under 10,000 schedules of each kind: random ones, and ones that change priorities at up
/// to five places.
#[cfg(all(test, rt_shuttle))]
pub(crate) fn model_with_preemptions(_count: usize, f: impl Fn() + Send + Sync + 'static) {
    const SCHEDULES_COUNT: usize = 10_000;
    const DEPTH: usize = 5;
    let f = std::sync::Arc::new(f);
    let random = f.clone();
    shuttle::check_random(move || random(), SCHEDULES_COUNT);
    shuttle::check_pct(move || f(), SCHEDULES_COUNT, DEPTH);
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    print_line(&format!("schedules {name} {}\n", 2 * SCHEDULES_COUNT));
}

/// Runs a whole runtime under a number of schedules of each kind: `RT_SCHEDULES`, or else 2,000.
/// Its threads have larger stacks than those of models, and a run that takes 200,000 steps counts
/// as endless and fails.
#[cfg(all(test, rt_shuttle))]
pub(crate) fn explore_runs(f: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::{PctScheduler, RandomScheduler};
    const SCHEDULES_COUNT: usize = 2_000;
    const DEPTH: usize = 5;
    const STEPS_COUNT_MAX: usize = 1_000_000;
    let mut config = shuttle::Config::new();
    config.stack_size = 0x2_0000;
    config.max_steps = shuttle::MaxSteps::FailAfter(STEPS_COUNT_MAX);
    config.silence_warnings = true;
    let count = match std::env::var("RT_SCHEDULES") {
        Ok(word) => word.parse().expect("RT_SCHEDULES is a number"),
        Err(_) => SCHEDULES_COUNT,
    };
    let f = std::sync::Arc::new(f);
    let random = f.clone();
    let random_count =
        shuttle::Runner::new(RandomScheduler::new(count), config.clone()).run(move || random());
    let pct_count = shuttle::Runner::new(PctScheduler::new(DEPTH, count), config).run(move || f());
    let name = std::thread::current().name().unwrap_or("scenario").to_owned();
    print_line(&format!("schedules {name} {}\n", random_count + pct_count));
}

/// Writes a line at once, because the test harness writes to the same place meanwhile, and scripts
/// read the line.
#[cfg(all(test, any(rt_loom, rt_shuttle)))]
fn print_line(line: &str) {
    eprint!("{line}");
}

/// Runs `f` 500 times on real threads, so that the models compile and run without loom as well.
#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
pub(crate) fn model_with_preemptions(_count: usize, f: impl Fn() + Send + Sync + 'static) {
    const RUNS_COUNT: usize = 500;
    for _ in 0..RUNS_COUNT {
        f();
    }
}

pub(crate) mod thread {
    #[cfg(all(test, rt_count))]
    pub(crate) use super::count::{ThreadBuilder as Builder, ThreadHandle as JoinHandle, spawn, yield_now};
    #[cfg(all(test, rt_loom))]
    pub(crate) use loom::thread::{Builder, JoinHandle, spawn, yield_now};
    #[cfg(all(test, rt_shuttle))]
    pub(crate) use shuttle::{
        thread::{Builder, JoinHandle, spawn, yield_now},
        thread_local,
    };
    #[cfg(all(test, rt_count))]
    pub(crate) use std::thread_local;
    #[cfg(not(all(test, any(rt_loom, rt_shuttle, rt_count))))]
    pub(crate) use std::{
        thread::{Builder, JoinHandle},
        thread_local,
    };

    #[cfg(all(test, not(any(rt_loom, rt_shuttle, rt_count))))]
    pub(crate) use std::thread::{spawn, yield_now};

    /// loom's `thread_local`, which has no `const` form.
    #[cfg(all(test, rt_loom))]
    macro_rules! model_thread_local {
        ($($(#[$attribute:meta])* static $name:ident: $type:ty = const { $init:expr };)*) => {
            loom::thread_local! { $($(#[$attribute])* static $name: $type = $init;)* }
        };
    }
    #[cfg(all(test, rt_loom))]
    pub(crate) use model_thread_local as thread_local;
}
