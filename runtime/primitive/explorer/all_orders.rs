//! loom: every interleaving within the bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bounds::{Bounds, Depth, Tried};
use super::depth;
use crate::primitive::clock;

/// What runs are called.
pub(crate) const KIND: &str = "interleavings";

pub(crate) fn explore(bounds: &Bounds, run: impl Fn() + Send + Sync + 'static) -> Tried {
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = begun.clone();
    let builder = builder_of(bounds);
    let reordered = bounds.depth;
    let note = InterleavingNote { begun: begun.clone() };
    builder.check(move || {
        // Ordering: Relaxed: all threads of a model run on one thread of the system.
        counted.fetch_add(1, Ordering::Relaxed);
        clock::restart();
        depth::begin(reordered);
        run();
    });
    drop(note);
    let runs = begun.load(Ordering::Relaxed);
    let is_cut = builder.max_permutations.is_some() || builder.max_duration.is_some();
    Tried { runs, are_all: !is_cut }
}

fn builder_of(bounds: &Bounds) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = bounds.preemptions_max;
    builder.max_branches = bounds.branches_max;
    builder.max_duration = bounds.time_max;
    builder.expect_explicit_explore = bounds.depth != Depth::Runtime;
    // loom stops before the run of this number.
    builder.max_permutations = bounds.interleavings_max.map(|max| max.saturating_add(1));
    if builder.max_permutations.is_some() || builder.max_duration.is_some() {
        // loom looks at both only where it might write down how far it is.
        builder.checkpoint_interval = 1;
    }
    builder
}

/// Says how to see an interleaving again that has failed.
struct InterleavingNote {
    begun: Arc<AtomicUsize>,
}

impl Drop for InterleavingNote {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let number = self.begun.load(Ordering::Relaxed);
            let name = std::thread::current().name().unwrap_or("NAME").to_owned();
            eprint!(
                "interleaving {number} of {name} failed; with these variables the same test
  keeps it:   LOOM_CHECKPOINT_FILE=failed.json LOOM_CHECKPOINT_INTERVAL={number}
  repeats it: LOOM_CHECKPOINT_FILE=failed.json LOOM_LOCATION=1\n"
            );
        }
    }
}
