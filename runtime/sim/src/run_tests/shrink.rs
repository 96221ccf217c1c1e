//! Makes the schedule of a world that failed short: as few turns as possible that are not the
//! usual ones, and the same failure.
//!
//! Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002: halves
//! are left out, then quarters, and so on. A turn that is left out moves all that follow, so what
//! is left need not be a part of the same story; it is a shorter one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::case::TestCase;
use super::child::{Answer, Child, Mode};
use super::which::Which;
use crate::world::Decision;

/// How long to look for a shorter schedule, in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be told of a world that failed, by its shortest schedule that is found. `first` is
/// what its first run came to.
pub(super) fn tell(case: &TestCase, body: fn(), which: &Which, first: &Answer) -> Result<String, String> {
    let seed = which.seed;
    let once_more = || {
        let answer = Child::begin(case, body, seed, Mode::Told, &which.decided)?.end();
        Ok(if answer.has_failed() { answer.told() } else { first.told_of_once() })
    };
    if which.decided.is_some() {
        return once_more();
    }
    let whole = Child::begin(case, body, seed, Mode::Decisions, &None)?.end();
    if !whole.has_failed() || whole.decisions.is_empty() {
        return once_more();
    }
    let mut search =
        Search { case, body, seed, reason: first_line(&whole).to_owned(), began: Instant::now() };
    let (before, kept) = (whole.decisions.len(), search.shorten(whole.decisions)?);
    let decided = Some(Arc::from(&kept[..]));
    let told = Child::begin(case, body, seed, Mode::Told, &decided)?.end();
    if !search.is_same(&told) {
        return once_more();
    }
    let text = format!("  turns at the wrong time: {}, of the {before} of its seed\n", kept.len());
    Ok(text + &told.told())
}

fn first_line(answer: &Answer) -> &str {
    answer.reason.lines().next().unwrap_or("")
}

struct Search<'a> {
    case: &'a TestCase,
    body: fn(),
    seed: u64,
    /// What the failure says of itself.
    reason: String,
    began: Instant,
}

impl Search<'_> {
    fn shorten(&mut self, mut kept: Vec<Decision>) -> Result<Vec<Decision>, String> {
        if self.fails(&[])? {
            return Ok(Vec::new());
        }
        let mut parts_count = 2;
        while kept.len() >= 2 && self.began.elapsed() < PATIENCE {
            let part_len = kept.len().div_ceil(parts_count);
            let mut shorter = None;
            for start in (0..kept.len()).step_by(part_len) {
                let end = (start + part_len).min(kept.len());
                let rest = [&kept[..start], &kept[end..]].concat();
                if self.fails(&rest)? {
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

    fn fails(&self, decisions: &[Decision]) -> Result<bool, String> {
        let decided = Some(Arc::from(decisions));
        let answer = Child::begin(self.case, self.body, self.seed, Mode::Quiet, &decided)?.end();
        Ok(self.is_same(&answer))
    }

    fn is_same(&self, answer: &Answer) -> bool {
        answer.has_failed() && first_line(answer) == self.reason
    }
}
