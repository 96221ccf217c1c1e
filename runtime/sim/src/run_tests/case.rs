//! A test, and which seeds it gets.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::which::{Decisions, Which, parse_decisions, parse_faults};
use crate::builder::Builder;

/// A test of the simulation: its name, and how its worlds are made.
///
/// # Examples
/// ```
/// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!());
/// # drop(case);
/// ```
#[derive(Clone, Debug)]
pub struct TestCase {
    name: String,
    file: &'static str,
    seeds_count: u64,
    is_twice: bool,
    /// All schedules with up to so many delays, instead of one that is drawn.
    delays: Option<u32>,
    real_time_limit: Duration,
    pub(super) builder: Builder,
}

/// Which seeds a test gets, by `HEIST_SIM_SEED`, `HEIST_SIM_SCHEDULE` and `HEIST_SIM_SEEDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) seeds: Range<u64>,
    /// Their schedule, if that is not drawn.
    pub(super) decided: Option<Decisions>,
    /// Their faults of links, if not all happen that are drawn.
    pub(super) faults: Option<Arc<[u64]>>,
    /// Whether those that once failed come first.
    pub(super) with_kept: bool,
}

impl Chosen {
    pub(super) fn worlds(&self) -> impl Iterator<Item = Which> + use<> {
        let Chosen { seeds, decided, faults, .. } = self.clone();
        seeds.map(move |seed| Which { seed, decided: decided.clone(), faults: faults.clone() })
    }
}

/// What the environment says of the worlds of a test.
struct Variables {
    seed: Option<String>,
    schedule: Option<String>,
    faults: Option<String>,
    seeds: Option<String>,
}

const SEEDS_COUNT: u64 = 100;
const REAL_TIME_LIMIT: Duration = Duration::from_secs(120);

impl TestCase {
    /// The test `function` of `module`, which is what `module_path!()` says there. 100 seeds.
    ///
    /// # Examples
    /// ```
    /// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!()).twice(true);
    /// assert!(format!("{case:?}").contains("a_test"));
    /// ```
    pub fn new(module: &str, function: &str, file: &'static str) -> TestCase {
        // The harness leaves the name of the crate out.
        let name = match module.split_once("::") {
            Some((_crate, inner)) => format!("{inner}::{function}"),
            None => function.to_owned(),
        };
        TestCase {
            name,
            file,
            seeds_count: SEEDS_COUNT,
            is_twice: false,
            delays: None,
            real_time_limit: REAL_TIME_LIMIT,
            builder: Builder::new(),
        }
    }

    /// How many seeds, from 0 on, after those that once failed. `HEIST_SIM_SEEDS=5000` and
    /// `HEIST_SIM_SEEDS=100..200` are stronger, and `HEIST_SIM_SEED=17` means one. Default: 100.
    ///
    /// # Examples
    /// ```
    /// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!()).seeds(1000);
    /// # drop(case);
    /// ```
    pub fn seeds(mut self, count: u64) -> TestCase {
        self.seeds_count = count;
        self
    }

    /// Whether each seed runs twice, and fails if the two worlds differ. Default: no.
    ///
    /// # Examples
    /// ```
    /// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!()).twice(true);
    /// # drop(case);
    /// ```
    pub fn twice(mut self, is_twice: bool) -> TestCase {
        self.is_twice = is_twice;
        self
    }

    /// Runs every schedule with up to `delays` delays, for small programs, instead of one that is
    /// drawn. The usual schedule lets a thread go on as long as it can, and then the one that waits
    /// longest; a delay is one choice that is another. Their number grows with the number of calls
    /// to the power of `delays`: the test prints it when it passes, and fails if it is more than a
    /// million. The network draws its delays from one seed, 0, if [`seeds`](Self::seeds) does not
    /// say otherwise afterwards. Default: no.
    ///
    /// Source: Emmi, Qadeer, Rakamarić, "Delay-bounded scheduling", POPL 2011.
    ///
    /// # Examples
    /// ```
    /// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!()).exhaustive(2);
    /// # drop(case);
    /// ```
    pub fn exhaustive(mut self, delays: u32) -> TestCase {
        (self.delays, self.seeds_count) = (Some(delays), 1);
        self
    }

    /// How long each world may take in real time. One that computes for ever, or waits for
    /// something that is not simulated, fails then, and says what its threads do. Default: two
    /// minutes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let case = heist_sim::TestCase::new(module_path!(), "a_test", file!());
    /// let case = case.real_time_limit(Duration::from_secs(10));
    /// # drop(case);
    /// ```
    pub fn real_time_limit(mut self, limit: Duration) -> TestCase {
        self.real_time_limit = limit;
        self
    }

