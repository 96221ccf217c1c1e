//! The unit tests that stand beside the code of the example `serve`.
//!
//! `cargo test` builds examples but runs no tests in them; so their modules are compiled here once more.

#![allow(dead_code, reason = "the example's main uses what its tests do not")]

#[path = "../../examples/serve/acceptor.rs"]
mod acceptor;
#[path = "../../examples/serve/args.rs"]
mod args;
#[path = "../../examples/serve/conditional.rs"]
mod conditional;
#[path = "../../examples/serve/connection.rs"]
mod connection;
#[path = "../../examples/serve/content.rs"]
mod content;
#[path = "../../examples/serve/content_type.rs"]
mod content_type;
#[path = "../../examples/serve/guard.rs"]
mod guard;
#[path = "../../examples/serve/known.rs"]
mod known;
#[path = "../../examples/serve/listing.rs"]
mod listing;
#[path = "../../examples/serve/opened.rs"]
mod opened;
#[path = "../../examples/serve/page.rs"]
mod page;
#[path = "../../examples/serve/paths.rs"]
mod paths;
#[path = "../../examples/serve/ranges.rs"]
mod ranges;
#[path = "../../examples/serve/refusal.rs"]
mod refusal;
#[path = "../../examples/serve/response.rs"]
mod response;
#[path = "../../examples/serve/scratch.rs"]
mod scratch;
#[path = "../../examples/serve/service.rs"]
mod service;
#[path = "../../examples/serve/shared.rs"]
mod shared;
#[path = "../../examples/serve/shutdown.rs"]
mod shutdown;
#[path = "../../examples/serve/target.rs"]
mod target;
#[path = "../../examples/serve/totals.rs"]
mod totals;
#[path = "../../examples/serve/wire.rs"]
mod wire;
