//! The machine that a counting build runs on: virtual threads, each on a core of its own, with one
//! clock and one cache per core.
//!
//! A virtual thread is a thread of the system. One at a time runs, and passes the turn on at the
//! next access to a shared word once it is ahead of the others by [`QUANTUM`]. So the machine is a
//! simulation of discrete events, and two runs of one program count the same.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::lines::{LineAccess, Lines, Transfers};

/// How far a thread may be ahead of the others, in nanoseconds.
const QUANTUM: u64 = 100;
/// What an access costs that hits, and one that fetches a line, in nanoseconds.
const HIT: u64 = 1;
const TRANSFER: u64 = 60;
/// From an unlock to the moment when a waiting thread goes on.
const HAND_OVER: u64 = 200;
/// What it costs to wake a thread, and how long it takes to run.
const WAKE_COST: u64 = 1_000;
const WAKE_DELAY: u64 = 4_000;

/// What a thread waits for: a lock, a condition variable, or the end of a thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Awaited {
    Lock(usize),
    Signal(usize),
    End(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ThreadState {
    Ready,
    Running,
    Waiting(Awaited),
    Ended,
}

/// Tells one virtual thread that it is its turn.
#[derive(Default)]
struct Baton {
    is_granted: Mutex<bool>,
    granted: Condvar,
}

impl Baton {
    fn grant(&self) {
        *self.is_granted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.granted.notify_one();
    }

    fn take(&self) {
        let mut is_granted = self.is_granted.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_granted {
            is_granted = self.granted.wait(is_granted).unwrap_or_else(PoisonError::into_inner);
        }
        *is_granted = false;
    }
}

struct VirtualThread {
    time: u64,
    state: ThreadState,
    /// Whether the last wait ended because its time was over.
    is_late: bool,
    /// Counts the changes of the state, so that the queue's old entries are known.
    age: u64,
    turn: Arc<Baton>,
}

#[derive(Default)]
struct Simulation {
    threads: Vec<VirtualThread>,
    /// Who goes on when: time, thread, age.
    queue: BinaryHeap<Reverse<(u64, usize, u64)>>,
    /// Of threads that wait, in the order in which they came.
    waiting: Vec<usize>,
    lines: Lines,
}

static MACHINE: Mutex<Option<Simulation>> = Mutex::new(None);
/// One machine at a time: tests run side by side.
static IN_USE: Mutex<()> = Mutex::new(());

thread_local! {
    static ME: Cell<Option<usize>> = const { Cell::new(None) };
}

fn lock() -> MutexGuard<'static, Option<Simulation>> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `f` with the machine, if this thread is one of its threads.
fn with<R>(f: impl FnOnce(&mut Simulation, usize) -> R) -> Option<R> {
    let me = ME.try_with(Cell::get).ok().flatten()?;
    lock().as_mut().map(|machine| f(machine, me))
}

/// Runs `f` on a new machine, as its first thread. Threads that `f` spawns are the others; they
/// must have ended when `f` returns.
pub(crate) fn on_machine<R>(f: impl FnOnce() -> R) -> R {
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            ME.set(None);
            *lock() = None;
        }
    }
    let _in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut machine = Simulation::default();
    machine.add(ThreadState::Running, 0);
    *lock() = Some(machine);
    ME.set(Some(0));
    let _off = Off;
    f()
}

pub(super) fn is_on_machine() -> bool {
    ME.try_with(Cell::get).ok().flatten().is_some()
}

/// Counts an access of this thread, and lets others run.
pub(super) fn access(address: usize, length: usize, kind: LineAccess, place: &'static Location<'static>) {
    let next = with(|machine, me| {
        let fetched = machine.lines.access(me, address, length, kind, place)?;
        machine.threads[me].time += if fetched { TRANSFER } else { HIT };
        machine.next_if_ahead(me)
    });
    pass_turn(next.flatten());
}

/// Lets time pass for this thread, as if it computed.
pub(crate) fn compute(nanos: u64) {
    let next = with(|machine, me| {
        machine.threads[me].time += nanos;
        machine.next_if_ahead(me)
    });
    pass_turn(next.flatten());
}

