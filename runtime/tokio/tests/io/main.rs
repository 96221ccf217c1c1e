//! The traits and utilities of `tokio::io` that need no system.
#![cfg(feature = "io-util")]

mod auto_traits;
mod buffered;
mod copies;
mod fairness;
mod halves;
mod memory;
mod pieces;
mod read_buf;
mod reads;
mod script;
mod std_types;
mod writes;
