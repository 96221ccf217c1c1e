//! Chooses the ring for a worker's waits, so that as many rings are in use as the load needs.
//!
//! If two workers each serve a few sockets, each wakes up for every few events, and every sleep and
//! wake-up costs as much as a request. So the waits of lightly loaded workers gather on the first
//! rings. Each worker publishes the share of time in which its thread runs. The sum, divided by
//! what one ring can carry, is the number of rings in use. A worker beyond them posts its waits to
//! one of them. The sum hardly changes when waits move, so the choice does not oscillate. If the
//! worker of a gathering ring gets more tasks than it should keep, the others help it, as always.
//! The waits of the tasks that they take go back to its ring.
//!
//! The load is the thread's CPU time, not the time in which it is awake. On a machine with more
//! threads than cores, the latter would count waiting for a core as work. A worker that did not
//! sleep at all counts as fully loaded, however much CPU time it got.
//!
//! A worker that serves the others' waits may need more of a core than its peers, the threads of
//! its clients for example. The system then gives it less than it needs: each answer wakes a peer
//! that has used less than its share, and the peer takes the core at once. So when the thread of
//! the first ring in use is interrupted often, the gathering moves on to the next ring, whose
//! thread has not used its share.
//!
//! A worker that has not started a turn lately gets no waits, unless it sleeps [comes-round].

use std::time::{Duration, Instant};

use super::loads::Loads;
use super::thread_usage::ThreadUsage;

/// The time between two looks at the loads. Long compared with a turn of the loop, short compared
/// with a change of the load.
const WINDOW: Duration = Duration::from_millis(5);
/// A load is measured over at least this many turns, because the measurement is a system call.
const WINDOW_TURNS_COUNT: usize = 64;
/// A load is measured after this time even if there were fewer turns.
const WINDOW_MAX: Duration = Duration::from_millis(100);
/// The least time, and the least number of waits placed, between two looks at how often the thread
/// of the first ring in use lost its core. A look is a system call. A thread that serves few
/// messages, and sleeps between them, makes it rarely.
const SPELL: Duration = Duration::from_micros(250);
const SPELL_WAITS_COUNT: usize = 32;
/// The gathering moves on if the thread lost its core to others in intervals shorter than this. A
/// thread beside one that computes loses it 250 to 700 times in a second, one that its peers
/// interrupt 7,000 to 19,000 times.
const INTERRUPTION_INTERVAL: Duration = Duration::from_micros(125);

/// A worker's decision, and the window in which its next one is prepared.
#[derive(Debug)]
pub(super) struct Placement {
    index: usize,
    target: usize,
    window: Option<Window>,
    /// When the worker last looked at the loads.
    looked_at: Option<Instant>,
    /// The first ring in use at the last look.
    first: usize,
    /// The candidate at the last look, and its count of turns then.
    seen: Option<(usize, usize)>,
    spell: Option<Spell>,
}

/// The time since the last look at how often the thread of the first ring in use lost its core.
#[derive(Debug)]
struct Spell {
    began: Instant,
    waits_count: usize,
    interruptions_at_begin: u64,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    turns_at_begin: usize,
    usage_at_begin: ThreadUsage,
    has_slept: bool,
}

impl Window {
    fn begin(now: Instant, turns: usize, usage: ThreadUsage) -> Window {
        Window { began: now, turns_at_begin: turns, usage_at_begin: usage, has_slept: false }
    }

    fn is_over(&self, now: Instant, turns: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.began);
        let turns_count = turns.wrapping_sub(self.turns_at_begin);
        elapsed >= WINDOW_MAX || (elapsed >= WINDOW && turns_count >= WINDOW_TURNS_COUNT)
    }

    /// The load during the window, in thousandths.
    fn permille(&self, elapsed: Duration, usage: ThreadUsage) -> usize {
        if !self.has_slept {
            return 1000;
        }
        let cpu = usage.cpu.saturating_sub(self.usage_at_begin.cpu);
        (1000.0 * cpu.as_secs_f64() / elapsed.as_secs_f64()).min(1000.0) as usize
    }
}

impl Placement {
    pub(super) const fn new(index: usize) -> Placement {
        Placement { index, target: index, window: None, looked_at: None, first: 0, seen: None, spell: None }
    }

