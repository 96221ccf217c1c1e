//! The program for one test: makes a world for each seed, each in a process of its own.

use std::collections::VecDeque;

use super::case::TestCase;
use super::child::{Answer, Child, Mode};
use super::words::VERDICT;
use super::{kept, shrink};

/// Runs the test with all seeds, prints the verdict, and ends the process.
pub(super) fn run_all(case: &TestCase, body: fn()) -> ! {
    match first_failure(case, body) {
        Ok(None) => println!("\n{VERDICT}passed"),
        Ok(Some((seed, told))) => println!("\n{VERDICT}failed {seed}\n{told}"),
        Err(error) => println!("\nheist-sim: {error}"),
    }
    std::process::exit(0);
}

/// The first seed whose world fails, and what is to be told of it.
fn first_failure(case: &TestCase, body: fn()) -> Result<Option<(u64, String)>, String> {
    let chosen = case.chosen()?;
    let kept = if chosen.with_kept { kept::read(case) } else { Vec::new() };
    let mut seeds = kept.into_iter().chain(chosen.seeds);
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut running: VecDeque<Trial> = VecDeque::new();
    loop {
        while running.len() < jobs {
            let Some(seed) = seeds.next() else { break };
            running.push_back(Trial::begin(case, body, seed)?);
        }
        let Some(trial) = running.pop_front() else { return Ok(None) };
        if let Some(failed) = trial.end(case, body)? {
            return Ok(Some(failed));
        }
    }
}

/// One seed, in one world or two.
struct Trial {
    seed: u64,
    worlds: Vec<Child>,
}

impl Trial {
    fn begin(case: &TestCase, body: fn(), seed: u64) -> Result<Trial, String> {
        let worlds = (0..if case.is_twice() { 2 } else { 1 })
            .map(|_| Child::begin(case, body, seed, Mode::Quiet, &None));
        Ok(Trial { seed, worlds: worlds.collect::<Result<_, _>>()? })
    }

    fn end(self, case: &TestCase, body: fn()) -> Result<Option<(u64, String)>, String> {
        let answers: Vec<Answer> = self.worlds.into_iter().map(Child::end).collect();
        if let Some(first) = answers.iter().find(|answer| answer.has_failed()) {
            return Ok(Some((self.seed, shrink::tell(case, body, self.seed, first)?)));
        }
        match &answers[..] {
            [one, other] if one.hash != other.hash => {
                let text = format!(
                    "  two worlds of this seed differ: something is not simulated that the program depends on\n{}",
                    difference(case, body, self.seed)?
                );
                Ok(Some((self.seed, text)))
            }
            _ => Ok(None),
        }
    }
}

/// The first step at which two worlds of a seed differ.
fn difference(case: &TestCase, body: fn(), seed: u64) -> Result<String, String> {
    let mut stories = Vec::new();
    for _ in 0..2 {
        let answer = Child::begin(case, body, seed, Mode::Whole, &None)?.end();
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
