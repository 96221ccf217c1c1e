//! Go: the program in `benches/go`, built when it is first asked for.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;

use super::contender::{Contender, Tasks};
use super::contract::WORKER_COUNT;
use crate::tools;
use crate::usage::{Sample, Usage};
use crate::workload::about::Task;

pub(super) const GO: Contender = Contender {
    tasks: Some(Tasks {
        which: &[
            Task::ForkJoin,
            Task::SpawnManyLocal,
            Task::SpawnManyRemote,
            Task::ChainedSpawn,
            Task::YieldMany,
            Task::PingPong,
            Task::ChannelBounce,
        ],
        run,
    }),
    serve_hello: Some(serve_hello),
    needs: Some(tools::GO),
    ..Contender::new("go", "goroutines, channels and net/http of the Go that is installed, GOMAXPROCS 2")
};

/// Its sources, which belong to this build of the benches.
const SOURCES: [(&str, &str); 2] =
    [("go.mod", include_str!("../../go/go.mod")), ("main.go", include_str!("../../go/main.go"))];

/// What the program prints of a round.
#[derive(Deserialize)]
struct Taken {
    operation_count: u64,
    nanos: u64,
    #[serde(flatten)]
    usage: Usage,
}

fn run(task: Task, repetition_count: u32) -> Sample {
    let name = match task {
        Task::ForkJoin => "fork_join",
        Task::SpawnManyLocal => "spawn_many_local",
        Task::SpawnManyRemote => "spawn_many_remote",
        Task::ChainedSpawn => "chained_spawn",
        Task::YieldMany => "yield_many",
        Task::PingPong => "ping_pong",
        Task::ChannelBounce => "channel_bounce",
        _ => unreachable!("{task:?} is not among its tasks"),
    };
    let output = command().args(["run", name, &repetition_count.to_string()]).output().expect("it was built");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    let taken: Taken = serde_json::from_str(&text).unwrap_or_else(|_| panic!("Go failed: {text}{error}"));
    Sample::new(taken.operation_count, Duration::from_nanos(taken.nanos), taken.usage)
}

/// Becomes the program, which speaks as `child::report_usage` does.
fn serve_hello() -> ExitCode {
    let error = command().arg("hello").exec();
    panic!("Go does not start: {error}");
}

fn command() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| build().expect("the program in benches/go is built"));
    let mut command = Command::new(program);
    command.env("GOMAXPROCS", WORKER_COUNT.to_string());
    command
}

/// Builds it beside this program. Go itself sees whether there is something to do.
fn build() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let directory = own.with_file_name("benches-go");
    std::fs::create_dir_all(&directory)?;
    for (name, text) in SOURCES {
        std::fs::write(directory.join(name), text)?;
    }
    let mut command = Command::new(tools::GO.program);
    let status = command.args(["build", "-o", "program", "."]).current_dir(&directory).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("`go build` ended with {status}")));
    }
    Ok(directory.join("program"))
}
