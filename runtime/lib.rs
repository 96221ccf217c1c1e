//! heist: a work-stealing async runtime, native on io_uring.
mod primitive;

pub mod task;
mod queue;
mod driver;
pub mod time;
pub mod generator;
mod scheduler;
pub mod io;
pub mod net;
pub mod signal;
