//! The one thread that looks for the events that all opens wait for. It lives as long as there is a
//! waiter.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, pipe_with, tee};

use super::meeting::Waiter;
use crate::driver::file::Descriptor;
use crate::primitive::sync::Mutex;
use crate::task::wake_all;

/// Limits of the time between two looks at one waiter, which is an eighth of the time that it has
/// waited.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// Waiters that are due within this time are looked at as well, so that many waiters do not cause
/// many sleeps.
const SLACK: Duration = Duration::from_millis(5);

struct WatchState {
    newcomers: Vec<Arc<Waiter>>,
    /// Ends the thread's sleep. Some while there is a thread.
    eventfd_of_thread: Option<Arc<OwnedFd>>,
    /// The process that has the thread, because a forked child has none.
    process: u32,
}

fn shared() -> &'static Mutex<WatchState> {
    static STATE: OnceLock<Mutex<WatchState>> = OnceLock::new();
    STATE
        .get_or_init(|| Mutex::new(WatchState { newcomers: Vec::new(), eventfd_of_thread: None, process: 0 }))
}

/// Adds a waiter. Starts the thread if there is none.
pub(super) fn add(waiter: Arc<Waiter>) -> io::Result<()> {
    let mut shared = shared().lock();
    let process = std::process::id();
    let eventfd_of_thread = match &shared.eventfd_of_thread {
        Some(eventfd_of_thread) if shared.process == process => eventfd_of_thread.clone(),
        _ => {
            let eventfd_of_thread = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
            let heard = eventfd_of_thread.clone();
            thread::Builder::new()
                .name("heist-open".to_owned())
                .stack_size(64 * 1024)
                .spawn(move || watch(&heard))?;
            (shared.eventfd_of_thread, shared.process) = (Some(eventfd_of_thread.clone()), process);
            shared.newcomers.clear();
            eventfd_of_thread
        }
    };
    shared.newcomers.push(waiter);
    signal(&eventfd_of_thread);
    Ok(())
}

/// Wakes the thread because a future waits no more.
pub(super) fn wake_thread() {
    if let Some(eventfd_of_thread) = &shared().lock().eventfd_of_thread {
        signal(eventfd_of_thread);
    }
}

fn signal(eventfd_of_thread: &OwnedFd) {
    // If the counter is full, the thread is about to wake up as well.
    let _ = rustix::io::write(eventfd_of_thread, &1_u64.to_ne_bytes());
}

struct WatchedWaiter {
    waiter: Arc<Waiter>,
    since: Instant,
    due: Instant,
}

/// The main function of the thread.
fn watch(eventfd_of_thread: &OwnedFd) {
    let mut watched: Vec<WatchedWaiter> = Vec::new();
    let mut scratch = Scratch(None);
    loop {
        watched.retain(|watched| watched.waiter.is_waiting());
        {
            let mut shared = shared().lock();
            let now = Instant::now();
            let newcomers = shared.newcomers.drain(..);
            watched.extend(newcomers.map(|waiter| WatchedWaiter { waiter, since: now, due: now }));
            if watched.is_empty() {
                // The next waiter starts another thread.
                shared.eventfd_of_thread = None;
                return;
            }
        }
        let seen = sleep(eventfd_of_thread, &watched);
        let now = Instant::now();
        let mut wakers = Vec::new();
        for (WatchedWaiter { waiter, since, due }, is_seen) in watched.iter_mut().zip(seen) {
            if is_seen || *due <= now + SLACK {
                waiter.look(|reader| is_seen || scratch.has_writer(reader), &mut wakers);
                *due = now + ((now - *since) / 8).clamp(PAUSE_MIN, PAUSE_MAX);
            }
        }
        wake_all(wakers);
    }
}

/// Sleeps until a waiter is due, a wake-up is sent, or a reader sees its other end. Returns which
/// readers do.
fn sleep(eventfd_of_thread: &OwnedFd, watched: &[WatchedWaiter]) -> Vec<bool> {
    let readers: Vec<_> = watched.iter().map(|watched| watched.waiter.reader()).collect();
    let mut fds = vec![PollFd::new(eventfd_of_thread, PollFlags::IN)];
    fds.extend(readers.iter().flatten().map(|reader| PollFd::new(reader.file(), PollFlags::IN)));
    let due = watched.iter().map(|watched| watched.due).min();
    let pause = due.map_or(PAUSE_MAX, |due| due.saturating_duration_since(Instant::now()));
    let timeout = Timespec::try_from(pause).ok();
    if poll(&mut fds, timeout.as_ref()).is_err_and(|error| error != Errno::INTR) {
        // Most likely out of memory: continue without the events, but not without a pause.
        thread::sleep(PAUSE_MAX);
    }
    if !fds[0].revents().is_empty() {
        let _ = rustix::io::read(eventfd_of_thread, &mut [0; 8]);
    }
    let mut events = fds[1..].iter().map(|fd| !fd.revents().is_empty());
    readers.iter().map(|reader| reader.is_some() && events.next() == Some(true)).collect()
}

/// A pipe to look with.
struct Scratch(Option<(OwnedFd, OwnedFd)>);

impl Scratch {
    /// Whether the FIFO has a writer now. `tee(2)` takes no bytes, and distinguishes an empty pipe
    /// from one without writers.
    fn has_writer(&mut self, reader: &Descriptor) -> bool {
        if self.0.is_none() {
            self.0 = pipe_with(PipeFlags::CLOEXEC).ok();
        }
        let Some((_, room)) = &self.0 else { return false };
        match tee(reader.file().as_fd(), room, 1, SpliceFlags::NONBLOCK) {
            Ok(0) => false,
            Ok(_) => {
                // With a byte in it, it cannot be used again.
                self.0 = None;
                true
            }
            Err(error) => error == Errno::AGAIN,
        }
    }
}
