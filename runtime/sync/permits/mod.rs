//! A number of permits that tasks take, wait for and give back: what semaphores and locks are made
//! of.
//!
//! Those who wait are served in the order in which they came. The first one takes all permits that
//! there are, so one that wants many is not overtaken for ever by those who want few.

mod acquire;
mod error;
mod held;
mod holder;
mod state;

pub(crate) use acquire::{Permits, PermitsOf};
pub use error::{AcquireError, TryAcquireError};
pub(crate) use held::{HasPermits, HeldPermits};
pub(crate) use holder::Holder;
pub(crate) use state::PERMITS_COUNT_MAX;
