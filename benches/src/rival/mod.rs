//! What every runtime here can do, so that one workload serves all of them.

mod heist;
mod smol;
mod tokio;

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::process::ExitCode;

use crate::usage::Sample;
use crate::workload::{self, Workload};

/// Threads of every multi-threaded rival.
pub(crate) const WORKER_COUNT: usize = 2;

/// A runtime under test.
pub(crate) trait Rival: Sized + Send + Sync + 'static {
    /// What it is called on the command line and in the tables.
    const NAME: &'static str;
    /// One line about it.
    const EXPLANATION: &'static str;

    /// The handle of a spawned task. Dropping it must leave the task alone.
    type Join<T: Send + 'static>: Future<Output = Result<T, Self::JoinError>> + Send + Unpin + 'static;
    /// Why a task has no output.
    type JoinError: Debug;
    /// A listening socket.
    type Listener: Send + 'static;
    /// A connected socket.
    type Stream: Send + 'static;

    /// Starts the runtime, threads and all.
    fn start() -> Self;
    /// Drives `future` on the calling thread, inside the runtime's context.
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    /// Spawns from a thread that is none of the runtime's.
    fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
    /// Spawns from inside a task or `block_on`.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
    /// Lets others run.
    fn yield_now() -> impl Future<Output = ()> + Send;
    /// Takes a bound, non-blocking listener over.
    fn listen(listener: TcpListener) -> io::Result<Self::Listener>;
    /// The next connection, with `TCP_NODELAY` set.
    fn accept(listener: &mut Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    /// Reads what is there, or waits for something; zero at the end.
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all of `bytes`.
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// A rival with its type forgotten.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) explanation: &'static str,
    /// Runs one round of a workload that needs no child process.
    pub(crate) run: fn(Workload, u32) -> Sample,
    /// Serves TCP echo until stdin ends.
    pub(crate) serve_echo: fn() -> ExitCode,
    /// Works, idles, and prints what idling cost.
    pub(crate) idle: fn() -> ExitCode,
}

impl Contender {
    fn of<R: Rival>() -> Self {
        Contender {
            name: R::NAME,
            explanation: R::EXPLANATION,
            run: workload::run::<R>,
            serve_echo: crate::echo::serve::<R>,
            idle: workload::idle::run::<R>,
        }
    }
}

/// The one all others are compared with.
pub(crate) const SUBJECT: &str = "heist";

/// Everyone, the subject first.
pub(crate) fn all() -> Vec<Contender> {
    vec![
        Contender::of::<heist::MultiThread>(),
        Contender::of::<tokio::Tokio>(),
        Contender::of::<heist::SingleThread>(),
        Contender::of::<heist::OnPoll>(),
        Contender::of::<smol::Smol>(),
    ]
}

/// The rival called `name`.
pub(crate) fn by_name(name: &str) -> Result<Contender, String> {
    let rivals = all();
    rivals.iter().find(|rival| rival.name == name).copied().ok_or_else(|| {
        let names: Vec<_> = rivals.iter().map(|rival| rival.name).collect();
        format!("no such rival; there are: {}", names.join(", "))
    })
}
