//! How far a model is explored.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use super::explored::Explored;
use super::world;
use crate::primitive::explorer::{Bounds, Depth, KIND, explore};

/// loom has room for five threads: the one that runs the program, these, and one of the program's.
const WORKERS_MAX: usize = 3;

/// Explores a program, within bounds.
///
/// Which bounds count depends on the build: `preemptions`, `depth`, `branches` and `interleavings`
/// under loom, `schedules`, `priority_changes`, `seed` and `replay` under shuttle, `repetitions` in
/// a normal one.
///
/// # Examples
/// ```
/// use heist::model::Explorer;
///
/// let explored = Explorer::new().preemptions(1).schedules(500).repetitions(10).check(|| async {
///     let task = heist::spawn(async { 6 * 7 });
///     assert_eq!(task.await.unwrap(), 42);
/// });
/// assert!(explored.runs() > 0);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an explorer does nothing before `check`"]
pub struct Explorer {
    workers: usize,
    bounds: Bounds,
}

impl Default for Explorer {
    fn default() -> Explorer {
        Explorer::new()
    }
}

impl Explorer {
    /// The bounds that [`model`](fn@super::model) has. Variables of the environment go before them,
    /// if they are set: `HEIST_MODEL_PREEMPTIONS`, `HEIST_MODEL_SCHEDULES`, `HEIST_MODEL_SEED`,
    /// `HEIST_MODEL_REPLAY` and `HEIST_MODEL_REPETITIONS`.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().check(|| async {});
    /// ```
    pub fn new() -> Explorer {
        let bounds = Bounds {
            preemptions_max: variable("HEIST_MODEL_PREEMPTIONS").or(Some(2)),
            branches_max: 50_000,
            depth: Depth::Program,
            interleavings_max: None,
            schedules: variable("HEIST_MODEL_SCHEDULES").unwrap_or(1_000),
            priority_changes: 5,
            seed: variable("HEIST_MODEL_SEED"),
            replay: variable("HEIST_MODEL_REPLAY").map(|schedule: String| without_breaks(&schedule)),
            steps_max: 1_000_000,
            repetitions: variable("HEIST_MODEL_REPETITIONS").unwrap_or(100),
            time_max: None,
        };
        Explorer { workers: 1, bounds }
    }

    /// The number of workers that run tasks, beside the thread that runs the program itself. 0
    /// means a current-thread runtime: the tasks and the program take turns on one thread. Default:
    /// 1.
    ///
    /// Each worker multiplies what loom has to try; the guide's chapter
    /// [model](crate::guide::model) has figures.
    ///
    /// # Panics
    /// Panics if there are more than 3: loom has room for five threads.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().worker_threads(0).check(|| async {
    ///     heist::spawn(async {}).await.unwrap();
    /// });
    /// ```
    #[track_caller]
    pub fn worker_threads(mut self, count: usize) -> Explorer {
        assert!(count <= WORKERS_MAX, "a model has at most {WORKERS_MAX} workers, not {count}");
        self.workers = count;
        self
    }

    /// How many times loom takes the turn from a thread that could go on, in one interleaving;
    /// `None`: any number of times. Default: 2.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().preemptions(3).check(|| async {});
    /// ```
    pub fn preemptions(mut self, count_max: impl Into<Option<usize>>) -> Explorer {
        self.bounds.preemptions_max = variable("HEIST_MODEL_PREEMPTIONS").or(count_max.into());
        self
    }

    /// The steps of one interleaving at which loom has a choice. One that has more of them counts
    /// as endless, and the model fails. Default: 50,000.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().branches(1_000_000).check(|| async {});
    /// ```
    pub fn branches(mut self, count_max: usize) -> Explorer {
        self.bounds.branches_max = count_max;
        self
    }

    /// Which steps loom reorders. Default: those of the program.
    ///
    /// # Examples
    /// ```
    /// use heist::model::{Depth, Explorer};
    ///
    /// Explorer::new().depth(Depth::Runtime).preemptions(1).check(|| async {});
    /// ```
    pub fn depth(mut self, depth: Depth) -> Explorer {
        self.bounds.depth = depth;
        self
    }

