//! # What
//! One heap cell per spawned future: the cell, the word that all parties agree on, and the handles to it.
//!
//! # Algorithm
//! A task is one allocation, hot parts first, so that a wake touches one cache line:
//!
//! | part | holds | touched by |
//! |---|---|---|
//! | header | state word, vtable, id, place in the live list | everyone; place: under the list's lock |
//! | core | scheduler; stage: future, output, nothing | scheduler: shared; stage: one owner at a time |
//! | trailer | join waker, where it was spawned | join handle and runner, by turns |
//!
//! Four kinds of pointers lead to it:
//!
//! | kind | counts a reference | may |
//! |---|---|---|
//! | `Runnable` | no | run the task once. At most one exists; see [one-poller] |
//! | the task itself | yes, until it is complete | keep what the Runnable points to alive |
//! | [`JoinHandle`], [`AbortHandle`] | yes | take the output; cancel |
//! | waker | yes; the one lent to a poll: no | schedule |
//!
//! The state word (`state.rs`), low bits first, then the count of references:
//!
//! | bit | name | set by | cleared by |
//! |---|---|---|---|
//! | 0 | RUNNING | start of a run | its end |
//! | 1 | SCHEDULED | birth, wake, abort | start of a run |
//! | 2 | COMPLETE | end of the last run | never |
//! | 3 | CANCELLED | abort and shutdown (with SCHEDULED), dropped Runnable | never |
//! | 4 | JOIN_INTEREST | birth | drop of the join handle |
//! | 5 | JOIN_WAKER | join handle: waker lent to the runner | join handle before COMPLETE, runner after it |
//!
//! | COMPLETE | RUNNING | SCHEDULED | the task is | the Runnable is | a wake |
//! |---|---|---|---|---|---|
//! | 0 | 0 | 0 | idle | nobody's | makes the Runnable, schedules it |
//! | 0 | 0 | 1 | queued | in a queue, or on its way | publishes, no more |
//! | 0 | 1 | 0 | running | in the runner's hands | asks for one more run |
//! | 0 | 1 | 1 | running, woken | in the runner's hands | publishes, no more |
//! | 1 | 0 | any | complete | gone | does nothing |
//!
//! A run: SCHEDULED becomes RUNNING; poll; if pending, RUNNING is cleared, and if SCHEDULED was set meanwhile
//! the runner puts the same Runnable behind all others. If ready, panicked or cancelled: drop the future,
//! store the output, RUNNING becomes COMPLETE, drop the output if nobody wants it or wake the joiner, leave
//! the list, give up the task's reference. Birth to end is one step each on the word for start, end, join
//! handle and reference, and a lock for entering and for leaving the list; a wake by reference and the poll
//! it leads to are three.
//!
//! The memory of cells is kept and used again (`memory.rs`).
//!
//! # Invariants
//! - [one-poller] At most one Runnable exists per task, and only its holder touches the future. It is made by
//!   birth and by whoever sets SCHEDULED while none of RUNNING, SCHEDULED, COMPLETE is set.
//! - [runnable-is-alive] While a Runnable exists or runs, the task is not complete, and so holds a reference
//!   to itself.
//! - [no-lost-wake] A wake after the start of a poll leads to a poll that starts later: SCHEDULED is cleared
//!   before it.
//! - [wake-publishes] What a waker's thread wrote before the wake is seen by the next poll, also if SCHEDULED
//!   was set.
//! - [cancel-is-seen] CANCELLED is set together with SCHEDULED, so a run that sees it follows.
//! - [alive-while-scheduling] `Schedule::schedule` gets a scheduler that lives in the task, and hands away
//!   the right to free the task. So its caller holds a reference until it returns.
//! - [output-owner] From COMPLETE on, the stage belongs to the join handle if JOIN_INTEREST was set in that
//!   step, else to the runner.
//! - [waker-lent] The join waker belongs to the join handle while JOIN_WAKER is clear. While it is set,
//!   handle and runner only read it, the runner not before COMPLETE. Clearing JOIN_WAKER after COMPLETE, the
//!   runner keeps the waker if JOIN_INTEREST is gone.
//! - [last-reference] The last reference finds neither future nor output nor join waker; so wakers and abort
//!   handles may be dropped on any thread, whatever the future is.
//! - [list-under-lock] Places are read and written under the lock of the shard that the id chooses.
//! - [none-is-left] Who sees the list of live tasks empty sees all that they did.
//! - [pinned-stays] A future that is not Send is polled and dropped on the thread that spawned it; the
//!   process ends before that is broken.
//! - No panic of user code leaves a run, and no lock is held while user code runs.
//!
//! # Orderings
//!
//! | release site | acquire site | publishes |
//! |---|---|---|
//! | `wake_by_ref`, `wake_by_value`, `cancel` | `transition_to_running` | what the waker wrote |
//! | `transition_to_idle` | `transition_to_running` | the future |
//! | `transition_to_complete` | `poll_join`, `detach`, failed `lend_join_waker`, `is_complete` | the output |
//! | `lend_join_waker` | `transition_to_complete` | the join waker |
//! | `detach`, `return_join_waker` | each other, `poll_join` | that its reads of the join waker are over |
//! | `remove` from the list | `is_empty` | what the task did |
//! | `drop_reference` (all) | `drop_reference` (last) | that its accesses are over |
//!
//! # Rejected
//! - A reference per Runnable: two more steps for each wake, and the task's own reference protects it as
//!   well.
//! - Giving up the reference in the same step as a wake that schedules: the scheduler lives in the task, and
//!   another thread could run and free both while `schedule` still reads it.
//! - Alignment to a cache line: beyond 16 bytes it is served by posix_memalign, not by malloc's fast path.
//! - Taking the join waker out before calling it: the handle may be comparing it at that time.
//! - A cell by malloc each time. 2026-11-21, instructions per detached task: 1012, of which 320 in malloc and free; see
//!   `benches/record/instructions.txt` for now. Whoever frees what another thread allocated takes a lock there.
//! - An arena whose pages are the list of live tasks: freed cells would have to find their page and its owner, and the list
//!   be walked past cells that are just being made. Magazines give what was measured without either.
//! - Freeing the future at the last reference: a stale waker would keep sockets open and drop them on its own
//!   thread.
//!
//! # Verified by
//! `models.rs`, each model naming its tags; `tests.rs`: every pair of events before, during and after a run,
//! and panics from every place. [runnable-is-alive] and [last-reference] are asserted in every test by
//! counting allocations. [list-under-lock]: `shutdown_cancels_what_another_thread_is_polling`. [pinned-stays]:
//! `tests/life.rs`, with a child process that has to die.

