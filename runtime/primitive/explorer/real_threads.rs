//! No explorer: the same program again and again, on threads of the system.

use std::time::Instant;

use super::bounds::{Bounds, Tried};

/// What runs are called.
pub(crate) const KIND: &str = "repetitions";

pub(crate) fn explore(bounds: &Bounds, run: impl Fn() + Send + Sync + 'static) -> Tried {
    let began = Instant::now();
    let mut runs = 0;
    while runs < bounds.repetitions && bounds.time_max.is_none_or(|max| began.elapsed() < max) {
        run();
        runs += 1;
    }
    Tried { runs, are_all: false }
}
