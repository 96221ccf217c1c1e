//! Spans and events of tasks and wakers: what tokio-console reads.

mod life;
mod recorder;
mod sleep;
mod spawn;
#[path = "../support/mod.rs"]
mod support;
mod wakers;
