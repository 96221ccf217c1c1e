//! Channels, locks and notifications between tasks.

pub use heist::sync::*;
