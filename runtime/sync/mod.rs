//! Channels, locks and notifications for asynchronous tasks, with the names and the meaning of
//! `tokio::sync`.
//!
//! They need no runtime: any executor can poll them.

mod blocking;
pub mod mpsc;
pub mod oneshot;
mod wait_list;
