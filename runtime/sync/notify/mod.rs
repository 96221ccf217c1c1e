//! Wakes tasks, and carries no value.

mod definition;
mod notified;
mod state;
mod wait;

pub use definition::Notify;
pub use notified::{Notified, OwnedNotified};
