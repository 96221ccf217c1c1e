//! The runtime.

mod builder;
mod enter;
mod handle;
mod owner;

pub use builder::Builder;
pub use enter::{EnterGuard, TryCurrentError};
pub use handle::Handle;
pub use owner::Runtime;

pub use heist::runtime::{Id, RuntimeFlavor, RuntimeMetrics};