/// Lets the others go on first.
pub(super) fn step_back() {
    let next = with(|machine, me| {
        if let Some(Reverse((time, _, _))) = machine.first() {
            let own = &mut machine.threads[me].time;
            *own = (*own).max(time) + QUANTUM + 1;
        }
        machine.next_if_ahead(me)
    });
    pass_turn(next.flatten());
}

/// Waits for something, at most for `limit`. Returns whether the time was over.
pub(super) fn wait_for(wanted: Awaited, limit: Option<Duration>) -> bool {
    let next = with(|machine, me| {
        let until = limit.map(|limit| machine.threads[me].time + limit.as_nanos() as u64);
        machine.change(me, ThreadState::Waiting(wanted), until);
        machine.waiting.push(me);
        machine.next_in_place_of(me)
    });
    pass_turn(next);
    with(|machine, me| std::mem::take(&mut machine.threads[me].is_late)).unwrap_or(false)
}

/// Ends the wait of at most `count` threads.
pub(super) fn provide(wanted: Awaited, count: usize) {
    with(|machine, me| {
        let is_signal = matches!(wanted, Awaited::Signal(_));
        for _ in 0..count {
            let of = |thread: &usize| machine.threads[*thread].state == ThreadState::Waiting(wanted);
            let Some(position) = machine.waiting.iter().position(of) else { return };
            let thread = machine.waiting.remove(position);
            let (cost, delay) = if is_signal { (WAKE_COST, WAKE_DELAY) } else { (0, HAND_OVER) };
            machine.threads[me].time += cost;
            let now = machine.threads[me].time + delay;
            let other = &mut machine.threads[thread];
            other.time = other.time.max(now);
            machine.change(thread, ThreadState::Ready, None);
        }
    });
}

/// Makes a virtual thread for a thread of the system that is about to begin. Returns `None` if this
/// thread is not on a machine.
pub(super) fn add_thread() -> Option<usize> {
    with(|machine, me| {
        machine.threads[me].time += WAKE_COST;
        let begin = machine.threads[me].time + WAKE_DELAY;
        machine.add(ThreadState::Ready, begin)
    })
}

/// Called by the new thread, before anything else.
pub(super) fn begin_thread(thread: usize) {
    ME.set(Some(thread));
    let turn = with(|machine, me| machine.threads[me].turn.clone());
    turn.expect("the machine runs").take();
}

/// Called by a thread at its end, after everything else.
pub(super) fn end_thread() {
    let Some(me) = ME.get() else { return };
    provide(Awaited::End(me), usize::MAX);
    let next = with(|machine, me| {
        machine.change(me, ThreadState::Ended, None);
        machine.next_in_place_of(me)
    });
    ME.set(None);
    if let Some((Some(next), _)) = next {
        next.grant();
    }
}

/// Forgets a thread that could not begin.
pub(super) fn cancel_thread(thread: usize) {
    with(|machine, _| machine.change(thread, ThreadState::Ended, None));
}

pub(super) fn has_ended(thread: usize) -> bool {
    with(|machine, _| machine.threads[thread].state == ThreadState::Ended).unwrap_or(true)
}

/// The time of this thread's core. Threads outside of a machine have the system's.
pub(crate) fn now() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    let base = *BASE.get_or_init(Instant::now);
    // Reading the clock takes some time too, so that a loop that waits for it ends.
    let nanos = with(|machine, me| {
        machine.threads[me].time += 20;
        machine.threads[me].time
    });
    nanos.map_or_else(Instant::now, |nanos| base + Duration::from_nanos(nanos))
}

/// From now on accesses to this memory are not counted, because it belongs to the simulated kernel.
pub(crate) fn leave_out<T>(memory: &[T]) {
    let start = memory.as_ptr().addr();
    with(|machine, _| machine.lines.leave_out(start..start + size_of_val(memory)));
}

/// Begins to count: what was counted so far is forgotten. Caches keep what they hold.
pub(crate) fn begin_count() {
    with(|machine, _| machine.lines.begin_count());
}

