//! What Linux reports of processes and of the machine, read from outside.

use std::fs;
use std::time::Duration;

/// What the threads of a process and of its children have used so far. Threads that have ended are not in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Threads {
    /// Time on a processor.
    pub(crate) run: Duration,
    /// Time that runnable threads waited for a processor.
    pub(crate) delay: Duration,
    /// Context switches because a thread waited.
    pub(crate) voluntary_count: u64,
    /// Context switches because another thread was to run.
    pub(crate) involuntary_count: u64,
}

impl Threads {
    /// Those of process `id` and of its children.
    pub(crate) fn of(id: u32) -> Self {
        let mut total = Threads::default();
        for process in std::iter::once(id).chain(children(id)) {
            let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
            for thread in threads.flatten() {
                // A thread may end between the two.
                let Some(one) = Threads::of_one(&thread.path().to_string_lossy()) else { continue };
                total = total.plus(one);
            }
        }
        total
    }

    fn of_one(directory: &str) -> Option<Self> {
        let times = fs::read_to_string(format!("{directory}/schedstat")).ok()?;
        let mut times = times.split_whitespace().map(str::parse);
        let mut next_time = || times.next()?.ok().map(Duration::from_nanos);
        let status = fs::read_to_string(format!("{directory}/status")).ok()?;
        let count = |name: &str| -> Option<u64> {
            status.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
        };
        Some(Threads {
            run: next_time()?,
            delay: next_time()?,
            voluntary_count: count("voluntary_ctxt_switches:")?,
            involuntary_count: count("nonvoluntary_ctxt_switches:")?,
        })
    }

    fn plus(self, other: Self) -> Self {
        Threads {
            run: self.run + other.run,
            delay: self.delay + other.delay,
            voluntary_count: self.voluntary_count + other.voluntary_count,
            involuntary_count: self.involuntary_count + other.involuntary_count,
        }
    }

    /// What was used between `earlier` and this.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Threads {
            run: self.run.saturating_sub(earlier.run),
            delay: self.delay.saturating_sub(earlier.delay),
            voluntary_count: self.voluntary_count.saturating_sub(earlier.voluntary_count),
            involuntary_count: self.involuntary_count.saturating_sub(earlier.involuntary_count),
        }
    }
}

/// The processes that process `id` has started.
fn children(id: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("procfs is mounted").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|&process| parent(process) == Some(id)).collect()
}

fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in brackets, may have spaces and brackets in it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// What the processors have done since the machine started, in clock ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    busy_ticks: u64,
    idle_ticks: u64,
}

impl Machine {
    /// As of now: the first line of `/proc/stat`.
    pub(crate) fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").expect("procfs is mounted");
        let line =
            text.lines().next().and_then(|line| line.strip_prefix("cpu ")).expect("the sum comes first");
        let numbers: Vec<u64> =
            line.split_whitespace().take(8).map(|number| number.parse().expect("a number")).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal
        let idle_ticks = numbers[3] + numbers[4];
        Machine { busy_ticks: numbers.iter().sum::<u64>() - idle_ticks, idle_ticks }
    }

    /// The share of all processors that was idle between `earlier` and this, from nothing to one.
    pub(crate) fn idle_share_since(self, earlier: Self) -> f64 {
        let idle = (self.idle_ticks - earlier.idle_ticks) as f64;
        let busy = (self.busy_ticks - earlier.busy_ticks) as f64;
        if idle + busy == 0.0 { 0.0 } else { idle / (idle + busy) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Machine, Threads, parent};

    #[test]
    fn a_process_that_works_has_run() {
        let (before, machine) = (Threads::of(std::process::id()), Machine::now());
        let mut number = 1_u64;
        for _ in 0..50_000_000 {
            number = std::hint::black_box(number.wrapping_mul(3));
        }
        let used = Threads::of(std::process::id()).since(before);
        assert!(used.run.as_micros() > 1_000, "{used:?}");
        let share = Machine::now().idle_share_since(machine);
        assert!((0.0..=1.0).contains(&share));
    }

    #[test]
    fn a_child_knows_its_parent() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(parent(child.id()), Some(std::process::id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
