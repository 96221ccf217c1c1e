//! The console: a Unix socket on which a runtime answers questions about its tasks.
//!
//! Threads of its own accept and answer, so it also answers while all workers are stuck. Each side
//! sends lines of JSON; `DESIGN.md` of the room has the protocol. Files in the order to read them:
//! `place.rs` (the file of the socket), `slow_polls.rs` (the last ones), `service.rs` (what clients
//! ask), `request.rs` and `lines.rs` (what comes), `writing.rs`, `answers.rs` and
//! `trace.rs` (what goes), `client.rs` (one connection), `clients.rs` (all of them), `server.rs`
//! (who accepts), `open.rs` (what a builder does).

mod answers;
mod client;
mod clients;
mod lines;
mod open;
mod place;
mod request;
mod server;
mod service;
mod slow_polls;
mod trace;
mod writing;

pub(super) use server::ConsoleServer;
