//! The state word of a task, which all its parties share. The bits are private to this file. The
//! rest of the room uses named transitions, and the outcome of each tells its caller what it now
//! owns and must do. `DESIGN.md` of this room has the bit layout, the truth table and the
//! invariants.

use std::fmt;

use super::activity::TaskActivity;
use super::outcomes::{Detach, Join, JoinWakerOwner, OutputOwner, Pause, Start, Wake, WakeByValue};
use crate::primitive::atomic::{AtomicUsize, Ordering};

/// The future is being polled, or its destructor runs.
const RUNNING: usize = 1 << 0;
/// The next run is due. Unless RUNNING or COMPLETE is set, exactly one
/// [`Runnable`](super::Runnable) exists.
const SCHEDULED: usize = 1 << 1;
/// The future is gone, and the output is stored if any party wants it.
const COMPLETE: usize = 1 << 2;
/// The next run drops the future instead of polling it. Set only together with SCHEDULED.
const CANCELLED: usize = 1 << 3;
/// The join handle exists.
const JOIN_INTEREST: usize = 1 << 4;
/// The join waker is lent to the runner.
const JOIN_WAKER: usize = 1 << 5;
/// One reference; the count takes all higher bits.
const REFERENCE: usize = 1 << 6;

/// A party that sets SCHEDULED while one of these is set has nothing left to do.
const BUSY: usize = RUNNING | SCHEDULED | COMPLETE;

const _: () =
    assert!(RUNNING < SCHEDULED && SCHEDULED < COMPLETE, "the runner's transitions subtract and add");
const _: () =
    assert!(REFERENCE.count_ones() == 1 && REFERENCE > JOIN_WAKER, "the count must not reach the flags");

pub(super) struct TaskState(AtomicUsize);

impl TaskState {
    /// A task that is scheduled, joinable, and referenced twice: by itself while it lives, and by
    /// the join handle.
    pub(super) fn new() -> TaskState {
        TaskState(AtomicUsize::new(SCHEDULED | JOIN_INTEREST | (2 * REFERENCE)))
    }

    /// Requests a run.
    #[inline]
    pub(super) fn wake_by_ref(&self) -> Wake {
        // Ordering: [wake-publishes] Release publishes the waker's writes to the Acquire in
        // `transition_to_running`, also if SCHEDULED was set already; therefore every case is a
        // read-modify-write. It acquires nothing: that same Acquire takes over what the last run
        // left, because this read-modify-write continues its release sequence.
        Wake::from_previous(self.0.fetch_or(SCHEDULED, Ordering::Release))
    }

    /// Requests a run and gives up a reference, unless the caller has to schedule. In that case the
    /// reference protects the scheduler, which lives in the task, until the call into it returns
    /// ([alive-while-scheduling]).
    #[inline]
    pub(super) fn wake_by_value(&self) -> WakeByValue {
        // Ordering: Relaxed for a first guess; the exchange below validates it.
        let mut current = self.0.load(Ordering::Relaxed);
        loop {
            let is_idle = current & BUSY == 0;
            let next = if is_idle { current | SCHEDULED } else { (current | SCHEDULED) - REFERENCE };
            // Ordering: [wake-publishes] as in `wake_by_ref`; and where it frees, as in
            // `drop_reference`.
            match self.0.compare_exchange_weak(current, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if is_idle => return WakeByValue::Schedule,
                Ok(_) if next < REFERENCE => return WakeByValue::Free,
                Ok(_) => return WakeByValue::Nothing,
                Err(actual) => current = actual,
            }
        }
    }

    /// Requests that the future be dropped. CANCELLED is set together with SCHEDULED in one step,
    /// so a run that sees it is certain to follow ([cancel-is-seen]).
    pub(super) fn cancel(&self) -> Wake {
        // Ordering: [wake-publishes] as in `wake_by_ref`.
        Wake::from_previous(self.0.fetch_or(CANCELLED | SCHEDULED, Ordering::Release))
    }

