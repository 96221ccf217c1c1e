//! The threads of a world: which run, which wait, and for what.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::baton::Baton;
use crate::interpose;
use crate::kernel::{HostId, NumberMap, ObjectId};

/// A thread of a world; 0 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ThreadId(pub(crate) u32);

/// What a thread can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WaitKey {
    /// A wake at this address, which had this value.
    Futex(FutexWord),
    /// A change of a socket, a pipe, or what else has a descriptor.
    Object(ObjectId),
    /// The end of a thread.
    Thread(ThreadId),
}

/// A word of the program that threads wait at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FutexWord {
    pub(crate) address: usize,
    /// What it was when the wait began. All waits at a word are of one kind.
    pub(crate) value: u32,
}

impl PartialEq for FutexWord {
    fn eq(&self, other: &FutexWord) -> bool {
        self.address == other.address
    }
}

impl Eq for FutexWord {}

impl Hash for FutexWord {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}

/// How often, and how long each time, a world that can do nothing more looks whether a thread
/// outside lets go of a lock.
const LOOKS_OUTSIDE: u32 = 1500;
const LOOK_OUTSIDE: Duration = Duration::from_millis(2);

/// The life of a thread.
///
/// | state | `block` | `wake` | chosen | `finish` | `kill` |
/// |---|---|---|---|---|---|
/// | ready | – | ready | running | – | dead |
/// | running | blocked | running | – | dead | dead |
/// | blocked | – | ready | – | – | dead |
/// | dead | – | dead | – | – | dead |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    Running,
    Blocked,
    /// It has ended, or its host has crashed.
    Dead,
}

pub(crate) struct SimThread {
    pub(crate) host: HostId,
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) baton: Arc<Baton>,
    /// By which a schedule with priorities chooses.
    pub(crate) priority: u64,
    waits_for: Vec<WaitKey>,
    /// When its wait ends by itself.
    until: Option<u64>,
    /// When the queue of events next mentions it: a wait that ends early leaves its entry there.
    planned_at: Option<u64>,
    has_timed_out: bool,
}

impl SimThread {
    /// When the time-out is to be planned, if the queue of events does not mention it in time.
    fn plan_time_out(&mut self) -> Option<u64> {
        let until = self.until?;
        let is_planned = self.planned_at.is_some_and(|planned_at| planned_at <= until);
        if is_planned {
            return None;
        }
        self.planned_at = Some(until);
        Some(until)
    }
}

/// The threads of a world.
#[derive(Default)]
pub(crate) struct Threads {
    all: Vec<SimThread>,
    ready: Vec<ThreadId>,
    /// Hosts that stand still, and their threads that would be ready.
    paused: BTreeMap<HostId, Vec<ThreadId>>,
    /// Looked up, never walked through: its order says nothing.
    waiting: NumberMap<WaitKey, Vec<ThreadId>>,
}

impl Threads {
    /// Adds a thread, which is ready.
    pub(crate) fn add(&mut self, host: HostId, name: String, priority: u64) -> (ThreadId, Arc<Baton>) {
        let id = ThreadId(u32::try_from(self.all.len()).expect("fewer threads than numbers"));
        let baton = Arc::new(Baton::new());
        self.all.push(SimThread {
            host,
            name,
            state: State::Ready,
            baton: baton.clone(),
            priority,
            waits_for: Vec::new(),
            until: None,
            planned_at: None,
            has_timed_out: false,
        });
        self.list_ready(id);
        (id, baton)
    }

