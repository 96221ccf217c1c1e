//! A static file server over HTTP/1.1: hyper on top of heist.
//!
//! ```text
//! cargo run --release --example serve -- --dir .
//! ```
//!
//! `--help` lists the options. The way of a request:
//!
//! ```text
//! acceptor -> connection -> service -> paths         which file is meant, and that it lies in the directory
//!                |              |----> conditional   whether the client has it already
//!                |              |----> ranges        which part of it is wanted
//!                |              '----> target        known: opened without leaving the worker; listing, page
//!                |              '----> opened       files that were asked for lately
//!                |----> content      the file or the listing, chunk by chunk; shared
//!                |----> wire         sends files without a copy
//!                |----> guard        gives up on clients that stop reading
//!                '----> shutdown     tells connections to finish
//! ```
//!
//! Limits: a connection is a task and a file descriptor. When descriptors run out, accepting pauses and retries;
//! clients wait in the kernel's backlog meanwhile. Raise `ulimit -n` to serve more at once.

mod acceptor;
mod args;
mod conditional;
mod connection;
mod content;
mod content_type;
mod guard;
mod known;
mod listing;
mod opened;
mod page;
mod paths;
mod ranges;
mod refusal;
mod response;
#[cfg(test)]
mod scratch;
mod service;
mod shared;
mod shutdown;
mod signals;
mod target;
mod totals;
mod wire;

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures::future::{Either, select};
use heist::net::TcpListener;
use heist::runtime::{Builder, DriverKind, Runtime};

use crate::args::{Args, Driver};
use crate::connection::Server;
use crate::service::Site;
use crate::shutdown::Shutdown;
use crate::signals::Signals;
use crate::totals::Totals;

/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("serve: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, String> {
    let site = Site::new(&args.dir, args.hidden)?;
    let runtime = start_runtime(args)?;
    let listener =
        runtime.block_on(TcpListener::bind(args.addr)).map_err(|error| bind_error(args, &error))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let greeting = greeting(&site, address, &runtime);
    let server = Arc::new(Server {
        site,
        totals: Arc::new(Totals::default()),
        header_timeout: args.header_timeout(),
        stall_timeout: args.stall_timeout(),
    });
    // A task runs on a worker, next to the ring it accepts on; `block_on` runs here, next to nothing.
    let serving = runtime.spawn(serve(listener, server.clone(), greeting, args.drain()));
    let outcome = runtime.block_on(serving).map_err(|error| format!("the server failed: {error}"))?;
    let code = outcome.map_err(|error| format!("cannot watch for Ctrl-C: {error}"))?;
    say(&server.totals.to_string());
    // Connections that outlived the deadline end here; a file that is being read gets a moment.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(code)
}

fn start_runtime(args: &Args) -> Result<Runtime, String> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().max_blocking_threads(args.file_threads());
    if let Some(workers) = args.workers {
        builder.worker_threads(workers);
    }
    if let Some(driver) = args.driver {
        builder.driver(match driver {
            Driver::Auto => DriverKind::Auto,
            Driver::Uring => DriverKind::Uring,
            Driver::Poll => DriverKind::Poll,
        });
    }
    builder.build().map_err(|error| {
        // The option beats the environment variable, which is what the error speaks of.
        let remedy = if args.driver == Some(Driver::Uring) { "; or leave out --driver uring" } else { "" };
        format!("cannot start the runtime: {error}{remedy}")
    })
}

fn bind_error(args: &Args, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => "stop what listens there, or take another port with --addr",
        io::ErrorKind::PermissionDenied => "take a port of 1024 or above with --addr",
        _ => "name an address of this machine with --addr",
    };
    format!("cannot listen on {}: {error}; {remedy}", args.addr)
}

fn greeting(site: &Site, address: SocketAddr, runtime: &Runtime) -> String {
    let (directory, url) = (site.root().display(), reachable(address));
    let (driver, workers) = (runtime.driver_name(), runtime.workers());
    format!("directory: {directory}\nurl: http://{url}/\ndriver: {driver}\nworkers: {workers}")
}

/// An address to visit: one that means every interface is reached on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// Prints at once. Whoever closed our output does not want it, which is no reason to fail.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Closes files that nobody asks for any more, for ever.
async fn sweep(server: Arc<Server>) {
    loop {
        heist::time::sleep(opened::AGE_MAX).await;
        server.site.sweep();
    }
}

/// Accepts until asked to stop, then waits for what is in flight.
async fn serve(
    listener: TcpListener,
    server: Arc<Server>,
    greeting: String,
    deadline: Duration,
) -> io::Result<ExitCode> {
    let mut signals = Signals::watch()?;
    drop(heist::spawn(sweep(server.clone())));
    // The signals are watched by now: who reads this may send one.
    say(&greeting);
    let shutdown = Shutdown::default();
    select(pin!(signals.next()), pin!(acceptor::run(&listener, &server, &shutdown))).await;
    // From now on, clients are refused instead of kept waiting.
    drop(listener);
    let all_gone = pin!(heist::time::timeout(deadline, shutdown.begin()));
    say(&format!("stopping, open connections: {}", shutdown.len()));
    match select(all_gone, pin!(signals.next())).await {
        Either::Left((Ok(()), _)) => Ok(ExitCode::SUCCESS),
        Either::Left((Err(_), _)) => {
            eprintln!("serve: connections cut because they did not finish in time: {}", shutdown.len());
            Ok(ExitCode::SUCCESS)
        }
        Either::Right(_) => {
            say(&server.totals.to_string());
            std::process::exit(INTERRUPTED.into())
        }
    }
}
