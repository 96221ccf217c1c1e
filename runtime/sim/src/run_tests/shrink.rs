//! Makes the schedule of a world that failed short: as few turns as possible that are not the
//! usual ones, and the same failure.
//!
//! Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002: halves
//! are left out, then quarters, and so on. A turn that is left out moves all that follow, so what
//! is left need not be a part of the same story; it is a shorter one.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::case::TestCase;
use super::child::{Answer, Child, Mode};
use super::which::Which;
use crate::world::Decision;

/// How long to look for a shorter schedule, in real time.
const PATIENCE: Duration = Duration::from_secs(10);
/// A world with more turns and faults than these is not written as a command.
const WRITTEN_COUNT: usize = 50;

/// What is to be told of a world that failed, by the shortest one that is found and fails in the
/// same way. `first` is what its first run came to.
pub(super) fn tell(case: &TestCase, body: fn(), which: &Which, first: &Answer) -> Result<String, String> {
    let once_more = || {
        let answer = Child::begin(case, body, which, Mode::Told)?.end();
        Ok(if answer.has_failed() { answer.told() } else { first.told_of_once() })
    };
    if which.decided.is_some() {
        return once_more();
    }
    let whole = Child::begin(case, body, which, Mode::Decisions)?.end();
    if !whole.has_failed() || (whole.decisions.is_empty() && whole.faults_count == 0) {
        return once_more();
    }
    let search = Search { case, body, reason: first_line(&whole).to_owned(), began: Instant::now() };
    let turns_before = whole.decisions.len();
    let with_turns = |turns: &[Decision]| Which::with_schedule(which.seed, turns.into());
    let mut short = with_turns(&search.shorten(whole.decisions, with_turns)?);
    let faults_before = Child::begin(case, body, &short, Mode::Quiet)?.end().faults_count;
    if faults_before > 0 {
        let with_faults = |faults: &[u64]| Which { faults: Some(faults.into()), ..short.clone() };
        let faults = search.shorten((1..=faults_before).collect(), with_faults)?;
        short.faults = Some(faults.into());
    }
    let told = Child::begin(case, body, &short, Mode::Told)?.end();
    if !search.is_same(&told) {
        return once_more();
    }
    let turns = short.decided.as_ref().map_or(0, |turns| turns.len());
    let faults = short.faults.as_ref().map_or(0, |faults| faults.len());
    let mut text = format!("  turns at the wrong time: {turns}, of the {turns_before} of its seed\n");
    if faults_before > 0 {
        let _ = writeln!(text, "  faults of links: {faults}, of {faults_before}");
    }
    if turns + faults <= WRITTEN_COUNT {
        let _ = writeln!(text, "  only these: {}", case.command_of(&short));
    }
    Ok(text + &told.told())
}

fn first_line(answer: &Answer) -> &str {
    answer.reason.lines().next().unwrap_or("")
}

struct Search<'a> {
    case: &'a TestCase,
    body: fn(),
    /// What the failure says of itself.
    reason: String,
    began: Instant,
}

impl Search<'_> {
    /// Leaves out as many of `kept` as possible. `world_with` is the world that has these.
    fn shorten<T: Clone>(
        &self,
        mut kept: Vec<T>,
        world_with: impl Fn(&[T]) -> Which,
    ) -> Result<Vec<T>, String> {
        if self.fails(&world_with(&[]))? {
            return Ok(Vec::new());
        }
        let mut parts_count = 2;
        while kept.len() >= 2 && self.began.elapsed() < PATIENCE {
            let part_len = kept.len().div_ceil(parts_count);
            let mut shorter = None;
            for start in (0..kept.len()).step_by(part_len) {
                let end = (start + part_len).min(kept.len());
                let rest = [&kept[..start], &kept[end..]].concat();
                if self.fails(&world_with(&rest))? {
                    shorter = Some(rest);
                    break;
                }
                if self.began.elapsed() >= PATIENCE {
                    break;
                }
            }
            match shorter {
                Some(rest) => (kept, parts_count) = (rest, (parts_count - 1).max(2)),
                None if part_len == 1 => break,
                None => parts_count = (2 * parts_count).min(kept.len()),
            }
        }
        Ok(kept)
    }

    fn fails(&self, which: &Which) -> Result<bool, String> {
        let answer = Child::begin(self.case, self.body, which, Mode::Quiet)?.end();
        Ok(self.is_same(&answer))
    }

    fn is_same(&self, answer: &Answer) -> bool {
        answer.has_failed() && first_line(answer) == self.reason
    }
}
