//! heist: a work-stealing async runtime, native on io_uring.
mod primitive;

mod driver;
pub mod generator;
pub mod io;
pub mod net;
mod queue;
mod scheduler;
pub mod signal;
pub mod task;
pub mod time;
