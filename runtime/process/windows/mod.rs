//! Children and their pipes on Windows.

mod ends;
mod exit_watch;

pub(super) use ends::PipeEnd;
pub(super) use exit_watch::WatchedChild;

/// A process that has ended leaves nothing behind once its handle is closed.
pub(super) fn adopt(watched: WatchedChild) {
    drop(watched);
}

/// There is nothing to reap.
pub(super) fn reap_left() {}
