//! What a room gets for one round: its time, its choices, and where it reports.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use heist::runtime::DriverKind;

use crate::ledger::{Count, Ledger};
use crate::plant::Plant;
use crate::scarcity::{Epoch, Scarcity, is_shortage};
use crate::violation::Violation;

/// One round of work, shared by all rooms.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    /// From which all choices of this round come.
    pub(crate) seed: u64,
    /// When no new work is begun any more.
    pub(crate) until: Instant,
    /// How long something may take that ends by itself, on a machine that is busy and stops.
    pub(crate) patience: Duration,
    /// The counters.
    pub(crate) ledger: Arc<Ledger>,
    /// Whether there are descriptors.
    pub(crate) scarcity: Arc<Scarcity>,
    /// A directory that is removed in the end.
    pub(crate) directory: Arc<Path>,
    /// The drivers that other runtimes may take.
    pub(crate) drivers: Arc<[DriverKind]>,
    /// The fault that is planted.
    pub(crate) plant: Option<Plant>,
}

impl Shift {
    /// Whether the room should come to an end.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Choices that differ for each `salt`, and that the seed repeats.
    pub(crate) fn rng(&self, salt: u64) -> Rng {
        Rng::with_seed(self.seed ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Counts one more.
    pub(crate) fn count(&self, count: Count) {
        self.ledger.add(count);
    }

    /// Whether this fault is planted.
    pub(crate) fn plants(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    /// A path below the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The outcome of a call that needs a descriptor: `None` if there was none at the time.
    pub(crate) fn granted<T>(
        &self,
        since: Epoch,
        what: &str,
        result: io::Result<T>,
    ) -> Result<Option<T>, Violation> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_shortage(&error) && self.scarcity.was_low(since) => {
                self.count(Count::Shortages);
                Ok(None)
            }
            Err(error) => Err(Violation::of_call(what, &error)),
        }
    }
}

/// A random pause of up to this many microseconds.
pub(crate) fn pause(rng: &mut Rng, micros_max: u64) -> Duration {
    Duration::from_micros(rng.u64(0..=micros_max))
}