    pub(crate) fn get(&self, id: ThreadId) -> &SimThread {
        &self.all[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> &mut SimThread {
        &mut self.all[id.0 as usize]
    }

    pub(crate) fn is_alive(&self, id: ThreadId) -> bool {
        self.get(id).state != State::Dead
    }

    pub(crate) fn first_alive_of(&self, host: HostId) -> Option<ThreadId> {
        let is_alive = |thread: &SimThread| thread.host == host && thread.state != State::Dead;
        let place = self.all.iter().position(is_alive)?;
        Some(ThreadId(u32::try_from(place).expect("fewer threads than numbers")))
    }

    pub(crate) fn is_any_alive_of(&self, host: HostId) -> bool {
        self.first_alive_of(host).is_some()
    }

    pub(crate) fn ready(&self) -> &[ThreadId] {
        &self.ready
    }

    /// Makes a ready thread the one that runs.
    pub(crate) fn run(&mut self, place: usize) -> ThreadId {
        let id = self.ready.remove(place);
        self.get_mut(id).state = State::Running;
        id
    }

    /// The thread that runs goes back to those that are ready.
    pub(crate) fn yield_turn(&mut self, id: ThreadId) {
        self.get_mut(id).state = State::Ready;
        self.list_ready(id);
    }

    fn list_ready(&mut self, id: ThreadId) {
        let host = self.get(id).host;
        self.paused.get_mut(&host).unwrap_or(&mut self.ready).push(id);
    }

    /// From now on no thread of the host is chosen.
    pub(crate) fn pause(&mut self, host: HostId) {
        let all = &self.all;
        let is_of_host = |id: &ThreadId| all[id.0 as usize].host == host;
        let (stopped, others) = std::mem::take(&mut self.ready).into_iter().partition(is_of_host);
        self.ready = others;
        self.paused.entry(host).or_default().extend::<Vec<ThreadId>>(stopped);
    }

    /// The threads of the host are chosen again.
    pub(crate) fn resume(&mut self, host: HostId) {
        self.ready.extend(self.paused.remove(&host).unwrap_or_default());
    }

    /// The thread that runs waits for one of the keys, or until a time. Returns when its time-out
    /// is to be planned, if it is not yet.
    #[must_use]
    pub(crate) fn block(&mut self, id: ThreadId, keys: &[WaitKey], until: Option<u64>) -> Option<u64> {
        for key in keys {
            self.waiting.entry(*key).or_default().push(id);
        }
        let thread = self.get_mut(id);
        thread.state = State::Blocked;
        thread.waits_for.clear();
        thread.waits_for.extend_from_slice(keys);
        thread.until = until;
        thread.has_timed_out = false;
        thread.plan_time_out()
    }

    /// Called by a thread that runs again. Returns whether its time-out ended the wait.
    pub(crate) fn has_timed_out(&mut self, id: ThreadId) -> bool {
        std::mem::take(&mut self.get_mut(id).has_timed_out)
    }

    /// The queue of events mentions the thread: its wait ends if it has a time-out that is due.
    /// Returns when its time-out is to be planned, if it is not yet.
    #[must_use]
    pub(crate) fn time_out(&mut self, id: ThreadId, now: u64) -> Option<u64> {
        let thread = self.get_mut(id);
        // An entry of a wait that ended early, when there is an earlier one, changes nothing.
        if thread.planned_at.is_some_and(|planned_at| planned_at <= now) {
            thread.planned_at = None;
        }
        if thread.state != State::Blocked {
            return None;
        }
        if thread.until.is_some_and(|until| until <= now) {
            thread.has_timed_out = true;
            self.make_ready(id);
            return None;
        }
        thread.plan_time_out()
    }

    /// Wakes the threads that wait for a lock which a thread outside of the world has let go. If
    /// the world `is_over` otherwise, it looks for a while. Returns whether there are any.
    pub(crate) fn wake_those_let_go_outside(&mut self, is_over: bool) -> bool {
        for _ in 0..if is_over { LOOKS_OUTSIDE } else { 1 } {
            let waits = self.all.iter().enumerate().flat_map(|(number, thread)| {
                thread.waits_for.iter().map(move |key| (ThreadId(number as u32), *key))
            });
            let let_go = |(_, key): &(ThreadId, WaitKey)| match key {
                WaitKey::Futex(word) => interpose::word_at(word.address) != word.value,
                _ => false,
            };
            let found: Vec<ThreadId> = waits.filter(let_go).map(|(id, _)| id).collect();
            found.iter().for_each(|id| self.make_ready(*id));
            if !found.is_empty() {
                return true;
            }
            if is_over {
                std::thread::sleep(LOOK_OUTSIDE);
            }
        }
        false
    }

    /// Wakes up to `count` threads that wait for this, in the order in which they began to wait.
    /// Returns how many.
    pub(crate) fn wake(&mut self, key: WaitKey, count: usize) -> usize {
        let Some(list) = self.waiting.get(&key) else { return 0 };
        let woken: Vec<ThreadId> = list.iter().copied().take(count).collect();
        woken.iter().for_each(|id| self.make_ready(*id));
        woken.len()
    }

    pub(crate) fn wake_all(&mut self, key: WaitKey) {
        self.wake(key, usize::MAX);
    }

    fn make_ready(&mut self, id: ThreadId) {
        self.stop_waiting(id);
        self.get_mut(id).state = State::Ready;
        self.list_ready(id);
    }

    fn stop_waiting(&mut self, id: ThreadId) {
        for key in std::mem::take(&mut self.get_mut(id).waits_for) {
            if let Some(list) = self.waiting.get_mut(&key) {
                list.retain(|other| *other != id);
                if list.is_empty() {
                    self.waiting.remove(&key);
                }
            }
        }
        self.get_mut(id).until = None;
    }

    /// The thread never runs again. Those that wait for its end are woken.
    pub(crate) fn end(&mut self, id: ThreadId) {
        self.stop_waiting(id);
        self.ready.retain(|other| *other != id);
        self.paused.values_mut().for_each(|stopped| stopped.retain(|other| *other != id));
        self.get_mut(id).state = State::Dead;
        self.wake_all(WaitKey::Thread(id));
    }

    /// Ends every thread of a host. Their batons are to be retired.
    pub(crate) fn end_all_of(&mut self, host: HostId) -> Vec<Arc<Baton>> {
        let ids = 0..u32::try_from(self.all.len()).expect("fewer threads than numbers");
        let of_host = |id: &ThreadId| self.get(*id).host == host && self.get(*id).state != State::Dead;
        let doomed: Vec<ThreadId> = ids.map(ThreadId).filter(of_host).collect();
        doomed.iter().for_each(|id| self.end(*id));
        self.paused.remove(&host);
        doomed.iter().map(|id| self.get(*id).baton.clone()).collect()
    }

    /// The world is over: every thread that is alive ends where it waits.
    pub(crate) fn retire_all(&mut self) {
        let living = self.all.iter().filter(|thread| thread.state != State::Dead);
        living.for_each(|thread| thread.baton.retire());
    }

    /// Each thread that there was, with its host and its name.
    pub(crate) fn names(&self) -> impl Iterator<Item = (ThreadId, HostId, &str)> {
        let number = |number| ThreadId(u32::try_from(number).expect("fewer threads than numbers"));
        let named = move |(at, thread)| {
            let SimThread { host, name, .. }: &SimThread = thread;
            (number(at), *host, name.as_str())
        };
        self.all.iter().enumerate().map(named)
    }

    /// Says of each living thread what it does, for a report.
    pub(crate) fn describe(&self) -> Vec<String> {
        let living = self.all.iter().enumerate().filter(|(_, thread)| thread.state != State::Dead);
        let line = |(number, thread): (usize, &SimThread)| {
            let name = if thread.name.is_empty() { "unnamed" } else { &thread.name };
            let waits = match thread.waits_for.first() {
                _ if thread.state != State::Blocked => format!("{:?}", thread.state).to_lowercase(),
                None => "sleeps".to_owned(),
                Some(WaitKey::Futex(_)) => "waits for a lock, a condition or a park".to_owned(),
                Some(WaitKey::Object(object)) => format!("waits for descriptor object {}", object.0),
                Some(WaitKey::Thread(other)) => format!("joins thread {}", other.0),
            };
            format!("thread {number} ({name}) of host {}: {waits}", thread.host.0)
        };
        living.map(line).collect()
    }
}