    /// Turns the run that the caller holds the Runnable for into a cancellation.
    pub(super) fn cancel_run(&self) {
        // Ordering: Relaxed, because the same thread starts the run next, and program order is
        // enough for it.
        let previous = self.0.fetch_or(CANCELLED, Ordering::Relaxed);
        debug_assert!(
            previous & (SCHEDULED | RUNNING | COMPLETE) == SCHEDULED,
            "cancel_run without a Runnable"
        );
    }

    /// Begins the run. The caller holds the Runnable, so SCHEDULED is set and RUNNING is clear, and
    /// one subtraction swaps them. SCHEDULED is cleared before the poll, so a wake from now on
    /// requests another run ([no-lost-wake]).
    #[inline]
    pub(super) fn transition_to_running(&self) -> Start {
        // Ordering: [wake-publishes] Acquire pairs with the Release of every wake since the last
        // run; [one-poller] and with the Release in `transition_to_idle`.
        let previous = self.0.fetch_sub(SCHEDULED - RUNNING, Ordering::Acquire);
        debug_assert!(previous & BUSY == SCHEDULED, "a run without a Runnable");
        if previous & CANCELLED == 0 { Start::Poll } else { Start::Cancel }
    }

    /// Ends a run whose poll returned pending. The caller is the runner, so RUNNING is set.
    #[inline]
    pub(super) fn transition_to_idle(&self) -> Pause {
        // Ordering: [one-poller] Release publishes the future to the next runner, through the
        // Acquire of the wake that takes the Runnable or of `transition_to_running`.
        let previous = self.0.fetch_sub(RUNNING, Ordering::Release);
        debug_assert!(previous & (RUNNING | COMPLETE) == RUNNING, "only the runner pauses");
        match previous & (SCHEDULED | CANCELLED) {
            0 => Pause::Idle,
            SCHEDULED => Pause::Woken,
            _ => Pause::Cancelled,
        }
    }

    /// Ends the last run, after the future was dropped and the output stored.
    #[inline]
    pub(super) fn transition_to_complete(&self) -> OutputOwner {
        // Ordering: [output-owner] Release publishes the output to the Acquire in `poll_join` and
        // `detach`; [waker-lent] Acquire takes the join waker from the Release in
        // `lend_join_waker`.
        let previous = self.0.fetch_add(COMPLETE - RUNNING, Ordering::AcqRel);
        debug_assert!(previous & (RUNNING | COMPLETE) == RUNNING, "only the runner completes");
        match previous & (JOIN_INTEREST | JOIN_WAKER) {
            0 => OutputOwner::Detached,
            JOIN_INTEREST => OutputOwner::Joinable,
            _ => OutputOwner::WakeJoiner,
        }
    }

    /// Gives the join waker back, after the runner has called it.
    pub(super) fn return_join_waker(&self) -> JoinWakerOwner {
        // Ordering: [waker-lent] Release: our reads of the waker come before the handle drops it
        // (Acquire in `poll_join`, `detach`). Acquire: the handle's reads come before we drop it
        // (Release in `detach`).
        let previous = self.0.fetch_and(!JOIN_WAKER, Ordering::AcqRel);
        debug_assert!(previous & (COMPLETE | JOIN_WAKER) == COMPLETE | JOIN_WAKER, "no waker was lent");
        if previous & JOIN_INTEREST == 0 { JoinWakerOwner::Runner } else { JoinWakerOwner::Handle }
    }

    /// Returns what the join handle may do now.
    pub(super) fn poll_join(&self) -> Join {
        // Ordering: [output-owner] Acquire pairs with the Release in `transition_to_complete`;
        // [waker-lent] and with the one in `return_join_waker`.
        let current = self.0.load(Ordering::Acquire);
        debug_assert!(current & JOIN_INTEREST != 0, "only the join handle joins");
        if current & COMPLETE != 0 {
            Join::Complete { owns_waker: current & JOIN_WAKER == 0 }
        } else if current & JOIN_WAKER != 0 {
            Join::WakerLent
        } else {
            Join::WakerOwned
        }
    }

    /// Lends the join waker to the runner. Returns false if the task completed before: the handle
    /// then still owns it.
    #[must_use]
    pub(super) fn lend_join_waker(&self) -> bool {
        // Ordering: [waker-lent] Release publishes the waker to the Acquire in
        // `transition_to_complete`.
        self.update_unless_complete(Ordering::Release, |current| current | JOIN_WAKER)
    }

