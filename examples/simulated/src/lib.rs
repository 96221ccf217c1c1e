//! A replicated log: some nodes agree on one sequence of commands, as long as more than half of them
//! can talk to each other. It survives crashes and partitions. `tests/cluster.rs` shows that, in
//! simulated worlds.
//!
//! - `message.rs`: what nodes and clients say. `storage.rs`: what a node must not forget.
//! - `state.rs`: what a node decides, without I/O. `node.rs`: its tasks. `client.rs`: how to ask it.
//!
//! Source of the algorithm: Ongaro, Ousterhout, "In Search of an Understandable Consensus Algorithm",
//! 2014. Without snapshots and without changes of membership.

mod client;
mod message;
mod node;
mod state;
mod storage;

pub use client::{call, log_of, propose};
pub use message::{Answer, Entry, Refusal, Request};
pub use node::{Config, PORT, serve};
