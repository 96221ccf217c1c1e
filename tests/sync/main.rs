//! Channels, locks and notifications as programs see them.

mod broadcast;
mod mpsc;
mod oneshot;
mod watch;
