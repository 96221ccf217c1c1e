//! The runtime.

mod builder;
mod enter;
mod handle;
mod local;
mod owner;
mod threads;

pub use builder::Builder;
pub use enter::{EnterGuard, TryCurrentError};
pub use handle::Handle;
pub use local::LocalRuntime;
pub use owner::Runtime;

pub use heist::runtime::{Id, LocalOptions, RuntimeFlavor, RuntimeMetrics, is_rt_shutdown_err, worker_index};
