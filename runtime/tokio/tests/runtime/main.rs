//! Where tokio panics or waits although heist could go on, and what the types of the crate carry
//! over.
#![cfg(all(
    feature = "fs",
    feature = "io-util",
    feature = "net",
    feature = "rt-multi-thread",
    feature = "sync",
    feature = "time"
))]

mod auto_traits;
mod drivers;
mod files;
mod panics;
mod sockets;
mod stack;
mod tasks;
mod written;
