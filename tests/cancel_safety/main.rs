//! Futures that are given up, wherever and whenever: nothing is lost that the docs promise to keep, nobody writes into
//! memory that was freed, and no descriptor's operations reach the next one of its number.
#![cfg(unix)]

mod canary;
mod descriptors;
mod lent;
mod memory;
mod pooled;
mod promises;
#[path = "../support/mod.rs"]
mod support;

use canary::Canary;

#[global_allocator]
static CANARY: Canary = Canary::new();
