#![doc = include_str!("../README.md")]

#[cfg(any(feature = "fs", feature = "net", feature = "process", feature = "rt", feature = "signal", feature = "time"))]
mod context;
#[cfg(feature = "fs")]
pub mod fs;
pub mod io;
pub mod net;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "rt")]
pub mod runtime;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(feature = "sync")]
pub mod sync;
pub mod task;
#[cfg(feature = "time")]
pub mod time;

#[cfg(feature = "rt")]
pub use heist::task_local;
#[cfg(feature = "rt")]
pub use task::spawn;
