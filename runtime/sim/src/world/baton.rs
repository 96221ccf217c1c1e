//! Where a simulated thread waits until it is its turn.
#![expect(unsafe_code, reason = "waits and wakes by the system's futex, below the simulated one")]

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::interpose::real;

const AWAY: u32 = 0;
const HERE: u32 = 1;
const RETIRED: u32 = 2;

/// The turn of one thread. It is passed on, never shared: in a world one thread at a time has it.
pub(crate) struct Baton {
    state: AtomicU32,
}

impl Baton {
    pub(crate) const fn new() -> Baton {
        Baton { state: AtomicU32::new(AWAY) }
    }

    /// Gives the turn to the thread that waits here, or will.
    pub(crate) fn pass(&self) {
        self.set(HERE);
    }

    /// There is no turn any more: the thread ends where it waits.
    pub(crate) fn retire(&self) {
        self.set(RETIRED);
    }

    fn set(&self, state: u32) {
        // Ordering: Release, [one-turn]: who takes the turn sees all that was done before.
        self.state.store(state, Ordering::Release);
        // SAFETY: the word outlives the call, and a wake reads nothing but its address.
        unsafe {
            real::SYSCALL.get()(
                libc::SYS_futex,
                &raw const self.state,
                libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                1,
            );
        }
    }

    /// Waits for the turn, in real time. If it never comes, the thread ends here: nothing on its
    /// stack is dropped, as when the system kills a process.
    pub(crate) fn wait(&self) {
        // Ordering: Acquire, [one-turn]: pairs with `set`. A turn is taken once.
        while let Err(state) = self.state.compare_exchange(HERE, AWAY, Ordering::Acquire, Ordering::Acquire) {
            if state == RETIRED {
                // SAFETY: it ends this thread alone, which holds no lock of the process here. What
                // is on its stack stays there.
                unsafe { real::SYSCALL.get()(libc::SYS_exit, 0) };
            }
            // SAFETY: the word outlives the call, and there is no time-out to be read.
            unsafe {
                real::SYSCALL.get()(
                    libc::SYS_futex,
                    &raw const self.state,
                    libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                    AWAY,
                    ptr::null::<libc::timespec>(),
                );
            }
        }
    }
}
