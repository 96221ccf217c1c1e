//! How a program makes a world, and what it learns of it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::world::{self, Decision, Ended, Options, Remembered, Schedule, WorldFailure};

/// What a world tells its runner.
pub(crate) struct Told {
    /// The choices of its schedule that were remembered.
    pub(crate) decisions: Vec<Decision>,
    /// How many faults of links were drawn.
    pub(crate) faults_count: u64,
}

/// What a world came to.
type Outcome<R> = Result<(R, Report), Box<Failure>>;

/// Worlds of one process come one after the other: a lock of std that both want, as that of the
/// standard error, would tie them together.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Makes worlds.
///
/// # Examples
/// ```
/// use std::thread;
///
/// let (sum, report) = heist_sim::Builder::new().seed(7).run(|| {
///     let threads: Vec<_> = (1..=3).map(|number| thread::spawn(move || number)).collect();
///     threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
/// })?;
/// assert_eq!(sum, 6);
/// println!("{} calls", report.steps_count);
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
}

/// What is known of a world that has ended.
///
/// # Examples
/// ```
/// let (_, report) = heist_sim::Builder::new().seed(7).run(|| {})?;
/// let (_, again) = heist_sim::Builder::new().seed(7).run(|| {})?;
/// assert_eq!(report, again);
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A hash of all that happened: two runs of a seed have the same.
    pub hash: u64,
    /// How many calls its threads made.
    pub steps_count: u64,
    /// How long it lasted, in its own time.
    pub lasted: Duration,
    /// The last steps, one per line, if the builder keeps any.
    pub story: String,
}

/// A world that did not end well.
///
/// # Examples
/// ```
/// let failure = heist_sim::Builder::new().seed(7).run(|| assert_eq!(1, 2)).unwrap_err();
/// assert_eq!(failure.seed, 7);
/// assert!(failure.reason.contains("left: 1"));
/// ```
pub struct Failure {
    /// The seed that makes the world again.
    pub seed: u64,
    /// What went wrong.
    pub reason: String,
    /// What is known of the world.
    pub report: Report,
    /// What the program panicked with, if it did.
    pub panic: Option<Box<dyn Any + Send>>,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the world of seed {} failed: {}", self.seed, self.reason)
    }
}

impl std::error::Error for Failure {}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new()
    }
}

