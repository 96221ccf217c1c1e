//! The program for one test: makes a world for each seed, each in a process of its own.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;

use super::case::{Chosen, TestCase};
use super::child::{Answer, Child, Mode};
use super::exhaust::{self, Explored};
use super::which::Which;
use super::words::VERDICT;
use super::{kept, shrink};

/// The environment variable that names the file for a trace.
const TRACE: &str = "HEIST_SIM_TRACE";

/// Runs the test with all seeds, prints the verdict, and ends the process.
pub(super) fn run_all(case: &TestCase, body: fn()) -> ! {
    match run_worlds(case, body) {
        Ok(TestOutcome::Passed(text)) => println!("\n{VERDICT}passed {text}"),
        Ok(TestOutcome::Failed(which, told)) => println!("\n{VERDICT}failed {which}\n{told}"),
        Err(error) => println!("\nheist-sim: {error}"),
    }
    std::process::exit(0);
}

/// What all worlds of a test came to.
enum TestOutcome {
    /// And what there is to say of it.
    Passed(String),
    /// The first that failed, and what is to be told of it.
    Failed(Which, String),
}

/// How many worlds are made at a time.
pub(super) fn jobs_count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn run_worlds(case: &TestCase, body: fn()) -> Result<TestOutcome, String> {
    let chosen = case.chosen()?;
    let kept = if chosen.with_kept { kept::read(case) } else { Vec::new() };
    if let Some(path) = std::env::var_os(TRACE) {
        trace(case, body, &chosen, Path::new(&path))?;
    }
    let of_seeds = chosen.worlds();
    let failed = match case.delays().filter(|_| chosen.decided.is_none()) {
        None => first_failure(case, body, kept.into_iter().chain(of_seeds))?,
        Some(_) if case.is_twice() => {
            return Err("`exhaustive` and `twice` exclude each other".to_owned());
        }
        Some(delays) => match first_failure(case, body, kept.into_iter())? {
            None => return explore_seeds(case, body, chosen.seeds, delays),
            failed => failed,
        },
    };
    Ok(failed.map_or(TestOutcome::Passed(String::new()), |(which, told)| TestOutcome::Failed(which, told)))
}

/// Writes all that happens in the world of one seed to a file, for Perfetto.
fn trace(case: &TestCase, body: fn(), chosen: &Chosen, path: &Path) -> Result<(), String> {
    let mut worlds = chosen.worlds();
    let (Some(which), None) = (worlds.next(), worlds.next()) else {
        return Err(format!("{TRACE} is for one world: HEIST_SIM_SEED says which"));
    };
    let answer = Child::begin(case, body, &which, Mode::Traced)?.end();
    let written = std::fs::write(path, answer.story);
    written.map_err(|error| format!("{TRACE}={}: {error}", path.display()))
}

/// Explores the world of each seed.
fn explore_seeds(case: &TestCase, body: fn(), seeds: Range<u64>, delays: u32) -> Result<TestOutcome, String> {
    let mut schedules_count = 0;
    for seed in seeds {
        match exhaust::explore(case, body, seed, delays)? {
            Explored::Passed(count) => schedules_count += count,
            Explored::Failed(which) => {
                let told = Child::begin(case, body, &which, Mode::Told)?.end();
                let delays = which.decided.as_ref().map_or(0, |decided| decided.len());
                let text = format!("  turns at the wrong time: {delays}\n");
                return Ok(TestOutcome::Failed(which, text + &told.told()));
            }
        }
    }
    Ok(TestOutcome::Passed(format!("all {schedules_count} schedules with up to {delays} delays")))
}

/// The first of the worlds that fails, and what is to be told of it.
fn first_failure(
    case: &TestCase,
    body: fn(),
    mut worlds: impl Iterator<Item = Which>,
) -> Result<Option<(Which, String)>, String> {
    let mut running: VecDeque<Trial> = VecDeque::new();
    loop {
        while running.len() < jobs_count() {
            let Some(which) = worlds.next() else { break };
            running.push_back(Trial::begin(case, body, which)?);
        }
        let Some(trial) = running.pop_front() else { return Ok(None) };
        if let Some(failed) = trial.end(case, body)? {
            return Ok(Some(failed));
        }
    }
}

/// One seed and schedule, in one world or two.
struct Trial {
    which: Which,
    worlds: Vec<Child>,
}

impl Trial {
    fn begin(case: &TestCase, body: fn(), which: Which) -> Result<Trial, String> {
        let worlds = (0..if case.is_twice() { 2 } else { 1 })
            .map(|_| Child::begin(case, body, &which, Mode::Quiet))
            .collect::<Result<_, _>>()?;
        Ok(Trial { which, worlds })
    }

    fn end(self, case: &TestCase, body: fn()) -> Result<Option<(Which, String)>, String> {
        let Trial { which, worlds } = self;
        let answers: Vec<Answer> = worlds.into_iter().map(Child::end).collect();
        if let Some(first) = answers.iter().find(|answer| answer.has_failed()) {
            let told = shrink::tell(case, body, &which, first)?;
            return Ok(Some((which, told)));
        }
        match &answers[..] {
            [one, other] if one.hash != other.hash => {
                let text = format!(
                    "  two worlds of this seed differ: something is not simulated that the program depends on\n{}",
                    difference(case, body, &which)?
                );
                Ok(Some((which, text)))
            }
            _ => Ok(None),
        }
    }
}

/// The first step at which two worlds of a seed differ.
fn difference(case: &TestCase, body: fn(), which: &Which) -> Result<String, String> {
    let mut stories = Vec::new();
    for _ in 0..2 {
        let answer = Child::begin(case, body, which, Mode::Whole)?.end();
        if answer.has_failed() {
            return Ok(format!("  once more, it failed: {}", answer.reason));
        }
        stories.push(answer.story);
    }
    let (one, other): (Vec<&str>, Vec<&str>) = (stories[0].lines().collect(), stories[1].lines().collect());
    let place =
        one.iter().zip(&other).position(|(one, other)| one != other).unwrap_or(one.len().min(other.len()));
    let before = one[place.saturating_sub(5)..place].join("\n    ");
    let end = "it was over";
    let (one, other) = (one.get(place).unwrap_or(&end), other.get(place).unwrap_or(&end));
    Ok(format!("  after\n    {before}\n  the first world did\n    {one}\n  and the second\n    {other}"))
}
