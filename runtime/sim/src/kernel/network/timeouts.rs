//! How long an end of a connection waits for its peer.

const SECOND: u64 = 1_000_000_000;
/// The first time-out of a retransmission; it doubles.
const RETRANSMIT_AFTER: u64 = SECOND / 5;
/// The same for the segments that open a connection.
const OPEN_AGAIN_AFTER: u64 = SECOND;
const RETRANSMIT_AFTER_MAX: u64 = 120 * SECOND;
/// After so many doublings the time-out is at its maximum.
const BACKOFF_MAX: u32 = 10;
/// Retransmissions until a peer counts as lost: together about 15 minutes.
pub(super) const RETRIES_MAX: u32 = 15;
/// The same for the one who asks for a connection: together 127 seconds.
pub(super) const OPEN_RETRIES_MAX: u32 = 6;
/// The same for the one who accepts it.
pub(super) const ACCEPT_RETRIES_MAX: u32 = 5;
/// How long the end of a connection stays that no descriptor has, to acknowledge the last segment.
pub(super) const LINGERS: u64 = 60 * SECOND;

/// After how many nanoseconds it sends again. The first time-out has no `backoff`.
pub(super) fn retransmit_after(is_open: bool, backoff: u32) -> u64 {
    let first = if is_open { RETRANSMIT_AFTER } else { OPEN_AGAIN_AFTER };
    (first << backoff.min(BACKOFF_MAX)).min(RETRANSMIT_AFTER_MAX)
}
