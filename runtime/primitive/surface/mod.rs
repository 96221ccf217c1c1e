//! The door for programs: std's atomics, locks and threads, or those of the explorer. The room
//! `model` shows it under its own name.

pub mod cell;
pub mod hint;
pub mod sync;
pub mod thread;
