//! How the turn passes from thread to thread: the calls that the interposed functions make.
//!
//! [one-turn]: one thread of a world runs at a time. It has the turn, and passes it on before it
//! waits. So the order of all calls is one sequence, and the seed alone decides it.

use std::sync::MutexGuard;

use super::current::Here;
use super::events::Event;
use super::threads::{ThreadId, WaitKey};
use super::{Env, World};
use crate::kernel::Kernel;

/// What an attempt of a call came to.
pub(crate) enum Attempt<R> {
    Done(R),
    /// It is tried again after one of these was woken.
    Wait(Vec<WaitKey>),
}

impl Here {
    /// A step of this thread: the call costs time, others may go first, and then `f` happens at
    /// once.
    pub(crate) fn step<R>(&self, call: &'static str, which: u64, f: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.begin_step(call, which);
        f(&mut world)
    }

    /// A step in the kernel.
    pub(crate) fn call<R>(
        &self,
        call: &'static str,
        which: u64,
        f: impl FnOnce(&mut Kernel, &mut Env<'_>) -> R,
    ) -> R {
        self.step(call, which, |world| {
            let (kernel, mut env) = world.kernel_and_env();
            f(kernel, &mut env)
        })
    }

    /// A look at the clock: a step that passes no turn on.
    pub(crate) fn look<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.member().shared.lock();
        world.now += 25;
        f(&mut world)
    }

    /// A step in the kernel that may have to wait, until it is done or the time has come: `None`.
    /// `until` is in nanoseconds of the world.
    pub(crate) fn wait<R>(
        &self,
        call: &'static str,
        which: u64,
        until: Option<u64>,
        mut attempt: impl FnMut(&mut Kernel, &mut Env<'_>) -> Attempt<R>,
    ) -> Option<R> {
        let mut world = self.begin_step(call, which);
        loop {
            let (kernel, mut env) = world.kernel_and_env();
            let keys = match attempt(kernel, &mut env) {
                Attempt::Done(answer) => return Some(answer),
                Attempt::Wait(keys) => keys,
            };
            if until.is_some_and(|until| until <= world.now) {
                return None;
            }
            let timed_out;
            (world, timed_out) = self.block(world, &keys, until);
            if timed_out {
                let (kernel, mut env) = world.kernel_and_env();
                return match attempt(kernel, &mut env) {
                    Attempt::Done(answer) => Some(answer),
                    Attempt::Wait(_) => None,
                };
            }
        }
    }

    /// Waits once for one of the keys. Returns `false` if the time came first.
    pub(crate) fn wait_once(
        &self,
        call: &'static str,
        which: u64,
        until: Option<u64>,
        key: impl FnOnce(&mut World) -> Option<WaitKey>,
    ) -> Option<bool> {
        let mut world = self.begin_step(call, which);
        let key = key(&mut world)?;
        if until.is_some_and(|until| until <= world.now) {
            return Some(false);
        }
        let (_world, has_timed_out) = self.block(world, &[key], until);
        Some(!has_timed_out)
    }

    /// Sleeps until a time of the world.
    pub(crate) fn sleep_until(&self, until: u64) {
        let world = self.begin_step("sleep", 0);
        if until > world.now {
            drop(self.block(world, &[], Some(until)));
        }
    }

    /// Whether the task of this thread lets others run. A step: the thread may do so as well.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.begin_step("await", 0).chooser.is_interrupted()
    }

    /// Lets every other thread that is ready go first, by chance.
    pub(crate) fn yield_now(&self) {
        let mut world = self.begin_step("yield", 0);
        world.threads.yield_turn(self.thread());
        drop(self.pass_on(world, None));
    }

    fn begin_step(&self, call: &'static str, which: u64) -> MutexGuard<'static, World> {
        let id = self.thread();
        let mut world = self.member().shared.lock();
        world.now += world.chooser.cost();
        world.happen();
        world.note(id, call, which);
        let step = world.history.steps_count();
        if step >= world.steps_limit {
            let text = format!(
                "it made {step} calls, the limit: does a thread run in a circle? (`Builder::steps_limit`)"
            );
            self.fail(world, text);
        }
        let World { chooser, threads, .. } = &mut *world;
        if chooser.is_turn_over(step, id, threads) && !threads.ready().is_empty() {
            threads.yield_turn(id);
            return self.pass_on(world, Some(id));
        }
        world
    }

    fn block(
        &self,
        mut world: MutexGuard<'static, World>,
        keys: &[WaitKey],
        until: Option<u64>,
    ) -> (MutexGuard<'static, World>, bool) {
        let id = self.thread();
        if let Some(until) = world.threads.block(id, keys, until) {
            world.events.plan(until, Event::Timeout(id));
        }
        let mut world = self.pass_on(world, None);
        let has_timed_out = world.threads.has_timed_out(id);
        (world, has_timed_out)
    }

    /// Chooses who is next, and returns when this thread is. It must not be running any more.
    /// `going_on` is this thread, if it does not wait.
    pub(super) fn pass_on(
        &self,
        mut world: MutexGuard<'static, World>,
        going_on: Option<ThreadId>,
    ) -> MutexGuard<'static, World> {
        if let Some(next) = world.next_turn(going_on) {
            if next == self.thread() {
                return world;
            }
            let baton = world.threads.get(next).baton.clone();
            drop(world);
            baton.pass();
        } else {
            drop(world);
            self.member().shared.over.pass();
        }
        self.member().baton.wait();
        self.member().shared.lock()
    }

    /// Ends the world with a reason. This thread never goes on.
    fn fail(&self, mut world: MutexGuard<'static, World>, reason: String) -> ! {
        world.failure.get_or_insert(reason);
        drop(world);
        self.member().shared.over.pass();
        loop {
            self.member().baton.wait();
        }
    }
}

impl World {
    /// Chooses the next thread, and lets time pass until there is one. `None`: the world is over.
    pub(super) fn next_turn(&mut self, going_on: Option<ThreadId>) -> Option<ThreadId> {
        loop {
            self.happen();
            if let Some(place) = self.chooser.choose(&self.threads, going_on) {
                return Some(self.threads.run(place));
            }
            if self.has_outside && self.threads.wake_those_let_go_outside(self.events.is_empty()) {
                continue;
            }
            match self.events.next_at() {
                Some(at) if at <= self.time_limit => self.now = self.now.max(at),
                Some(_) => {
                    let limit = std::time::Duration::from_nanos(self.time_limit);
                    self.fail_with(&format!(
                        "it was not over after {limit:?} of its time (`Builder::time_limit`)"
                    ));
                    return None;
                }
                None => {
                    self.fail_with("every thread waits, and nothing will happen: a deadlock");
                    return None;
                }
            }
        }
    }

    pub(super) fn fail_with(&mut self, reason: &str) {
        let threads = self.threads.describe().join("\n  ");
        self.failure.get_or_insert(format!("{reason}\n  {threads}"));
    }
}
