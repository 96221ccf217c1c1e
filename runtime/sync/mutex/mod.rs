//! A lock that tasks wait for.

mod definition;
mod error;
mod guard;
mod lock;
mod mapped;
mod owned;
mod owned_mapped;

pub use definition::Mutex;
pub use error::TryLockError;
pub use guard::MutexGuard;
pub use mapped::MappedMutexGuard;
pub use owned::OwnedMutexGuard;
pub use owned_mapped::OwnedMappedMutexGuard;
