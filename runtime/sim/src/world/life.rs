//! How threads and worlds begin and end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::current::{Here, Member, enter, join_world, leave_world};
use super::schedule::Decision;
use super::threads::ThreadId;
use super::{Options, Shared, World};
use crate::interpose;
use crate::kernel::HostId;

/// How long a world that takes too long is looked at.
const WATCHED: Duration = Duration::from_millis(200);

/// How a world ended.
pub(crate) struct Ended<R> {
    pub(crate) outcome: Result<R, WorldFailure>,
    /// A hash of all that happened.
    pub(crate) hash: u64,
    pub(crate) steps_count: u64,
    /// In nanoseconds of the world.
    pub(crate) lasted: u64,
    pub(crate) story: String,
    /// The choices of its schedule that were remembered.
    pub(crate) decisions: Vec<Decision>,
    /// How many faults of links there were to happen.
    pub(crate) faults_count: u64,
}

/// Why a world did not end by the end of its root.
pub(crate) enum WorldFailure {
    /// The root panicked, or the main function of a host.
    Panicked(Box<dyn Any + Send>),
    /// Nothing could happen any more, or too much happened.
    Stuck(String),
}

/// What a new thread needs to be one of a world.
pub(crate) struct Admission(Member);

impl Admission {
    /// As [`take_part`](Self::take_part), for a thread that was not made by a call of the program:
    /// its end is one in the world as well.
    pub(crate) fn take_part_as_birth(self) {
        interpose::end_with_thread();
        self.take_part();
    }

    /// Makes this thread the one of the world, and returns when it has the turn.
    pub(crate) fn take_part(self) {
        let baton = self.0.baton.clone();
        join_world(self.0);
        baton.wait();
    }
}

/// Runs `root` in a new world, on a thread of its own, and waits for its end in real time. Threads
/// that are still there then end where they wait.
pub(crate) fn run<R: Send + 'static>(
    options: &Options,
    root: impl FnOnce() -> R + Send + 'static,
) -> Ended<R> {
    interpose::keep();
    let shared = Shared::new(options);
    let start = begin_thread(&shared, &mut shared.lock(), HostId::ROOT, "root".to_owned());
    let first = shared.lock().next_turn(None);
    debug_assert_eq!(first, Some(start.0.id), "it is the only thread");
    let (answer, baton) = (Arc::new(Mutex::new(None)), start.0.baton.clone());
    let place = answer.clone();
    let body = move || {
        start.take_part();
        let result = catch_unwind(AssertUnwindSafe(root));
        let here = enter().expect("the root is in its world");
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        here.end_world();
    };
    baton.pass();
    let thread = std::thread::Builder::new().name("root".to_owned()).spawn(body);
    thread.expect("the system has a thread for the root");
    match options.real_limit {
        None => shared.over.wait(),
        Some(limit) if shared.over.wait_outside(limit) => {}
        Some(limit) => shared.give_up(limit),
    }
    let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    conclude(&shared, options, answer)
}

impl Shared {
    /// Ends the world because it takes too long in real time, and says what it does.
    fn give_up(&self, limit: Duration) {
        let so_far = |world: &World| (world.history.steps_count(), world.now);
        let (before, began) = so_far(&self.lock());
        std::thread::sleep(WATCHED);
        let mut world = self.lock();
        let (after, now) = so_far(&world);
        let moves = match after - before {
            0 => "no more: a thread computes for ever, or waits for something real".to_owned(),
            count => format!("{count} of them, and {} ns of its time, in the last {WATCHED:?}", now - began),
        };
        world.fail_with(&format!(
            "it was not over after {limit:?} of real time and {after} calls; it makes {moves}"
        ));
    }
}

fn conclude<R>(shared: &Shared, options: &Options, answer: Option<std::thread::Result<R>>) -> Ended<R> {
    let mut world = shared.lock();
    world.threads.retire_all();
    let outcome = match (world.failure.take(), world.panic.take(), answer) {
        (_, Some(panic), _) | (None, None, Some(Err(panic))) => Err(WorldFailure::Panicked(panic)),
        (Some(reason), None, _) => Err(WorldFailure::Stuck(reason)),
        (None, None, Some(Ok(answer))) => Ok(answer),
        (None, None, None) => Err(WorldFailure::Stuck("the root ended without an answer".to_owned())),
    };
    Ended {
        outcome,
        hash: world.history.hash(),
        steps_count: world.history.steps_count(),
        lasted: world.now,
        story: if options.is_traced { world.trace() } else { world.history.story() },
        decisions: world.chooser.take_decisions(),
        faults_count: world.kernel.network.faults_count(),
    }
}

/// Adds a thread to the world, which takes its turns from the time at which it takes part.
fn begin_thread(shared: &Arc<Shared>, world: &mut World, host: HostId, name: String) -> Admission {
    let priority = world.chooser.priority();
    let (id, baton) = world.threads.add(host, name, priority);
    Admission(Member { shared: shared.clone(), id, host, baton })
}

impl Here {
    /// Adds a thread to the host of this one, or to another.
    pub(crate) fn begin_thread(&self, host: HostId, name: String) -> (ThreadId, Admission) {
        let shared = &self.member().shared;
        let start = self.step("spawn", u64::from(host.0), |world| begin_thread(shared, world, host, name));
        (start.0.id, start)
    }

    /// Takes back a thread that the system refused.
    pub(crate) fn forget_thread(&self, thread: ThreadId) {
        self.step("no-thread", u64::from(thread.0), |world| world.threads.end(thread));
    }

    /// The end of this thread: the turn passes on, and what it still does is real.
    pub(crate) fn end_thread(self) {
        let member = self.member();
        let next = self.step("end", u64::from(member.id.0), |world| {
            world.threads.end(member.id);
            world.next_turn(None).map(|next| world.threads.get(next).baton.clone())
        });
        leave_world();
        match next {
            Some(baton) => baton.pass(),
            None => member.shared.over.pass(),
        }
    }

    /// The end of the world, because its root has ended. This thread goes on outside of it.
    fn end_world(self) {
        let member = self.member();
        leave_world();
        member.shared.over.pass();
    }

    /// The end of the world, because the main function of a host has panicked. Never returns.
    pub(crate) fn end_world_by_panic(&self, panic: Box<dyn Any + Send>) {
        self.step("panic", 0, |world| world.panic = Some(panic));
        self.member().shared.over.pass();
        self.member().baton.wait();
    }

    /// No thread of the host runs until it is resumed. If this is one of them, it returns then.
    pub(crate) fn pause(&self, host: HostId) {
        self.step("pause", u64::from(host.0), |world| world.threads.pause(host));
        if host == self.host() {
            self.yield_now();
        }
    }

    pub(crate) fn resume(&self, host: HostId) {
        self.step("resume", u64::from(host.0), |world| world.threads.resume(host));
    }

    /// Ends every thread of a host, where they wait, and closes its descriptors. If this is one of
    /// them, it does not return.
    pub(crate) fn kill(&self, host: HostId) {
        let batons = self.step("kill", u64::from(host.0), |world| {
            let batons = world.threads.end_all_of(host);
            let (kernel, mut env) = world.kernel_and_env();
            kernel.crash(host, &mut env);
            kernel.begin_disk_again(host, !batons.is_empty(), &mut env);
            batons
        });
        let is_own = host == self.host();
        batons.iter().for_each(|baton| baton.retire());
        if is_own {
            let world = self.member().shared.lock();
            drop(self.pass_on(world, None));
        }
    }
}