/// Ends a count, and returns what `f` takes from it.
fn count_with(f: impl FnOnce(&Lines, usize) -> Transfers) -> Transfers {
    let transfers = with(|machine, me| {
        machine.lines.end_count();
        f(&machine.lines, me)
    });
    transfers.unwrap_or_default()
}

/// Returns what all threads have transferred since [`begin_count`].
pub(crate) fn transfers() -> Transfers {
    count_with(|lines, _| lines.total())
}

/// Returns what this thread has transferred since [`begin_count`].
pub(crate) fn own_transfers() -> Transfers {
    count_with(Lines::of)
}

/// Marks this thread's core until the machine ends.
pub(crate) fn mark() {
    with(|machine, me| machine.lines.mark(me));
}

/// Returns what the marked cores have transferred since [`begin_count`].
pub(crate) fn marked_transfers() -> Transfers {
    count_with(|lines, _| lines.of_all(true))
}

/// Returns what the other cores have transferred since [`begin_count`].
pub(crate) fn unmarked_transfers() -> Transfers {
    count_with(|lines, _| lines.of_all(false))
}

/// Returns the places in the source with the most transfers since [`begin_count`].
pub(crate) fn places() -> Vec<(&'static Location<'static>, u64)> {
    with(|machine, _| machine.lines.places()).unwrap_or_default()
}

type NextBaton = (Option<Arc<Baton>>, Arc<Baton>);

/// Grants the turn to the next thread, and waits for this thread's next turn.
fn pass_turn(next: Option<NextBaton>) {
    let Some((next, own)) = next else { return };
    // Without a next one the turn stays here.
    if let Some(next) = next {
        next.grant();
        own.take();
    }
}

impl Simulation {
    fn add(&mut self, state: ThreadState, time: u64) -> usize {
        let thread = self.threads.len();
        let turn = Arc::default();
        self.threads.push(VirtualThread { time, state, is_late: false, age: 0, turn });
        if state == ThreadState::Ready {
            self.queue.push(Reverse((time, thread, 0)));
        }
        thread
    }

    fn change(&mut self, thread: usize, state: ThreadState, until: Option<u64>) {
        let own = &mut self.threads[thread];
        own.state = state;
        own.age += 1;
        let due = match state {
            ThreadState::Ready => Some(own.time),
            _ => until,
        };
        let age = own.age;
        self.queue.extend(due.map(|due| Reverse((due, thread, age))));
    }

    /// Returns the first entry of the queue that still holds.
    fn first(&mut self) -> Option<Reverse<(u64, usize, u64)>> {
        loop {
            let first = *self.queue.peek()?;
            let Reverse((_, thread, age)) = first;
            if self.threads[thread].age == age {
                return Some(first);
            }
            self.queue.pop();
        }
    }

    fn next_if_ahead(&mut self, me: usize) -> Option<NextBaton> {
        let Reverse((time, _, _)) = self.first()?;
        if self.threads[me].time <= time + QUANTUM {
            return None;
        }
        self.change(me, ThreadState::Ready, None);
        Some(self.next_in_place_of(me))
    }

    /// Chooses the thread that runs next; it may be this one.
    fn next_in_place_of(&mut self, me: usize) -> NextBaton {
        let own = self.threads[me].turn.clone();
        let Some(Reverse((time, thread, _))) = self.first() else {
            let are_all_over = self.threads.iter().all(|thread| thread.state == ThreadState::Ended);
            if !are_all_over {
                for (index, thread) in self.threads.iter().enumerate() {
                    eprintln!("thread {index}: {:?}", thread.state);
                }
                eprintln!("deadlock: no virtual thread can go on");
                std::process::abort();
            }
            return (None, own);
        };
        self.queue.pop();
        let next = &mut self.threads[thread];
        next.is_late = matches!(next.state, ThreadState::Waiting(_));
        next.time = next.time.max(time);
        if next.is_late {
            self.waiting.retain(|other| *other != thread);
        }
        self.change(thread, ThreadState::Running, None);
        if thread == me {
            return (None, own);
        }
        (Some(self.threads[thread].turn.clone()), own)
    }
}