    /// The ring for this worker's waits.
    pub(super) fn target(&self) -> usize {
        self.target
    }

    pub(super) fn slept(&mut self) {
        if let Some(window) = &mut self.window {
            window.has_slept = true;
        }
    }

    /// Keeps this worker's waits on its own ring, for at least one window, because the target was
    /// found stuck, or because another thread runs the worker from now on.
    pub(super) fn stay(&mut self, now: Instant) {
        self.target = self.index;
        self.looked_at = Some(now);
        self.window = None;
    }

    /// Runs once per turn of the worker's loop. If the target has not started a turn, returns it:
    /// it is given up, and requests to it may be unread in its mailbox.
    ///
    /// `waits_count`: how many waits this turn places.
    #[must_use]
    pub(super) fn review(
        &mut self,
        loads: &Loads,
        waits_count: usize,
        is_asleep: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if loads.len() == 1 {
            return None;
        }
        let turns = loads.count_turn(self.index);
        let now = Instant::now();
        let is_due = now.saturating_duration_since(*self.looked_at.get_or_insert(now)) >= WINDOW;
        if is_due {
            self.looked_at = Some(now);
            self.measure(loads, now, turns, ThreadUsage::now);
        }
        if loads.first() != self.index {
            self.spell = None;
        } else if self.is_interrupted(now, waits_count, ThreadUsage::now) {
            loads.move_on(self.index);
        }
        let first = loads.first();
        if !is_due && first == self.first {
            return None;
        }
        self.first = first;
        let candidate = loads.target(self.index, first);
        let before = self.decide(candidate, |index| loads.turns(index), is_asleep);
        // Before the time between two looks is over, the target need not have started a turn.
        before.filter(|_| is_due)
    }

    /// Publishes the load if the window is over, and begins the next one.
    fn measure(&mut self, loads: &Loads, now: Instant, turns: usize, usage: impl FnOnce() -> ThreadUsage) {
        let Some(window) = &self.window else {
            self.window = Some(Window::begin(now, turns, usage()));
            return;
        };
        if !window.is_over(now, turns) {
            return;
        }
        let (elapsed, usage) = (now.saturating_duration_since(window.began), usage());
        let permille = window.permille(elapsed, usage);
        self.window = Some(Window::begin(now, turns, usage));
        let before = loads.permille(self.index);
        loads.publish(self.index, if elapsed < 4 * WINDOW { (before + permille) / 2 } else { permille });
    }

    /// Whether the thread has lost its core often in the spell that ends now.
    fn is_interrupted(
        &mut self,
        now: Instant,
        waits_count: usize,
        usage: impl FnOnce() -> ThreadUsage,
    ) -> bool {
        let Some(spell) = &mut self.spell else {
            self.spell =
                Some(Spell { began: now, waits_count: 0, interruptions_at_begin: usage().interruptions });
            return false;
        };
        spell.waits_count += waits_count;
        let elapsed = now.saturating_duration_since(spell.began);
        if spell.waits_count < SPELL_WAITS_COUNT || elapsed < SPELL {
            return false;
        }
        let interruptions = usage().interruptions;
        let count = interruptions.saturating_sub(spell.interruptions_at_begin);
        *spell = Spell { began: now, waits_count: 0, interruptions_at_begin: interruptions };
        count > 0 && elapsed.as_nanos() / u128::from(count) < INTERRUPTION_INTERVAL.as_nanos()
    }

