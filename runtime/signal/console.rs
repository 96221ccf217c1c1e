#![expect(unsafe_code, reason = "installs a handler of the console")]
//! The events of a console, and who listens for them. The system calls the handler on a thread of
//! its own, which may wake tasks.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
    SetConsoleCtrlHandler,
};

use crate::primitive::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConsoleEvent {
    CtrlC,
    CtrlBreak,
    Close,
    Logoff,
    Shutdown,
}

impl ConsoleEvent {
    fn of(code: u32) -> Option<ConsoleEvent> {
        match code {
            CTRL_C_EVENT => Some(ConsoleEvent::CtrlC),
            CTRL_BREAK_EVENT => Some(ConsoleEvent::CtrlBreak),
            CTRL_CLOSE_EVENT => Some(ConsoleEvent::Close),
            CTRL_LOGOFF_EVENT => Some(ConsoleEvent::Logoff),
            CTRL_SHUTDOWN_EVENT => Some(ConsoleEvent::Shutdown),
            _ => None,
        }
    }

    /// Whether the system ends the process when the handler returns.
    fn is_the_end(self) -> bool {
        match self {
            ConsoleEvent::CtrlC | ConsoleEvent::CtrlBreak => false,
            ConsoleEvent::Close | ConsoleEvent::Logoff | ConsoleEvent::Shutdown => true,
        }
    }
}

/// One who listens. Dropping it ends that.
#[derive(Debug)]
pub(super) struct ConsoleListener {
    event: ConsoleEvent,
    number: u64,
}

struct ConsoleState {
    next: u64,
    is_installed: bool,
    listeners: BTreeMap<(ConsoleEvent, u64), ConsoleWait>,
}

#[derive(Default)]
struct ConsoleWait {
    has_come: bool,
    waker: Option<Waker>,
}

fn state() -> &'static Mutex<ConsoleState> {
    static STATE: OnceLock<Mutex<ConsoleState>> = OnceLock::new();
    STATE
        .get_or_init(|| Mutex::new(ConsoleState { next: 0, is_installed: false, listeners: BTreeMap::new() }))
}

impl ConsoleListener {
    pub(super) fn new(event: ConsoleEvent) -> io::Result<ConsoleListener> {
        let mut state = state().lock();
        if !state.is_installed {
            // SAFETY: the handler is a function, and stays installed.
            if unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } == 0 {
                return Err(io::Error::last_os_error());
            }
            state.is_installed = true;
        }
        state.next += 1;
        let number = state.next;
        state.listeners.insert((event, number), ConsoleWait::default());
        Ok(ConsoleListener { event, number })
    }

    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let fresh = cx.waker().clone();
        let mut state = state().lock();
        let wait = state.listeners.entry((self.event, self.number)).or_default();
        let has_come = mem::take(&mut wait.has_come);
        let old = if has_come { wait.waker.take() } else { wait.waker.replace(fresh) };
        drop(state);
        drop(old);
        if has_come { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for ConsoleListener {
    fn drop(&mut self) {
        let wait = state().lock().listeners.remove(&(self.event, self.number));
        drop(wait);
    }
}

/// Returns whether anyone listens. If not, the next handler or the default action has the event.
unsafe extern "system" fn on_event(code: u32) -> i32 {
    let Some(event) = ConsoleEvent::of(code) else { return 0 };
    let mut wakers = Vec::new();
    let mut is_heard = false;
    for (_, wait) in state().lock().listeners.range_mut((event, 0)..=(event, u64::MAX)) {
        is_heard = true;
        wait.has_come = true;
        wakers.extend(wait.waker.take());
    }
    wakers.into_iter().for_each(Waker::wake);
    // The program has until the system loses its patience.
    while is_heard && event.is_the_end() {
        std::thread::park();
    }
    i32::from(is_heard)
}