    /// After how many interleavings loom stops, whatever is left. Default: when it has tried all.
    ///
    /// # Examples
    /// ```
    /// let explored = heist::model::Explorer::new().interleavings(1_000).check(|| async {});
    /// assert!(explored.runs() <= 1_000);
    /// ```
    pub fn interleavings(mut self, count_max: usize) -> Explorer {
        self.bounds.interleavings_max = Some(count_max);
        self
    }

    /// How many schedules of each kind shuttle tries: a random turn at each step, the same with
    /// threads
    /// that stand still for up to 1,024 steps, and random priorities. Default: 1,000.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().schedules(20_000).check(|| async {});
    /// ```
    pub fn schedules(mut self, count: usize) -> Explorer {
        self.bounds.schedules = variable("HEIST_MODEL_SCHEDULES").unwrap_or(count);
        self
    }

    /// At how many places of a schedule shuttle changes the priorities. Default: 5.
    ///
    /// # Panics
    /// Panics if it is 0.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().priority_changes(3).check(|| async {});
    /// ```
    #[track_caller]
    pub fn priority_changes(mut self, count: usize) -> Explorer {
        assert!(count > 0, "priorities change at least once");
        self.bounds.priority_changes = count;
        self
    }

    /// Makes shuttle try the same schedules at each run. Default: other ones at each run.
    ///
    /// # Examples
    /// ```
    /// heist::model::Explorer::new().seed(7).check(|| async {});
    /// ```
    pub fn seed(mut self, seed: u64) -> Explorer {
        self.bounds.seed = Some(variable("HEIST_MODEL_SEED").unwrap_or(seed));
        self
    }

    /// Makes shuttle try one schedule only: the text between the quotes that it printed when the
    /// model failed, with or without its line breaks. Default: none.
    ///
    /// # Examples
    /// ```no_run
    /// heist::model::Explorer::new().replay("910102b2a5e4f3").check(|| async {});
    /// ```
    pub fn replay(mut self, schedule: &str) -> Explorer {
        self.bounds.replay = Some(without_breaks(schedule));
        self
    }

    /// How often a normal build runs the program, on real threads. Default: 100.
    ///
    /// # Examples
    /// ```
    /// let explored = heist::model::Explorer::new().repetitions(10).check(|| async {});
    /// assert!(explored.runs() >= 10 || cfg!(any(rt_loom, rt_shuttle)));
    /// ```
    pub fn repetitions(mut self, count: usize) -> Explorer {
        self.bounds.repetitions = variable("HEIST_MODEL_REPETITIONS").unwrap_or(count);
        self
    }

    /// Begins no further run after this time. Default: no limit.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// heist::model::Explorer::new().time_limit(Duration::from_secs(60)).check(|| async {});
    /// ```
    pub fn time_limit(mut self, limit: Duration) -> Explorer {
        self.bounds.time_max = Some(limit);
        self
    }

    /// Runs the program in every way within the bounds, each time on a runtime of its own, and
    /// prints how many ways there were.
    ///
    /// # Panics
    /// Panics with the program, and if no thread of it can go on. It prints how to see the same run
    /// again.
    ///
    /// # Examples
    /// ```
    /// let explored = heist::model::Explorer::new().check(|| async {
    ///     assert_eq!(heist::spawn(async { 42 }).await.unwrap(), 42);
    /// });
    /// assert!(explored.runs() > 1);
    /// ```
    pub fn check<F, P>(&self, program: F) -> Explored
    where
        F: Fn() -> P + Send + Sync + 'static,
        P: Future<Output = ()>,
    {
        let workers = self.workers;
        let tried = explore(&self.bounds, move || world::run(workers, &program));
        let name = std::thread::current().name().unwrap_or("model").to_owned();
        // One write: a test harness writes to the same place, and scripts read the line.
        let line = format!("explored {name} {} {KIND}\n", tried.runs);
        eprint!("{line}");
        Explored::new(tried)
    }
}

/// A number of the environment.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let word = std::env::var(name).ok()?;
    match word.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is {word:?}, and must be a number"),
    }
}

/// A schedule as shuttle takes it. It prints long ones in several lines.
fn without_breaks(schedule: &str) -> String {
    schedule.split_whitespace().collect()
}
