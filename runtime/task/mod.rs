//! One heap cell per spawned future: the cell, the word that all parties agree on, and the handles to it.
//!
//! How it works inside stands in `DESIGN.md` of this room.

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