    /// Takes the join waker back. Returns false if the task completed before: the runner then still
    /// reads it.
    #[must_use]
    pub(super) fn reclaim_join_waker(&self) -> bool {
        // Ordering: Relaxed on success, because it publishes and acquires nothing: only this handle
        // ever wrote the waker, and the runner reads it only after COMPLETE, which this exchange
        // has excluded.
        self.update_unless_complete(Ordering::Relaxed, |current| current & !JOIN_WAKER)
    }

    fn update_unless_complete(&self, success: Ordering, update: impl Fn(usize) -> usize) -> bool {
        // Ordering: [output-owner] Acquire on both loads: if the task is complete, its output is
        // read next.
        let mut current = self.0.load(Ordering::Acquire);
        loop {
            if current & COMPLETE != 0 {
                return false;
            }
            match self.0.compare_exchange_weak(current, update(current), success, Ordering::Acquire) {
                Ok(_) => return true,
                Err(actual) => current = actual,
            }
        }
    }

    /// Ends the interest of the join handle, and returns what the handle must clean up.
    pub(super) fn detach(&self) -> Detach {
        // Ordering: [output-owner] Acquire on both loads: if the task is complete, its output is
        // dropped next.
        let mut current = self.0.load(Ordering::Acquire);
        loop {
            let (next, outcome) = match current & (COMPLETE | JOIN_WAKER) {
                // The task itself still holds a reference, so ours is never the last one here.
                0 => ((current & !JOIN_INTEREST) - REFERENCE, Detach::Released),
                JOIN_WAKER => (current & !(JOIN_INTEREST | JOIN_WAKER), Detach::DropWaker),
                // The runner no longer uses either bit, so they may stay.
                COMPLETE => return Detach::DropOutputAndWaker,
                // The runner is reading the waker. It drops the waker when it sees that our
                // interest is gone.
                _ => (current & !JOIN_INTEREST, Detach::DropOutput),
            };
            // Ordering: [waker-lent] Release: our reads of the waker come before the runner drops
            // it (Acquire in `return_join_waker`); and [last-reference] our accesses come before
            // the free. It acquires nothing: the last load has done that, and the reference given
            // up here is never the last one.
            match self.0.compare_exchange_weak(current, next, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return outcome,
                Err(actual) => current = actual,
            }
        }
    }

    /// Returns whether the task is being polled. A hint.
    pub(super) fn is_running(&self) -> bool {
        // Ordering: Relaxed, because nothing else is read on the strength of the answer.
        self.0.load(Ordering::Relaxed) & RUNNING != 0
    }