    /// Accepts the candidate if it sleeps or has started a turn since the last look, which must
    /// have been at the same worker.
    fn decide(
        &mut self,
        candidate: usize,
        turns: impl Fn(usize) -> usize,
        is_asleep: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let has_come_round = |index| {
            is_asleep(index)
                || matches!(self.seen, Some((seen, count)) if seen == index && turns(index) != count)
        };
        let before = self.target;
        let is_stuck = before != self.index && !has_come_round(before);
        let is_proven = candidate == self.index || has_come_round(candidate);
        self.target = if is_proven { candidate } else { self.index };
        self.seen = Some((candidate, turns(candidate)));
        is_stuck.then_some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::{INTERRUPTION_INTERVAL, Loads, Placement, SPELL, SPELL_WAITS_COUNT, ThreadUsage, Window};
    use std::time::{Duration, Instant};

    fn never(_: usize) -> bool {
        false
    }

    /// [comes-round]: two looks at the same worker, and it must have started a turn between them.
    #[test]
    fn a_worker_gets_waits_when_it_has_come_round_and_loses_them_when_it_has_not() {
        let mut placement = Placement::new(2);
        // First without, then with a candidate: what was seen of another worker proves nothing
        // about this one.
        assert_eq!((placement.decide(2, |_| 7, never), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8, never), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8, never), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 9, never), placement.target()), (None, 0));
        // Another candidate must prove itself as well, and the previous one has not moved either.
        assert_eq!((placement.decide(1, |_| 9, never), placement.target()), (Some(0), 2));
        assert_eq!((placement.decide(1, |_| 10, never), placement.target()), (None, 1));
        assert_eq!((placement.decide(1, |_| 10, never), placement.target()), (Some(1), 2));
    }

    /// [comes-round]: a worker that sleeps starts a turn when it is woken.
    #[test]
    fn a_sleeping_worker_gets_waits_at_once_and_keeps_them() {
        let mut placement = Placement::new(2);
        assert_eq!((placement.decide(0, |_| 7, |index| index == 0), placement.target()), (None, 0));
        assert_eq!((placement.decide(0, |_| 7, |index| index == 0), placement.target()), (None, 0));
        assert_eq!((placement.decide(0, |_| 7, never), placement.target()), (Some(0), 2));
    }

    fn interrupted(interruptions: u64) -> ThreadUsage {
        ThreadUsage { cpu: Duration::ZERO, interruptions }
    }

    #[test]
    fn a_thread_is_interrupted_that_loses_its_core_in_short_intervals() {
        let mut placement = Placement::new(0);
        let (elapsed, often) = (4 * SPELL, (4 * SPELL).div_duration_f64(INTERRUPTION_INTERVAL) as u64);
        let mut now = Instant::now();
        let waits = SPELL_WAITS_COUNT;
        assert!(!placement.is_interrupted(now, waits, || interrupted(7)), "the first look begins a spell");
        now += elapsed;
        assert!(!placement.is_interrupted(now, waits, || interrupted(7 + often)));
        now += elapsed;
        assert!(placement.is_interrupted(now, waits, || interrupted(7 + 2 * often + 1)));
        now += elapsed;
        assert!(!placement.is_interrupted(now, waits, || interrupted(7 + 2 * often + 2)));
    }

    #[test]
    fn a_thread_that_serves_few_messages_is_rarely_asked() {
        let mut placement = Placement::new(0);
        let (began, mut looks_count) = (Instant::now(), 0);
        for message in 0..10 * SPELL_WAITS_COUNT as u32 {
            placement.is_interrupted(began + message * SPELL, 1, || {
                looks_count += 1;
                interrupted(0)
            });
        }
        assert_eq!(looks_count, 10);
        placement.is_interrupted(began, SPELL_WAITS_COUNT, || unreachable!("no time has passed"));
    }

    /// The measurement is a system call.
    #[test]
    fn few_turns_are_measured_together() {
        let loads = Loads::new(2);
        let mut placement = Placement::new(0);
        let began = Instant::now();
        let mut measurements_count = 0;
        for turn in 0..100 {
            let now = began + turn * Duration::from_millis(6);
            placement.measure(&loads, now, turn as usize, || {
                measurements_count += 1;
                ThreadUsage { cpu: Duration::ZERO, interruptions: 0 }
            });
        }
        assert_eq!(measurements_count, 6, "at the begin, and then every 100 ms");
    }

    #[test]
    fn a_load_is_the_share_of_the_cpu_or_all_of_it_without_a_sleep() {
        let begin = ThreadUsage { cpu: Duration::from_millis(5), interruptions: 0 };
        let end = ThreadUsage { cpu: Duration::from_millis(8), interruptions: 0 };
        let mut window = Window::begin(Instant::now(), 0, begin);
        window.has_slept = true;
        assert_eq!(window.permille(Duration::from_millis(10), end), 300);
        window.has_slept = false;
        assert_eq!(window.permille(Duration::from_millis(10), end), 1000);
    }
}
