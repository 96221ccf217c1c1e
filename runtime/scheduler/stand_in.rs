//! Stand-ins: threads that run what waits while every worker is stuck in a poll.
//!
//! A stand-in is no worker: it has no ring of tasks, which somebody would have to rescue if it got stuck as well, and no
//! part of the driver. It polls what is in the injector; what its polls wake goes there again; the lookout serves what they
//! ask the driver and the timers for. A local task that is spawned in such a poll stays on the stand-in's thread, which then
//! lives until that task has ended.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::primitive::{clock, thread};
use crate::scheduler::park::Parker;
use crate::scheduler::pinned::Mailbox;
use crate::scheduler::{Home, Shared, current};
use crate::task::{OwnedTasks, Runnable};

thread::thread_local! {
    static POST: RefCell<Option<Arc<Post>>> = const { RefCell::new(None) };
}

/// What other threads may touch of a stand-in.
pub(super) struct Post {
    mailbox: Mailbox,
    /// Its live pinned tasks.
    pub(super) pinned: OwnedTasks,
    parker: Arc<Parker>,
    /// When its present poll began, in nanoseconds since the scheduler began. Zero: it polls nothing.
    began: AtomicU64,
    is_dismissed: AtomicBool,
    has_ended: AtomicBool,
}

/// The post of this thread, if it stands in.
pub(super) fn here() -> Option<Arc<Post>> {
    POST.try_with(|post| post.borrow().clone()).ok().flatten()
}

impl Post {
    /// Takes in a pinned task that is due.
    pub(super) fn receive(&self, task: Runnable) {
        self.mailbox.post(task);
        self.parker.unpark();
    }

    fn is_dismissed(&self) -> bool {
        // Ordering: Relaxed, [one-token]: the unparking that follows makes the stand-in look.
        self.is_dismissed.load(Ordering::Relaxed)
    }

    fn poll(&self, shared: &Shared, task: Runnable) {
        let since_epoch = clock::now().saturating_duration_since(shared.epoch).as_nanos() as u64;
        // Ordering: Relaxed, both: the lookout judges by its distance from a look, nothing is published.
        self.began.store(since_epoch.max(1), Ordering::Relaxed);
        task.run();
        self.began.store(0, Ordering::Relaxed);
    }

    /// Runs what waits until it is dismissed, and what is pinned here until that has ended.
    fn work(&self, shared: &Shared) {
        let mut due = VecDeque::new();
        while shared.closing().is_none() {
            self.mailbox.take_all(&mut due);
            if let Some(task) = due.pop_front() {
                self.poll(shared, task);
            }
            let is_dismissed = self.is_dismissed();
            if is_dismissed && self.pinned.is_empty() {
                return;
            }
            match (!is_dismissed).then(|| shared.injector.pop()).flatten() {
                Some(task) => self.poll(shared, task),
                None if due.is_empty() => self.parker.park(),
                None => {}
            }
        }
        self.pinned.close_and_shutdown_all(0);
        due.drain(..).for_each(drop);
        while !self.pinned.is_empty() {
            self.mailbox.take_all(&mut due);
            due.drain(..).for_each(drop);
        }
    }
}

/// A stand-in, as the lookout has it.
pub(super) struct Hired {
    post: Arc<Post>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Hired {
    /// Starts one. `None`: the runtime ends, or the system refuses a thread.
    pub(super) fn begin(shared: &Arc<Shared>) -> Option<Hired> {
        if !shared.take_in_stand_in() {
            return None;
        }
        let post = Arc::new(Post {
            mailbox: Mailbox::new(),
            pinned: OwnedTasks::new(1),
            parker: Parker::new(),
            began: AtomicU64::new(0),
            is_dismissed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        });
        let mut builder = thread::Builder::new().name("heist-stand-in".to_owned());
        if let Some(bytes) = shared.blocking().stack_size() {
            builder = builder.stack_size(bytes);
        }
        let (there, home) = (post.clone(), Home::new(shared.clone()));
        match builder.spawn(move || stand_in(&home, there)) {
            Ok(thread) => Some(Hired { post, thread: Some(thread) }),
            Err(_) => {
                shared.forget_worker();
                None
            }
        }
    }

    /// Something waits.
    pub(super) fn call(&self) {
        self.post.parker.unpark();
    }

    /// It is to go when its present poll has ended.
    pub(super) fn dismiss(&self) {
        // Ordering: Relaxed, [one-token]: the unparking publishes it.
        if !self.post.is_dismissed.swap(true, Ordering::Relaxed) {
            self.call();
        }
    }

    pub(super) fn is_dismissed(&self) -> bool {
        self.post.is_dismissed()
    }

    /// Whether it polls one task for so long.
    pub(super) fn is_stuck(&self, epoch: Instant, now: Instant, stall: Duration) -> bool {
        // Ordering: Relaxed, as in `Post::poll`.
        let began = self.post.began.load(Ordering::Relaxed);
        began != 0 && now.saturating_duration_since(epoch + Duration::from_nanos(began)) >= stall
    }

    /// Whether its thread has ended. If so, it is joined.
    pub(super) fn is_gone(&mut self) -> bool {
        // Ordering: Relaxed: the join publishes what there is.
        let has_ended = self.post.has_ended.load(Ordering::Relaxed);
        if has_ended {
            self.join();
        }
        has_ended
    }

    /// The runtime ends.
    pub(super) fn call_to_the_end(mut self) {
        self.call();
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Panics of tasks are caught where they are polled.
            let _ = thread.join();
        }
    }
}

/// The life of a stand-in's thread.
fn stand_in(home: &Arc<Home>, post: Arc<Post>) {
    let shared = home.shared();
    shared.count_stand_in();
    let _driver = shared.driver().enter();
    let _timers = shared.timers().enter();
    let _runtime = current::enter_runtime(home.clone());
    let _no_blocking = current::forbid_blocking();
    POST.with(|place| place.replace(Some(post.clone())));
    post.work(shared);
    POST.with(|place| place.replace(None));
    shared.discount_stand_in();
    // Without meeting the others: it has no part of the driver to close.
    shared.forget_worker();
    // Ordering: Relaxed, as in `is_gone`.
    post.has_ended.store(true, Ordering::Relaxed);
}
