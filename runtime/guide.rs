//! The guide: chapters to read one after the other. Only documentation, no code.
//!
//! 1. [Getting started](getting_started): a program, tasks, time, blocking code, the end.
//! 2. [Choosing a flavor and a driver](choosing).
//! 3. [Cancel safety](cancel_safety): what a dropped future leaves behind.
//! 4. [Buffers](buffers): borrowed, owned, pooled, registered.
//! 5. [Files](files).
//! 6. [Moving a tokio program in](moving_in): two lines, and no change to the program.
//! 7. [Coming from tokio](coming_from_tokio): a port to heist's own names.
//! 8. [Coming from Python](coming_from_python).
//! 9. [Testing](testing): a paused clock, both drivers, models under loom.
//! 10. [Memory](memory): what a task and an idle connection cost.
//! 11. [Look inside](look_inside): what the tasks of a running service do.
//! 12. [Simulate](simulate): whole programs in a world that a seed decides.
//! 13. [Model](model): every order of a few tasks, with loom and shuttle.

#[doc = include_str!("../docs/guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("../docs/guide/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../docs/guide/cancel_safety.md")]
pub mod cancel_safety {}

#[doc = include_str!("../docs/guide/buffers.md")]
pub mod buffers {}

#[doc = include_str!("../docs/guide/files.md")]
pub mod files {}

#[doc = include_str!("../docs/guide/moving_in.md")]
pub mod moving_in {}

#[doc = include_str!("../docs/guide/coming_from_tokio.md")]
pub mod coming_from_tokio {}

#[doc = include_str!("../docs/guide/coming_from_python.md")]
pub mod coming_from_python {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/memory.md")]
pub mod memory {}

#[doc = include_str!("../docs/guide/look_inside.md")]
pub mod look_inside {}

#[doc = include_str!("../docs/guide/simulate.md")]
pub mod simulate {}

#[doc = include_str!("../docs/guide/model.md")]
pub mod model {}
