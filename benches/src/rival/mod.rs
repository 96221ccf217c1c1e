//! What every runtime here can do, so that one workload serves all of them.

mod compio;
mod glommio;
mod heist;
mod monoio;
mod raw;
mod smol;
mod tokio;

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::usage::Sample;
use crate::workload::{self, Task};

/// Threads of every multi-threaded rival.
pub(crate) const WORKER_COUNT: usize = 2;

/// Connections that a listener holds until they are accepted: more than any load opens. Whoever finds no place tries again
/// only after a second.
const BACKLOG: i32 = 4_096;

/// A runtime under test whose tasks may move between threads.
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
    /// A socket for datagrams.
    type Datagrams: Send + 'static;

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
    /// Is over when `time` has passed.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;
    /// Drives `future` for at most `time`; whether it came to its end.
    fn timeout<F: Future<Output = ()> + Send>(time: Duration, future: F)
    -> impl Future<Output = bool> + Send;
    /// Takes a bound, non-blocking listener over.
    fn listen(listener: TcpListener) -> io::Result<Self::Listener>;
    /// The next connection, with `TCP_NODELAY` set.
    fn accept(listener: &mut Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    /// Reads what is there, or waits for something; zero at the end.
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all of `bytes`.
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
    /// Writes all of `bytes`, which are handed over and come back.
    fn write_all_owned(
        stream: &mut Self::Stream,
        bytes: Vec<u8>,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send {
        async { (Self::write_all(stream, &bytes).await, bytes) }
    }
    /// Takes a bound, non-blocking socket over.
    fn datagrams(socket: UdpSocket) -> io::Result<Self::Datagrams>;
    /// The next datagram, cut to the buffer, and its sender.
    fn receive_from(
        socket: &mut Self::Datagrams,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
    /// Sends `bytes` as one datagram.
    fn send_to(
        socket: &mut Self::Datagrams,
        bytes: &[u8],
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send;
}

/// A rival whose sockets hyper can use.
pub(crate) trait Http: Rival {
    /// What hyper reads and writes.
    type Io: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static;

    /// A connected socket as hyper wants it.
    fn io(stream: Self::Stream) -> Self::Io;
}

/// A runtime under test that has one thread per core: what a thread accepts, it serves.
pub(crate) trait PerCore: 'static {
    /// What it is called on the command line and in the tables.
    const NAME: &'static str;
    /// One line about it.
    const EXPLANATION: &'static str;

    /// A listening socket.
    type Listener: 'static;
    /// A connected socket.
    type Stream: 'static;
    /// A socket for datagrams.
    type Datagrams: 'static;

    /// Runs one of the runtime's threads: the calling one.
    fn run<F: Future<Output = ()> + 'static>(future: F);
    /// Spawns on this thread.
    fn spawn<F: Future<Output = ()> + 'static>(future: F);
    /// Listens on a port that other threads listen on too.
    fn listen(address: SocketAddr) -> io::Result<Self::Listener>;
    /// The next connection, with `TCP_NODELAY` set.
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
    /// Reads what is there, or waits for something: gives the buffer back with as many bytes as came.
    async fn read(stream: &mut Self::Stream, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>);
    /// Writes all of `bytes`.
    async fn write_all(stream: &mut Self::Stream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>);
    /// A socket for datagrams on a port that other threads receive from too.
    fn datagrams(address: SocketAddr) -> io::Result<Self::Datagrams>;
    /// The next datagram and its sender: gives the buffer back with as many bytes as came.
    async fn receive_from(
        socket: &Self::Datagrams,
        buffer: Vec<u8>,
    ) -> (io::Result<(usize, SocketAddr)>, Vec<u8>);
    /// Sends `bytes` as one datagram.
    async fn send_to(
        socket: &Self::Datagrams,
        bytes: Vec<u8>,
        address: SocketAddr,
    ) -> (io::Result<usize>, Vec<u8>);
}

/// A socket bound to `address`, which others may bind to as well. It reserves a port as long as it does not listen.
pub(crate) fn shared_port(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A non-blocking listener on a port that others listen on too.
fn shared_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = shared_port(address)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A non-blocking socket for datagrams on a port that others receive from too: the kernel spreads the senders.
pub(crate) fn shared_datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Some port of this machine.
pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A non-blocking listener on any port, and where it is.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = shared_listener(any_port()).expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// A rival with its type forgotten, and what it can be asked for.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) explanation: &'static str,
    /// What the program that serves for it calls it.
    pub(crate) served_as: &'static str,
    /// That program, if it is another build of this one.
    pub(crate) program: Option<&'static str>,
    /// Serves TCP echo until stdin ends; told the size of the messages.
    pub(crate) serve_echo: Option<fn(usize) -> ExitCode>,
    /// Serves UDP echo until stdin ends; told the size of the messages.
    pub(crate) serve_udp: Option<fn(usize) -> ExitCode>,
    /// Writes to whoever connects until stdin ends; told the size of the writes.
    pub(crate) serve_stream: Option<fn(usize) -> ExitCode>,
    /// What only those can do whose tasks move.
    pub(crate) stealing: Option<Stealing>,
    /// Serves HTTP until stdin ends.
    pub(crate) serve_hello: Option<fn() -> ExitCode>,
    /// Runs one round of a workload without a runtime: the floor under those that hand over.
    pub(crate) hand_over: Option<fn(Task, u32) -> Sample>,
}

/// What a runtime can be asked for whose tasks may move between threads.
#[derive(Clone, Copy)]
pub(crate) struct Stealing {
    /// Runs one round of a workload that needs no child process.
    pub(crate) run: fn(Task, u32) -> Sample,
    /// Works, idles, and prints what idling cost.
    pub(crate) idle: fn() -> ExitCode,
    /// Lets so many tasks sleep, and prints what that cost.
    pub(crate) sleepers: fn(u64) -> ExitCode,
}

impl Contender {
    fn of<R: Rival>() -> Self {
        Contender {
            name: R::NAME,
            explanation: R::EXPLANATION,
            served_as: R::NAME,
            program: None,
            serve_echo: Some(crate::echo::serve::<R>),
            serve_udp: Some(crate::udp::serve::<R>),
            serve_stream: Some(crate::stream::serve::<R>),
            stealing: Some(Stealing {
                run: workload::run::<R>,
                idle: workload::idle::run::<R>,
                sleepers: workload::sleepers::run::<R>,
            }),
            serve_hello: None,
            hand_over: None,
        }
    }

    fn with_http<R: Http>() -> Self {
        Contender { serve_hello: Some(workload::hyper_hello::serve::<R>), ..Contender::of::<R>() }
    }

    /// The same in another build of this program: for two versions of one runtime.
    pub(crate) fn built_otherwise(self, program: &'static str) -> Self {
        let explanation = "the first rival in another build";
        Contender { name: OTHER_BUILD, explanation, program: Some(program), ..self }
    }

    fn per_core<P: PerCore>() -> Self {
        Contender {
            name: P::NAME,
            explanation: P::EXPLANATION,
            served_as: P::NAME,
            program: None,
            serve_echo: Some(crate::echo::serve_per_core::<P>),
            serve_udp: Some(crate::udp::serve_per_core::<P>),
            serve_stream: None,
            stealing: None,
            serve_hello: None,
            hand_over: None,
        }
    }
}

/// What the subject is called in another build.
pub(crate) const OTHER_BUILD: &str = "other build";

/// The one all others are compared with.
pub(crate) const SUBJECT: &str = "heist";

/// Everyone, the subject first.
pub(crate) fn all() -> Vec<Contender> {
    let mut all = vec![
        Contender::with_http::<heist::MultiThread>(),
        Contender::with_http::<tokio::Tokio>(),
        Contender::with_http::<heist::SingleThread>(),
        Contender::with_http::<heist::OnPoll>(),
        heist::POOLED,
        Contender::of::<heist::ZeroCopy>(),
        Contender::of::<smol::Smol>(),
        Contender::per_core::<monoio::Monoio>(),
        Contender::per_core::<compio::Compio>(),
        Contender::per_core::<glommio::Glommio>(),
    ];
    all.extend(raw::CONTENDERS);
    all.extend(workload::hand_over::CONTENDERS);
    all
}

/// The rival called `name`.
pub(crate) fn by_name(name: &str) -> Result<Contender, String> {
    let rivals = all();
    rivals.iter().find(|rival| rival.name == name).copied().ok_or_else(|| {
        let names: Vec<_> = rivals.iter().map(|rival| rival.name).collect();
        format!("no such rival; there are: {}", names.join(", "))
    })
}
