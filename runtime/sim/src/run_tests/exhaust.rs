//! Every schedule of a world that has few delays.
//!
//! The usual schedule lets a thread go on as long as it can, and then the one that waits longest. A
//! delay is one choice that is another. All schedules without a delay come first, then those with
//! one, and so on: the first that fails has as few delays as any.
//!
//! Source: Emmi, Qadeer, Rakamarić, "Delay-bounded scheduling", POPL 2011.

use std::collections::VecDeque;
use std::sync::Arc;

use super::case::TestCase;
use super::child::{Child, Mode};
use super::which::{Decisions, Which};
use crate::world::Decision;

/// More schedules than these are not tried: the test is too large for all of them.
const SCHEDULES_LIMIT: usize = 1_000_000;

/// What an exploration came to.
pub(super) enum Explored {
    /// All of so many schedules pass.
    Passed(usize),
    Failed(Which),
}

/// Runs every schedule of the world of `seed` that has up to `delays` delays, up to the first that
/// fails.
pub(super) fn explore(case: &TestCase, body: fn(), seed: u64, delays: u32) -> Result<Explored, String> {
    let mut level: Vec<Decisions> = vec![Arc::from([])];
    let mut schedules_count = 0;
    for used in 0..=delays {
        let mode = if used < delays { Mode::Possible } else { Mode::Quiet };
        let mut waiting = level.into_iter();
        let mut running = VecDeque::new();
        level = Vec::new();
        loop {
            while running.len() < super::seeds::jobs_count() {
                let Some(decisions) = waiting.next() else { break };
                let child = Child::begin(case, body, &Which::with_schedule(seed, decisions.clone()), mode)?;
                running.push_back((decisions, child));
            }
            let Some((decisions, child)) = running.pop_front() else { break };
            let answer = child.end();
            schedules_count += 1;
            if answer.has_failed() {
                return Ok(Explored::Failed(Which::with_schedule(seed, decisions)));
            }
            if mode == Mode::Possible {
                level.extend(with_one_more(&decisions, answer.decisions));
            }
            if schedules_count + level.len() > SCHEDULES_LIMIT {
                return Err(format!(
                    "more than {SCHEDULES_LIMIT} schedules have up to {delays} delays: a smaller test, or fewer delays \
                     (`exhaustive`)"
                ));
            }
        }
    }
    Ok(Explored::Passed(schedules_count))
}

/// The schedules that have one more delay than this one: each of those that are possible.
fn with_one_more(decisions: &[Decision], possible: Vec<Decision>) -> impl Iterator<Item = Decisions> {
    possible.into_iter().map(|decision| decisions.iter().copied().chain([decision]).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::with_one_more;
    use crate::builder::Builder;
    use crate::run_tests::which::Decisions;
    use crate::world::Remembered;

    /// The order in which two threads make two calls each, as letters.
    fn order_of_two_threads() -> String {
        let order = Arc::new(Mutex::new(String::new()));
        let make = |name: char| {
            let order = order.clone();
            move || {
                for _ in 0..2 {
                    // A call that passes the turn on only by a delay.
                    assert!(!std::path::Path::new("/nowhere").exists());
                    order.lock().unwrap().push(name);
                }
            }
        };
        let threads = [thread::spawn(make('a')), thread::spawn(make('b'))];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        String::clone(&order.lock().unwrap())
    }

    #[test]
    fn every_order_of_two_threads_is_seen_with_as_many_delays_as_it_needs() {
        let mut orders: BTreeMap<String, usize> = BTreeMap::new();
        let mut level: Vec<Decisions> = vec![Arc::from([])];
        for delays in 0..=3 {
            for decisions in std::mem::take(&mut level) {
                let mut builder = Builder::new();
                builder.decided(decisions.clone()).remember(Remembered::Possible);
                let (outcome, told) = builder.run_to_tell(order_of_two_threads);
                orders.entry(outcome.unwrap().0).or_insert(delays);
                level.extend(with_one_more(&decisions, told.decisions));
            }
        }
        let wanted = [("aabb", 0), ("abab", 2), ("abba", 1), ("baab", 2), ("baba", 3), ("bbaa", 1)];
        assert_eq!(orders, wanted.map(|(order, delays)| (order.to_owned(), delays)).into());
    }
}