impl Builder {
    /// Seed 0, a random walk, a day at most.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().run(|| {})?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn new() -> Builder {
        Builder {
            options: Options {
                seed: 0,
                schedule: Schedule::RandomWalk { period: 8 },
                time_limit: 24 * 3600 * 1_000_000_000,
                steps_limit: 100_000_000,
                real_limit: None,
                has_outside: true,
                kept_count: 0,
                is_traced: false,
                remembered: Remembered::Nothing,
                faults: None,
            },
        }
    }

    /// Sets the seed. Default: 0.
    ///
    /// # Examples
    /// ```
    /// let draw = |seed| heist_sim::Builder::new().seed(seed).run(heist_sim::random);
    /// assert_eq!(draw(7)?, draw(7)?);
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn seed(&mut self, seed: u64) -> &mut Builder {
        self.options.seed = seed;
        self
    }

    /// Chooses between threads at random: at one call in `period`, and wherever one waits. Default,
    /// with a period of 8.
    ///
    /// # Panics
    /// Panics if `period` is 0.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().random_walk(2).run(|| {})?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[track_caller]
    pub fn random_walk(&mut self, period: u32) -> &mut Builder {
        assert!(period > 0, "a turn lasts at least one call");
        self.options.schedule = Schedule::RandomWalk { period };
        self
    }

    /// Gives threads priorities at random, runs the highest, and lowers that of the running thread
    /// at `changes` of the first `length` calls. A fault that needs few turns at just the right
    /// calls is found more often than by a random walk.
    ///
    /// Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with
    /// probabilistic guarantees of finding bugs", ASPLOS 2010.
    ///
    /// # Examples
    /// ```
    /// heist_sim::Builder::new().priorities(3, 10_000).run(|| {})?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn priorities(&mut self, changes: u32, length: u64) -> &mut Builder {
        self.options.schedule = Schedule::Priorities { changes, length };
        self
    }

    /// How long the world may last, in its own time: it fails when it is not over then. Default: a
    /// day.
    ///
    /// # Examples
    /// ```
    /// use std::thread::sleep;
    /// use std::time::Duration;
    ///
    /// let failure = heist_sim::Builder::new()
    ///     .time_limit(Duration::from_secs(60))
    ///     .run(|| sleep(Duration::from_secs(61)))
    ///     .unwrap_err();
    /// assert!(failure.reason.contains("60s"), "{failure}");
    /// ```
    pub fn time_limit(&mut self, limit: Duration) -> &mut Builder {
        self.options.time_limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self
    }

    /// How many calls the world may make: it fails at this one. Default: 100 million.
    ///
    /// # Examples
    /// ```
    /// let failure = heist_sim::Builder::new()
    ///     .steps_limit(1000)
    ///     .run(|| loop { std::thread::yield_now() })
    ///     .unwrap_err();
    /// assert!(failure.reason.contains("1000 calls"), "{failure}");
    /// ```
    pub fn steps_limit(&mut self, limit: u64) -> &mut Builder {
        self.options.steps_limit = limit;
        self
    }

    /// The world fails when it is not over after this, in real time. The process must end then.
    pub(crate) fn real_limit(&mut self, limit: Duration) -> &mut Builder {
        self.options.real_limit = Some(limit);
        self
    }

    /// The process has no other thread that shares a lock with the world.
    pub(crate) fn alone(&mut self) -> &mut Builder {
        self.options.has_outside = false;
        self
    }

    /// Keeps the last `count` steps for [`Report::story`]. Default: none.
    ///
    /// # Examples
    /// ```
    /// let (_, report) = heist_sim::Builder::new().keep_steps(10).run(std::thread::yield_now)?;
    /// assert!(report.story.contains("yield"), "{}", report.story);
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn keep_steps(&mut self, count: usize) -> &mut Builder {
        self.options.kept_count = count;
        self
    }

    /// Runs `root` in a new world, and returns what it returns. Threads that are still there then
    /// end where they are, and what they own stays in memory. Worlds of one process come one after
    /// the other; a test with many seeds has a process for each ([`run_test`](crate::run_test)).
    ///
    /// # Errors
    /// Fails if the root or the main function of a host panics, if nothing can happen any more, and
    /// if a limit is reached.
    ///
    /// # Examples
    /// ```
    /// let (answer, _report) = heist_sim::Builder::new().run(|| 6 * 7)?;
    /// assert_eq!(answer, 42);
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    pub fn run<R: Send + 'static>(
        &self,
        root: impl FnOnce() -> R + Send + 'static,
    ) -> Result<(R, Report), Box<Failure>> {
        self.run_to_tell(root).0
    }

    /// As [`run`](Self::run); also returns what only the runner wants to know.
    pub(crate) fn run_to_tell<R: Send + 'static>(
        &self,
        root: impl FnOnce() -> R + Send + 'static,
    ) -> (Outcome<R>, Told) {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = world::run(&self.options, root);
        let Ended { outcome, hash, steps_count, lasted, story, decisions, faults_count } = ended;
        drop(alone);
        let report = Report { hash, steps_count, lasted: Duration::from_nanos(lasted), story };
        let outcome = match outcome {
            Ok(answer) => Ok((answer, report)),
            Err(failure) => {
                let (reason, panic) = match failure {
                    WorldFailure::Stuck(reason) => (reason, None),
                    WorldFailure::Panicked(panic) => (panic_text(&*panic), Some(panic)),
                };
                Err(Box::new(Failure { seed: self.options.seed, reason, report, panic }))
            }
        };
        (outcome, Told { decisions, faults_count })
    }

    /// The story is a trace of all steps.
    pub(crate) fn trace(&mut self) -> &mut Builder {
        (self.options.is_traced, self.options.kept_count) = (true, usize::MAX);
        self
    }

    /// Which choices of the schedule are remembered.
    pub(crate) fn remember(&mut self, remembered: Remembered) -> &mut Builder {
        self.options.remembered = remembered;
        self
    }

    /// Of the faults of links that are drawn, only those with these numbers happen.
    pub(crate) fn faults(&mut self, happening: Arc<[u64]>) -> &mut Builder {
        self.options.faults = Some(happening);
        self
    }

    /// The schedule is what was decided.
    pub(crate) fn decided(&mut self, decisions: Arc<[Decision]>) -> &mut Builder {
        self.options.schedule = Schedule::Decided(decisions);
        self
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "it panicked".to_owned(), |text| format!("it panicked: {text}"))
}
