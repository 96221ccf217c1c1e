//! The simulated kernel of the `Fake`: the operations in flight, the sleepers, and a clock.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::mem;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use crate::driver::file;
use crate::driver::op::Op;
use crate::driver::slots::SlotId;
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};
#[cfg(rt_shuttle)]
use crate::primitive::{is_drawn, thread};

/// While a worker is awake, time passes at one in this many turns of the clock.
#[cfg(rt_shuttle)]
const HURRY: u32 = 256;

/// The identity of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Path(CString),
    Socket(RawFd),
}

impl Subject {
    pub(super) fn of(op: &Op) -> Subject {
        match op {
            Op::Ready { source, .. } => Subject::Socket(source.socket().as_raw_fd()),
            Op::Connect { source, .. } => Subject::Socket(source.socket().as_raw_fd()),
            Op::File(flight) => {
                let file::Request::Remove { path, .. } = &*flight.request() else {
                    unreachable!("not supported: {op:?}");
                };
                Subject::Path(path.as_c_str().to_owned())
            }
            Op::Send { .. } => unreachable!("not supported: {op:?}"),
        }
    }
}

/// An entry of a completion queue.
#[derive(Debug)]
pub(super) enum Answer {
    /// The doorbell was rung.
    Noise,
    /// The terminal completion, and whether it reports a cancel.
    End(SlotId, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    Awake,
    Until(Option<Instant>),
}

#[derive(Debug)]
struct Ring {
    in_flight: Vec<(SlotId, Subject)>,
    answers: Vec<Answer>,
    sleep: Sleep,
}

/// Answers operations when a test asks for it, and lets workers sleep.
#[derive(Debug)]
pub(crate) struct Kernel {
    state: Mutex<State>,
    /// One for each sleeper.
    beds: Box<[Condvar]>,
    /// Notified when a worker goes to sleep, or when the clock is to stop.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    rings: Vec<Ring>,
    /// Operations that end as soon as they begin.
    done: HashSet<Subject>,
    is_clock_stopped: bool,
}

impl Kernel {
    pub(super) fn new(workers_count: usize) -> Kernel {
        let ring = || Ring { in_flight: Vec::new(), answers: Vec::new(), sleep: Sleep::Awake };
        let rings = (0..workers_count).map(|_| ring()).collect();
        Kernel {
            state: Mutex::new(State { rings, done: HashSet::new(), is_clock_stopped: false }),
            beds: (0..workers_count).map(|_| Condvar::new()).collect(),
            changed: Condvar::new(),
        }
    }

    /// Keeps its memory out of a count, because a real kernel's is no part of the runtime.
    #[cfg(rt_count)]
    pub(super) fn leave_out(&self) {
        crate::primitive::count::leave_out(std::slice::from_ref(self));
        crate::primitive::count::leave_out(&self.beds);
    }

    /// Ends the operations on `path`: those in flight and those to come.
    pub(crate) fn end(&self, path: &CStr) {
        self.finish(Subject::Path(path.to_owned()));
    }

    /// From now on the socket is ready.
    pub(crate) fn make_ready(&self, socket: RawFd) {
        self.finish(Subject::Socket(socket));
    }

    pub(crate) fn is_ready(&self, socket: RawFd) -> bool {
        self.state.lock().done.contains(&Subject::Socket(socket))
    }

    fn finish(&self, subject: Subject) {
        let mut state = self.state.lock();
        for (index, ring) in state.rings.iter_mut().enumerate() {
            let (ended, left) =
                mem::take(&mut ring.in_flight).into_iter().partition(|(_, other)| *other == subject);
            let ended: Vec<(SlotId, Subject)> = ended;
            ring.in_flight = left;
            if !ended.is_empty() {
                ring.answers.extend(ended.into_iter().map(|(slot, _)| Answer::End(slot, false)));
                self.rouse(index, ring);
            }
        }
        state.done.insert(subject);
    }

    pub(super) fn begin(&self, index: usize, slot: SlotId, subject: Subject) {
        let mut state = self.state.lock();
        if state.done.contains(&subject) {
            state.rings[index].answers.push(Answer::End(slot, false));
        } else {
            state.rings[index].in_flight.push((slot, subject));
        }
    }

