//! The runtime as a whole: how it is built, what may be called where, what it does beside its
//! workers, and how it ends.

mod blocking;
#[cfg(target_os = "linux")]
mod driver_choice;
#[cfg(target_os = "linux")]
mod fork;
mod local;
mod outside;
mod places;
mod shutdown;
mod slow_polls;
#[path = "../support/mod.rs"]
mod support;
mod threads;
