//! Makes threads that compute enter the kernel for a moment.
//!
//! With `COOP_TASKRUN` the kernel posts a completion when its owner enters the kernel. An owner
//! that only computes does so at the timer interrupt, which may be 4 ms or 10 ms away. A memory
//! barrier for the whole process interrupts every core that runs one of its threads, and on the way
//! back from an interrupt the kernel posts the completions that it holds back.
//!
//! A process must announce such barriers. If it has more than one thread, the kernel then waits
//! until every core has gone through its scheduler. That takes 10 to 18 ms at 250 Hz, and a
//! runtime's first clients would have to wait as long. So a separate thread makes the announcement,
//! once. A worker that is stuck in the meantime is helped at the timer interrupt.

use std::sync::Once;
use std::thread;

use rustix::thread::{MembarrierCommand, membarrier};

/// Announces to the kernel that this process will ask for barriers. Returns before the kernel
/// grants them.
///
/// A refusal by a kernel or a sandbox is not an error: completions then wait for the timer
/// interrupt.
pub(super) fn prepare() {
    static IS_PREPARED: Once = Once::new();
    IS_PREPARED.call_once(|| {
        let announce = || {
            let _ = membarrier(MembarrierCommand::RegisterPrivateExpedited);
        };
        if thread::Builder::new().name("heist-prepare".into()).spawn(announce).is_err() {
            announce();
        }
    });
}

/// Interrupts every thread of this process that runs now.
pub(super) fn owners() {
    let _ = membarrier(MembarrierCommand::PrivateExpedited);
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::{Arc, mpsc};
    use std::time::{Duration, Instant};
    use std::{env, io, thread};

    use super::{MembarrierCommand, membarrier};
    use crate::driver::{Driver, DriverKind, Options};

    const LIMIT: Duration = Duration::from_secs(60);
    /// A kernel that grants barriers this quickly lets no thread wait.
    const HURRY: Duration = Duration::from_millis(1);

    fn ring() -> io::Result<Arc<Driver>> {
        Driver::new(&Options { kind: DriverKind::Uring, workers: 2, ..Options::default() })
    }

    fn is_refused() -> bool {
        membarrier(MembarrierCommand::PrivateExpedited).is_err()
    }

    /// Prints whether the driver was built first, or the kernel was quick.
    #[test]
    #[ignore = "the child of the test below: a process announces once"]
    fn child() {
        let (_end, ended) = mpsc::channel::<()>();
        let _other = thread::spawn(move || ended.recv());
        assert!(is_refused(), "nobody has announced anything");
        let _driver = ring().expect("the parent has tried");
        let is_first = is_refused();
        // Another announcement, which takes as long.
        let started = Instant::now();
        let _ = membarrier(MembarrierCommand::RegisterGlobalExpedited);
        let is_in_a_hurry = started.elapsed() < HURRY;
        while is_refused() {
            assert!(started.elapsed() < LIMIT, "announced, and still refused");
            thread::yield_now();
        }
        println!("fine => {}", is_first || is_in_a_hurry);
    }

    fn child_is_fine() -> bool {
        let output = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "driver::uring::interrupt::tests::child", "--ignored", "--nocapture"])
            .output()
            .expect("run the child");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success() && text.contains("fine => "), "{text}");
        text.contains("fine => true")
    }

    #[test]
    fn a_driver_is_built_before_the_kernel_grants_barriers() {
        if membarrier(MembarrierCommand::RegisterPrivateExpedited).is_err() {
            eprintln!("SKIPPED: no barriers here");
            return;
        }
        if let Err(error) = ring() {
            eprintln!("SKIPPED: io_uring is refused here: {error}");
            return;
        }
        let started = Instant::now();
        // A child that was kept from its core for as long proves nothing, so one success is enough.
        while !child_is_fine() {
            assert!(started.elapsed() < LIMIT, "building the driver waits for the kernel");
        }
    }
}
