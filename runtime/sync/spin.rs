//! The pauses of a loop that waits for a few steps of another thread.

#[cfg(any(rt_loom, rt_shuttle))]
use crate::primitive::thread;

pub(super) struct Spin {
    #[cfg_attr(any(rt_loom, rt_shuttle), expect(dead_code, reason = "explorers choose"))]
    rounds_count: u32,
}

impl Spin {
    pub(super) fn new() -> Spin {
        Spin { rounds_count: 0 }
    }

    /// Spins, longer each time, and then yields to the system. An explorer runs another thread.
    #[cold]
    pub(super) fn wait(&mut self) {
        #[cfg(any(rt_loom, rt_shuttle))]
        thread::yield_now();
        #[cfg(not(any(rt_loom, rt_shuttle)))]
        {
            const SPINS_COUNT_LOG_MAX: u32 = 6;
            if self.rounds_count > SPINS_COUNT_LOG_MAX {
                return std::thread::yield_now();
            }
            for _ in 0..1 << self.rounds_count {
                std::hint::spin_loop();
            }
            self.rounds_count += 1;
        }
    }
}
