//! The pause of a `UnixDatagram` that sends to a socket whose queue is full.

use std::pin::Pin;

use crate::net::pause::Pauses;
use crate::primitive::sync::Mutex;
use crate::time::Sleep;

/// The pause of `poll_send_to`, if it is resting.
pub(super) struct SendRest(pub(super) Mutex<Option<Resting>>);

/// A pause while the queue of a receiver that is not the peer is full `[unheard-room]`.
pub(super) struct Resting {
    pub(super) sleep: Pin<Box<Sleep>>,
    /// The pauses after this one.
    pub(super) pauses: Pauses,
}

impl SendRest {
    pub(super) fn none() -> SendRest {
        SendRest(Mutex::new(None))
    }
}
