//! A job queue over NATS JetStream: producers and workers, each a process of its own, here or on other machines.
//!
//! ```text
//! $ cargo run --release --manifest-path examples/cluster/Cargo.toml
//! queue: nats-server, started here, at nats://127.0.0.1:41873
//! ████████████████████░░░░░░░░░░░░░░░░░░░░ 250/500 jobs, 112/s, 2s to go
//! 348513 primes below 5000000; 500 jobs, 0 workers killed, 4.6 s
//! ```
//!
//! `--kill 3` kills three workers in the middle (SIGKILL); `--ledger DIRECTORY` has each worker write down what it does,
//! and checks at the end that no job is lost and none was done again after its acknowledgement. On other machines:
//! `cluster --server nats://HOST:4222 work`. Without `--server` it takes the server that listens on 127.0.0.1:4222, and
//! starts one if there is none.
//!
//! How a job is not lost, and not done twice:
//!
//! - A worker acknowledges a job after its result is stored, and waits for the server's confirmation. Until then the
//!   server has the job, and gives it to another worker when the first one is silent for two seconds.
//! - A job that comes again and has a result is acknowledged, not done. The stream of results refuses a second one.
//! - So a job is done twice only if its worker is lost between the begin and the stored result.

mod job;
mod ledger;
mod producer;
mod queue;
mod run;
mod server;
mod worker;

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use job::Job;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts primes by a queue of jobs, with producers and workers in processes of their own.
#[derive(Parser)]
struct Options {
    /// The NATS server; without it the one on 127.0.0.1:4222, or a new one
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// The number of jobs
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    jobs: u64,
    /// The numbers that a job looks at
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    size: u64,
    /// The number of processes that queue jobs
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    producers: u64,
    /// The number of processes that do jobs
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    workers: u64,
    /// The jobs that a worker does at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    at_once: u64,
    /// The number of workers that are killed on the way
    #[arg(long, default_value_t = 0)]
    kill: u64,
    /// Where the workers write down what they do
    #[arg(long, value_name = "DIRECTORY", global = true)]
    ledger: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Queues every job whose number leaves this share as its rest
    Produce {
        #[arg(long, default_value_t = 0)]
        share: u64,
    },
    /// Does jobs until Ctrl-C, SIGTERM, or the end of a pipe on its standard input
    Work,
}

#[tokio::main]
async fn main() -> ExitCode {
    match act(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn act(options: Options) -> Result<(), Failure> {
    let url = options.server.clone().unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    match options.role {
        None => run::run(options).await,
        Some(Role::Produce { share }) => {
            let numbers = (share..options.jobs).step_by(options.producers as usize);
            producer::produce(&url, numbers.map(|number| Job::new(number, options.size))).await
        }
        Some(Role::Work) => {
            let (stop, stopped) = watch::channel(());
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                    () = end_of_input() => {}
                }
                stop.send_replace(());
            });
            worker::work(&url, options.at_once as usize, options.ledger.as_deref(), stopped).await
        }
    }
}

/// Waits for the end of the process that holds the other end of the pipe. A terminal or a file has no such end.
async fn end_of_input() {
    let pipe = io::stdin().as_fd().try_clone_to_owned().and_then(pipe::Receiver::from_owned_fd);
    let Ok(pipe) = pipe else { return std::future::pending().await };
    loop {
        match pipe.readable().await.map(|()| pipe.try_read(&mut [0; 64])) {
            Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Ok(1..)) => {}
            _ => return,
        }
    }
}
