//! What a process holds when nothing is going on. It comes back to this after each round, or something has leaked.

use std::fmt;
use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use heist::runtime::Handle;

use crate::violation::{MustWork, Violation};

/// How much more memory than after the first rounds may be in use: allocators keep some.
const MEMORY_KIB_MAX: u64 = 48 * 1024;

/// The name of the threads of the runtime of the rounds, in front of their numbers.
pub(crate) const WORKER_NAME: &str = "soak-worker";

/// How many of these threads there are, without stand-ins.
pub(crate) const WORKERS_COUNT: usize = 4;

/// Stand-ins of tasks that block in place do not end: there are as many as have been needed at once, which is three, and
/// another one for each that was still on its way back.
const STAND_INS_MAX: u64 = 6;

/// For how long the figures must not change, to count as those of rest.
const REST: Duration = Duration::from_millis(1500);

/// What is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    descriptors: u64,
    threads: u64,
    workers: u64,
    tasks: u64,
    operations: u64,
    timers: u64,
    memory_kib: u64,
}

impl Holdings {
    /// What is held now.
    fn read(handle: &Handle) -> io::Result<Holdings> {
        let metrics = handle.metrics();
        let threads = threads()?;
        let workers = threads.iter().filter(|name| name.starts_with(WORKER_NAME)).count() as u64;
        Ok(Holdings {
            // One of them is that of the directory itself.
            descriptors: fs::read_dir("/proc/self/fd")?.count() as u64 - 1,
            threads: threads.len() as u64 - workers,
            workers,
            tasks: metrics.num_alive_tasks() as u64,
            operations: metrics.num_operations_in_flight() as u64,
            timers: metrics.num_timers() as u64,
            memory_kib: resident_kib()?,
        })
    }

    /// Waits until nothing changes any more.
    pub(crate) fn at_rest(handle: &Handle, patience: Duration) -> Result<Holdings, Violation> {
        let end = Instant::now() + patience;
        let mut last = Holdings::read(handle).must("the reading of /proc")?;
        let mut since = Instant::now();
        while since.elapsed() < REST && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
            let now = Holdings::read(handle).must("the reading of /proc")?;
            if (Holdings { memory_kib: last.memory_kib, ..now }) != last {
                since = Instant::now();
            }
            last = now;
        }
        Ok(last)
    }

    /// What may be held beside operations that runtimes have left to the kernel: each keeps its descriptor for ever.
    pub(crate) fn beside_unreturned(self, operations_count: u64) -> Holdings {
        Holdings { descriptors: self.descriptors + operations_count, ..self }
    }

    /// Waits until no more is held than this, and returns what is held then.
    pub(crate) fn comes_back(&self, handle: &Handle, patience: Duration) -> Result<Holdings, Violation> {
        let end = Instant::now() + patience;
        loop {
            let now = Holdings::read(handle).must("the reading of /proc")?;
            let excess = self.excess(&now);
            if excess.is_empty() {
                return Ok(now);
            }
            if Instant::now() > end {
                let names = threads().must("the reading of /proc")?.join(", ");
                let excess = excess.join(", ");
                let text =
                    format!("not back at the base line after {patience:?}: {excess}; threads: {names}");
                return Err(Violation::new(text));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The larger of each figure.
    pub(crate) fn max(&self, other: &Holdings) -> Holdings {
        Holdings {
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
            // Not what happened to be needed so far.
            workers: WORKERS_COUNT as u64,
            tasks: self.tasks.max(other.tasks),
            operations: self.operations.max(other.operations),
            timers: self.timers.max(other.timers),
            memory_kib: self.memory_kib.max(other.memory_kib),
        }
    }

    /// The figures of `now` that are above these.
    fn excess(&self, now: &Holdings) -> Vec<String> {
        let rows = [
            ("descriptors", self.descriptors, now.descriptors, 0),
            ("threads", self.threads, now.threads, 0),
            ("workers and stand-ins", self.workers, now.workers, STAND_INS_MAX),
            ("tasks", self.tasks, now.tasks, 0),
            ("operations in flight", self.operations, now.operations, 0),
            ("timers", self.timers, now.timers, 0),
            ("KiB of memory", self.memory_kib, now.memory_kib, MEMORY_KIB_MAX),
        ];
        let is_above = |(_, base, found, more): &(&str, u64, u64, u64)| *found > base + more;
        let above = rows.into_iter().filter(is_above);
        above.map(|(name, base, found, _)| format!("{found} {name} instead of {base}")).collect()
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} descriptors, {} workers, {} other threads, {} tasks, {} operations, {} timers, {:.1} MiB",
            self.descriptors,
            self.workers,
            self.threads,
            self.tasks,
            self.operations,
            self.timers,
            self.memory_kib as f64 / 1024.0
        )
    }
}

/// The names of this process' threads, without those that may be there or not.
fn threads() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut is_lookout_known = false;
    for entry in fs::read_dir("/proc/self/task")? {
        // A thread may end meanwhile.
        let Ok(name) = fs::read_to_string(entry?.path().join("comm")) else { continue };
        let name = name.trim_end();
        // The runtime of the rounds starts its lookout when all workers are stuck for the first time.
        let is_first_lookout = name == "heist-lookout" && !is_lookout_known;
        is_lookout_known |= is_first_lookout;
        // Rings keep threads of the kernel's for some seconds.
        if !is_first_lookout && !name.starts_with("iou-") {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn resident_kib() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.ok_or_else(|| io::Error::other("no VmRSS in /proc/self/status"))
}

#[cfg(test)]
mod tests {
    use super::{Holdings, MEMORY_KIB_MAX};

    #[test]
    fn more_of_anything_is_an_excess_and_less_is_none() {
        let base = Holdings { descriptors: 5, threads: 4, memory_kib: 1000, ..Holdings::default() };
        assert!(base.excess(&Holdings { descriptors: 4, ..base }).is_empty());
        assert!(base.excess(&Holdings { memory_kib: 1000 + MEMORY_KIB_MAX, ..base }).is_empty());
        let more = Holdings { descriptors: 6, tasks: 1, ..base };
        assert_eq!(base.excess(&more), ["6 descriptors instead of 5", "1 tasks instead of 0"]);
        assert_eq!(base.excess(&Holdings { memory_kib: 1001 + MEMORY_KIB_MAX, ..base }).len(), 1);
    }
}
