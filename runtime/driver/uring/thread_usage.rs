//! What the system has counted for the calling thread.
#![expect(
    unsafe_code,
    reason = "no library offers the usage of one thread without features that nothing else needs"
)]

use std::mem::MaybeUninit;
use std::time::Duration;

/// What the system has counted for a thread since its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadUsage {
    pub(super) cpu: Duration,
    /// How often it lost its core while it could have gone on.
    pub(super) interruptions: u64,
}

impl ThreadUsage {
    /// One system call.
    pub(super) fn now() -> ThreadUsage {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the kernel writes one `rusage`, for which there is room.
        let outcome = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
        debug_assert_eq!(outcome, 0, "the calling thread can always be asked about");
        // SAFETY: all zeros are a valid `rusage`, and so is what the kernel wrote.
        let usage = unsafe { usage.assume_init() };
        let time = |time: libc::timeval| {
            Duration::new(time.tv_sec as u64, 0) + Duration::from_micros(time.tv_usec as u64)
        };
        ThreadUsage {
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
            interruptions: usage.ru_nivcsw as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ThreadUsage;

    #[test]
    fn a_thread_that_computes_has_used_its_cpu() {
        let begin = ThreadUsage::now();
        while ThreadUsage::now().cpu == begin.cpu {
            std::hint::spin_loop();
        }
        assert!(ThreadUsage::now().interruptions >= begin.interruptions);
    }
}
