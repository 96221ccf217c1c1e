//! The time of everything that is observed.

use std::sync::OnceLock;
use std::time::Instant;

use crate::primitive::clock;

/// The time now, in nanoseconds since the first one was asked for.
pub(crate) fn nanos_now() -> u64 {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    let now = clock::now();
    let since = now.saturating_duration_since(*EPOCH.get_or_init(|| now));
    // Not `as_nanos`, which has 128 bits: these reach for 584 years.
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
}