mod budget;
mod closure;
mod error;
mod harness;
mod id;
mod join;
mod layout;
mod memory;
mod owned;
mod pinned;
mod quiet;
mod raw;
mod runnable;
mod schedule;
mod state;
mod waker;
mod yield_now;

#[cfg(test)]
mod models;
#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests;

/// How long a task may go on before it lets others run.
pub mod coop {
    pub use super::budget::{
        Coop, Unconstrained, consume_budget, cooperative, has_budget_remaining, unconstrained,
    };
    pub(crate) use super::budget::{poll_proceed, spend_bytes, with_budget, without_budget};
}

pub(crate) use budget::without_budget;
pub use coop::{consume_budget, unconstrained};
pub use error::JoinError;
pub use id::{Id, id, try_id};
pub use join::{AbortHandle, AbortOnDropHandle, JoinHandle};
pub use yield_now::yield_now;

pub use crate::join_set::JoinSet;
pub use crate::runtime::{block_in_place, spawn, spawn_blocking, spawn_local};

pub(crate) use closure::blocking;
pub(crate) use layout::Header;
pub(crate) use owned::OwnedTasks;
pub(crate) use pinned::this_thread;
pub(crate) use quiet::{drop_all, quietly, wake_all};
pub(crate) use runnable::Runnable;
pub(crate) use schedule::{Cause, Schedule};
