//! Tasks: spawned, woken, joined, cancelled and panicking, each exactly once.

mod cancel;
mod join;
mod large;
mod local;
mod local_set;
mod panic;
mod spawn;
#[path = "../support/mod.rs"]
mod support;
mod task_local;
mod wake;