    /// Returns what the task does, or `None` if it is complete. A hint.
    pub(super) fn activity(&self) -> Option<TaskActivity> {
        // Ordering: Relaxed, as in `is_running`.
        let word = self.0.load(Ordering::Relaxed);
        match (word & COMPLETE, word & RUNNING, word & SCHEDULED) {
            (0, 0, 0) => Some(TaskActivity::Waiting),
            (0, 0, _) => Some(TaskActivity::Runnable),
            (0, _, _) => Some(TaskActivity::Running),
            _ => None,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        // Ordering: [output-owner] Acquire pairs with `transition_to_complete`: a thread that sees
        // the end sees what came before it.
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }

    /// Returns whether the runner, which asks, wakes the joiner of its task, which is complete.
    pub(super) fn is_waking_joiner(&self) -> bool {
        // Ordering: Relaxed: both bits are of this thread's own step, or of one that it has seen.
        self.0.load(Ordering::Relaxed) & (COMPLETE | JOIN_WAKER) == COMPLETE | JOIN_WAKER
    }

    /// Returns whether a run is due or under way. A hint, because it may have changed by now.
    pub(super) fn is_due(&self) -> bool {
        // Ordering: Relaxed, because nothing else is read on the strength of the answer;
        // `poll_join` orders the output, [output-owner].
        let word = self.0.load(Ordering::Relaxed);
        word & COMPLETE == 0 && word & (RUNNING | SCHEDULED) != 0
    }

    /// Counts one more reference. Aborts the process before the count could wrap; only
    /// `mem::forget` in a loop gets there.
    #[inline]
    pub(super) fn add_reference(&self) {
        // Ordering: Relaxed, because the new reference is made from one that exists, and is passed
        // to others by other means.
        let previous = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if previous > isize::MAX as usize {
            std::process::abort();
        }
    }

    /// Gives up a reference. Returns true if it was the last: the caller frees the task.
    #[inline]
    #[must_use]
    pub(super) fn drop_reference(&self) -> bool {
        // Ordering: [last-reference] Release: our accesses come before the free. Acquire: so do
        // those of all others.
        let previous = self.0.fetch_sub(REFERENCE, Ordering::AcqRel);
        debug_assert!(previous >= REFERENCE, "a reference was given up twice");
        previous < 2 * REFERENCE
    }

    #[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
    pub(super) fn reference_count(&self) -> usize {
        // Ordering: Relaxed, because a test reads it when nothing else runs.
        self.0.load(Ordering::Relaxed) / REFERENCE
    }
}

impl Wake {
    #[inline]
    fn from_previous(previous: usize) -> Wake {
        if previous & BUSY == 0 { Wake::Schedule } else { Wake::Nothing }
    }
}

impl fmt::Debug for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed for a snapshot that people read.
        let word = self.0.load(Ordering::Relaxed);
        let names = [
            (RUNNING, "running"),
            (SCHEDULED, "scheduled"),
            (COMPLETE, "complete"),
            (CANCELLED, "cancelled"),
            (JOIN_INTEREST, "join_interest"),
            (JOIN_WAKER, "join_waker"),
        ];
        let set = names.iter().filter(|(bit, _)| word & bit != 0).map(|(_, name)| name);
        f.debug_set().entries(set).entry(&format_args!("{} references", word / REFERENCE)).finish()
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{JOIN_INTEREST, REFERENCE, SCHEDULED, Start, TaskState, Wake, WakeByValue};
    use crate::primitive::atomic::{AtomicUsize, Ordering};

    fn idle() -> TaskState {
        TaskState(AtomicUsize::new(JOIN_INTEREST | (2 * REFERENCE)))
    }

    #[test]
    fn the_first_wake_of_an_idle_task_gets_the_runnable_and_no_other_does() {
        let state = idle();
        assert_eq!(state.wake_by_ref(), Wake::Schedule);
        assert_eq!(state.wake_by_ref(), Wake::Nothing);
        assert_eq!(state.cancel(), Wake::Nothing);
        assert_eq!(state.transition_to_running(), Start::Cancel);
    }

    #[test]
    fn a_wake_by_value_keeps_its_reference_only_when_it_must_schedule() {
        let state = idle();
        state.add_reference();
        assert_eq!(state.wake_by_value(), WakeByValue::Schedule);
        assert_eq!(state.reference_count(), 3);
        assert_eq!(state.wake_by_value(), WakeByValue::Nothing);
        assert_eq!(state.reference_count(), 2);
    }

    /// The count is preset near its end in a child process, which has to die by SIGABRT.
    #[test]
    fn a_reference_count_that_would_wrap_aborts_the_process() {
        const CHILD: &str = "HEIST_TEST_REFERENCE_OVERFLOW";
        if std::env::var_os(CHILD).is_some() {
            let state = TaskState(AtomicUsize::new(SCHEDULED | (isize::MAX as usize + 1)));
            state.add_reference();
            // Ordering: Relaxed, because this child has one thread.
            eprintln!("the count went on to {}", state.0.load(Ordering::Relaxed));
            std::process::exit(0);
        }
        let name = "task::state::tests::a_reference_count_that_would_wrap_aborts_the_process";
        let this = std::env::current_exe().expect("the test binary has a path");
        let child = std::process::Command::new(this)
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("the test binary starts again");
        assert!(!child.status.success(), "the child survived: {}", String::from_utf8_lossy(&child.stderr));
        #[cfg(unix)]
        {
            const SIGABRT: i32 = 6;
            use std::os::unix::process::ExitStatusExt as _;
            assert_eq!(child.status.signal(), Some(SIGABRT));
        }
    }
}
