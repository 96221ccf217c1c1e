//! A number of permits that tasks share.

mod acquire;
mod definition;
mod owned;
mod permit;

pub use definition::Semaphore;
pub use owned::OwnedSemaphorePermit;
pub use permit::SemaphorePermit;
