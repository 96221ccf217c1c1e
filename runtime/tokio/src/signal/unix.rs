//! Signals of Unix.

use std::io;

pub use heist::signal::unix::{Signal, SignalKind};

use crate::context;

/// Listens for signals of `kind`. Panics outside of a runtime.
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    context::io()?;
    heist::signal::unix::signal(kind)
}
