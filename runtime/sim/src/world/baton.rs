//! Where a simulated thread waits until it is its turn.
#![expect(unsafe_code, reason = "ends a thread where it waits")]

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::current::within;
use crate::interpose::real;

/// Into so many parts a limit of real time is cut.
const PARTS: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Away,
    Here,
    /// It never comes again.
    Retired,
}

/// The turn of one thread. It is passed on, never shared: in a world one thread at a time has it
/// [one-turn].
pub(crate) struct Baton {
    turn: Mutex<Turn>,
    changed: Condvar,
}

impl Baton {
    pub(crate) const fn new() -> Baton {
        Baton { turn: Mutex::new(Turn::Away), changed: Condvar::new() }
    }

    /// Gives the turn to the thread that waits here, or will.
    pub(crate) fn pass(&self) {
        self.set(Turn::Here);
    }

    /// There is no turn any more: the thread ends where it waits.
    pub(crate) fn retire(&self) {
        self.set(Turn::Retired);
    }

    /// The lock and the condition are real ones, whoever calls.
    fn set(&self, turn: Turn) {
        within(|| {
            *self.lock() = turn;
            self.changed.notify_one();
        });
    }

    /// Waits for the turn, in real time. If it never comes, the thread ends here: nothing on its
    /// stack is dropped, as when the system kills a process.
    pub(crate) fn wait(&self) {
        within(|| {
            let away = |turn: &mut Turn| *turn == Turn::Away;
            let mut turn = self.changed.wait_while(self.lock(), away).unwrap_or_else(PoisonError::into_inner);
            if *turn == Turn::Retired {
                drop(turn);
                // SAFETY: it ends this thread alone. Its stack stays, so that nothing that others
                // refer to becomes invalid; a lock that it holds stays locked.
                unsafe { real::SYSCALL.get()(libc::SYS_exit, 0) };
                unreachable!("the thread has ended");
            }
            *turn = Turn::Away;
        });
    }

    /// Waits for the turn as a thread outside of the world. Returns `false` if that takes longer
    /// than `limit`, in real time. While the whole machine stands still, nothing is late: a long
    /// stop counts as one part of the time.
    pub(crate) fn wait_outside(&self, limit: Duration) -> bool {
        let mut turn = self.lock();
        for _ in 0..PARTS {
            if *turn != Turn::Away {
                return true;
            }
            let waited = self.changed.wait_timeout(turn, limit / PARTS);
            turn = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *turn != Turn::Away
    }

    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
