//! Tasks.

#[cfg(feature = "rt")]
mod join_set;
#[cfg(feature = "rt")]
mod local_set;
#[cfg(feature = "rt")]
mod spawn;

#[cfg(feature = "rt")]
pub use heist::task::LocalEnterGuard;
#[cfg(feature = "rt")]
pub use heist::task::coop::{Unconstrained, consume_budget, unconstrained};
#[cfg(feature = "rt")]
pub use heist::task::{AbortHandle, Id, JoinError, JoinHandle, LocalKey, id, try_id, yield_now};
#[cfg(feature = "rt")]
pub use join_set::JoinSet;
#[cfg(feature = "rt")]
pub use local_set::{LocalSet, spawn_local};
#[cfg(feature = "rt-multi-thread")]
pub use spawn::block_in_place;
#[cfg(feature = "rt")]
pub use spawn::{spawn, spawn_blocking};

/// The cooperative budget of tasks.
#[cfg(feature = "rt")]
pub mod coop {
    pub use heist::task::coop::{
        Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
        poll_proceed, unconstrained,
    };
}

/// Futures of this module's types.
#[cfg(feature = "rt")]
pub mod futures {
    pub use heist::task::futures::TaskLocalFuture;
}