    /// How the worlds are made; each gets its own seed. Default: [`Builder::new`].
    ///
    /// # Examples
    /// ```
    /// use heist_sim::{Builder, TestCase};
    ///
    /// let builder = Builder::new().priorities(3, 10_000).clone();
    /// let case = TestCase::new(module_path!(), "a_test", file!()).builder(builder);
    /// # drop(case);
    /// ```
    pub fn builder(mut self, builder: Builder) -> TestCase {
        self.builder = builder;
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The command that makes a world of this test again.
    pub(super) fn command_of(&self, which: &Which) -> String {
        format!("{} cargo test {} -- --exact", which.variables(), self.name)
    }

    pub(super) fn file(&self) -> &'static str {
        self.file
    }

    pub(super) fn delays(&self) -> Option<u32> {
        self.delays
    }

    pub(super) fn real_limit(&self) -> Duration {
        self.real_time_limit
    }

    pub(super) fn is_twice(&self) -> bool {
        self.is_twice
    }

    /// The seeds that this run of the test gets. An error says what is wrong with a variable.
    pub(super) fn chosen(&self) -> Result<Chosen, String> {
        let variable = |name: &str| std::env::var(name).ok();
        let variables = Variables {
            seed: variable("HEIST_SIM_SEED"),
            schedule: variable("HEIST_SIM_SCHEDULE"),
            faults: variable("HEIST_SIM_FAULTS"),
            seeds: variable("HEIST_SIM_SEEDS"),
        };
        choose(self.seeds_count, variables)
    }
}

fn choose(count: u64, variables: Variables) -> Result<Chosen, String> {
    let Variables { seed, schedule, faults, seeds } = variables;
    if let Some(text) = seed {
        let seed: u64 = text.parse().map_err(|_| format!("HEIST_SIM_SEED={text} is no number"))?;
        let end = seed.checked_add(1).ok_or("HEIST_SIM_SEED is too large")?;
        let decided = parse_variable("HEIST_SIM_SCHEDULE", schedule, "12:1,40:0", parse_decisions)?;
        let faults = parse_variable("HEIST_SIM_FAULTS", faults, "3,17", parse_faults)?;
        let (decided, faults) = (decided.map(Into::into), faults.map(Into::into));
        return Ok(Chosen { seeds: seed..end, decided, faults, with_kept: false });
    }
    if schedule.is_some() || faults.is_some() {
        return Err(
            "HEIST_SIM_SCHEDULE and HEIST_SIM_FAULTS are of one seed: HEIST_SIM_SEED says which".to_owned()
        );
    }
    let all = |seeds| Chosen { seeds, decided: None, faults: None, with_kept: true };
    let Some(text) = seeds else { return Ok(all(0..count)) };
    let (start, end) = text.split_once("..").unwrap_or(("0", &text));
    match (start.parse(), end.parse()) {
        (Ok(start), Ok(end)) if start < end => Ok(all(start..end)),
        _ => Err(format!("HEIST_SIM_SEEDS={text} is neither a number of seeds nor a range such as 100..200")),
    }
}

/// The value of a variable, if it is set.
fn parse_variable<T>(
    name: &str,
    text: Option<String>,
    example: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let wrong = |text| format!("{name}={text} is not such as {example}");
    text.map(|text| parse(&text).ok_or_else(|| wrong(text))).transpose()
}

#[cfg(test)]
mod tests {
    use super::{Chosen, TestCase, Variables, choose};
    use crate::world::Decision;

    #[test]
    fn the_harness_finds_the_test_by_its_name() {
        assert_eq!(TestCase::new("my_crate", "works", file!()).name(), "works");
        assert_eq!(TestCase::new("my_crate::a::b", "works", file!()).name(), "a::b::works");
    }

    #[test]
    fn variables_choose_the_seeds() {
        let of = |seed: Option<&str>, schedule: Option<&str>, faults: Option<&str>, seeds: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let (seed, schedule, faults) = (owned(seed), owned(schedule), owned(faults));
            choose(5, Variables { seed, schedule, faults, seeds: owned(seeds) })
        };
        let chosen = |seeds, with_kept| Ok(Chosen { seeds, decided: None, faults: None, with_kept });
        assert_eq!(of(None, None, None, None), chosen(0..5, true));
        assert_eq!(of(Some("17"), None, None, Some("3")), chosen(17..18, false));
        assert_eq!(of(None, None, None, Some("3")), chosen(0..3, true));
        assert_eq!(of(None, None, None, Some("7..9")), chosen(7..9, true));
        for wrong in ["", "0", "x", "9..7", "1..", "-1"] {
            assert!(of(None, None, None, Some(wrong)).is_err(), "{wrong}");
        }
        assert!(of(Some("x"), None, None, None).is_err());
        let Chosen { decided, faults, .. } = of(Some("17"), Some("3:1"), Some("none"), None).unwrap();
        assert_eq!(decided.as_deref(), Some(&[Decision { choice: 3, place: 1 }][..]));
        assert_eq!(faults.as_deref(), Some(&[][..]));
        assert!(of(Some("17"), Some("x"), None, None).is_err());
        assert!(of(Some("17"), None, Some("x"), None).is_err());
        assert!(of(None, Some("3:1"), None, None).is_err());
        assert!(of(None, None, Some("3"), None).is_err());
    }
}
