//! Children and their pipes on Unix.

pub(super) mod child_signals;
mod ends;
mod exit_watch;
pub(super) mod orphan;
mod orphans;

pub(super) use ends::PipeEnd;
pub(super) use exit_watch::WatchedChild;
pub(super) use orphans::{adopt, reap_left};