    /// Cancels an operation. One that has ended gets no further completion.
    pub(super) fn cancel(&self, index: usize, slot: SlotId) {
        let mut state = self.state.lock();
        let ring = &mut state.rings[index];
        if let Some(place) = ring.in_flight.iter().position(|(other, _)| *other == slot) {
            ring.in_flight.swap_remove(place);
            ring.answers.push(Answer::End(slot, true));
        }
    }

    pub(super) fn post(&self, index: usize, answer: Answer) {
        let mut state = self.state.lock();
        let ring = &mut state.rings[index];
        ring.answers.push(answer);
        self.rouse(index, ring);
    }

    fn rouse(&self, index: usize, ring: &mut Ring) {
        if mem::replace(&mut ring.sleep, Sleep::Awake) != Sleep::Awake {
            self.beds[index].notify_one();
        }
    }

    pub(super) fn has_completions(&self, index: usize) -> bool {
        !self.state.lock().rings[index].answers.is_empty()
    }

    pub(super) fn take_answers(&self, index: usize) -> Vec<Answer> {
        mem::take(&mut self.state.lock().rings[index].answers)
    }

    pub(super) fn sleep(&self, index: usize, timeout: Option<Duration>) {
        let mut state = self.state.lock();
        if timeout == Some(Duration::ZERO) || !state.rings[index].answers.is_empty() {
            return;
        }
        state.rings[index].sleep = Sleep::Until(timeout.map(|timeout| clock::now() + timeout));
        self.changed.notify_all();
        #[cfg(rt_loom)]
        self.let_time_pass(&mut state);
        while state.rings[index].sleep != Sleep::Awake {
            #[cfg(rt_count)]
            if let Some(timeout) = timeout {
                let is_late;
                (state, is_late) = self.state.wait_timeout(&self.beds[index], state, timeout);
                if is_late {
                    state.rings[index].sleep = Sleep::Awake;
                }
                continue;
            }
            state = wait(&self.beds[index], state);
        }
    }

    /// Loom has no thread for the clock: time passes when all workers sleep, up to the first of
    /// their deadlines.
    #[cfg(rt_loom)]
    fn let_time_pass(&self, state: &mut State) {
        let hour = |ring: &Ring| match ring.sleep {
            Sleep::Until(hour) => hour,
            Sleep::Awake => None,
        };
        if state.rings.iter().any(|ring| ring.sleep == Sleep::Awake) {
            return;
        }
        let sleepers = state.rings.iter().enumerate();
        let first = sleepers.filter_map(|(index, ring)| Some((hour(ring)?, index))).min();
        if let Some((hour, index)) = first {
            clock::advance_to(hour);
            self.rouse(index, &mut state.rings[index]);
        }
    }

    /// The main function of the thread that lets time pass: it moves the clock to the first
    /// sleeper's deadline. It does so at once if all workers sleep. While others are awake it does
    /// so now and then, because two sentinels that were both awake at every look would never go to
    /// sleep.
    #[cfg(rt_shuttle)]
    pub(crate) fn run_clock(&self) {
        let mut state = self.state.lock();
        while !state.is_clock_stopped {
            let hour = |ring: &Ring| match ring.sleep {
                Sleep::Until(hour) => hour,
                Sleep::Awake => None,
            };
            let sleepers = state.rings.iter().enumerate();
            let first = sleepers.filter_map(|(index, ring)| Some((hour(ring)?, index))).min();
            let Some((hour, index)) = first else {
                state = wait(&self.changed, state);
                continue;
            };
            let is_anyone_awake = state.rings.iter().any(|ring| ring.sleep == Sleep::Awake);
            if !is_anyone_awake || is_drawn(HURRY) {
                clock::advance_to(hour);
                self.rouse(index, &mut state.rings[index]);
            }
            drop(state);
            // Where schedules go by priority, the clock would otherwise keep all others waiting.
            thread::yield_now();
            state = self.state.lock();
        }
    }

    #[cfg(rt_shuttle)]
    pub(crate) fn stop_clock(&self) {
        self.state.lock().is_clock_stopped = true;
        self.changed.notify_all();
    }

    /// Waits until every worker sleeps without a time-out. If one never does, shuttle reports it.
    pub(crate) fn wait_until_all_sleep(&self) {
        let mut state = self.state.lock();
        while state.rings.iter().any(|ring| ring.sleep != Sleep::Until(None)) {
            state = wait(&self.changed, state);
        }
    }
}
