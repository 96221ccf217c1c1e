//! `heist`: looks into running programs that use the runtime heist. `README.md` is its manual.

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod failure;
#[cfg(unix)]
mod find;
#[cfg(unix)]
mod forest;
#[cfg(unix)]
mod length;
#[cfg(unix)]
mod options;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod protocol;
#[cfg(unix)]
mod table;
#[cfg(unix)]
mod task_tree;
#[cfg(unix)]
mod top;
#[cfg(unix)]
mod visible;
#[cfg(unix)]
mod web;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    command::run()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("heist: this tool needs Unix sockets, which this system does not have");
    ExitCode::FAILURE
}
