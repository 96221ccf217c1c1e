//! heist: two workers, its single-threaded loop, two workers on the poll back end, and two that receive into the runtime's
//! own buffers.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::{Builder, DriverKind, Runtime};
use heist::task::{JoinError, JoinHandle};

use super::contender::Contender;
use super::contract::{Http, Rival, WORKER_COUNT};
use super::locks::OfHeist;
use crate::echo::{announce, buffer_size, obey};

/// How a runtime of heist's is built.
pub(crate) trait Build: Send + Sync + 'static {
    const NAME: &'static str;
    const EXPLANATION: &'static str;
    /// Whether what is handed over is written without copying it, where the system can do that.
    const ZERO_COPY: bool = false;
    fn build() -> io::Result<Runtime>;
}

pub(crate) struct Two;
pub(crate) struct One;
pub(crate) struct TwoOnPoll;
pub(crate) struct TwoZeroCopy;

impl Build for Two {
    const NAME: &'static str = super::contract::SUBJECT;
    const EXPLANATION: &'static str = "heist, 2 workers, the driver it chooses itself";
    fn build() -> io::Result<Runtime> {
        Builder::new_multi_thread().worker_threads(WORKER_COUNT).build()
    }
}

impl Build for One {
    const NAME: &'static str = "heist-single";
    const EXPLANATION: &'static str = "heist, the single-threaded loop";
    fn build() -> io::Result<Runtime> {
        Builder::new_current_thread().build()
    }
}

impl Build for TwoOnPoll {
    const NAME: &'static str = "heist-poll";
    const EXPLANATION: &'static str = "heist, 2 workers on the poll back end";
    fn build() -> io::Result<Runtime> {
        Builder::new_multi_thread().worker_threads(WORKER_COUNT).driver(DriverKind::Poll).build()
    }
}

impl Build for TwoZeroCopy {
    const NAME: &'static str = "heist-zero-copy";
    const EXPLANATION: &'static str = "heist, 2 workers, owned buffers written without copying";
    const ZERO_COPY: bool = true;
    fn build() -> io::Result<Runtime> {
        Two::build()
    }
}

/// heist, built as `B` says.
pub(crate) struct Heist<B>(Runtime, PhantomData<B>);

pub(crate) type MultiThread = Heist<Two>;
pub(crate) type SingleThread = Heist<One>;
pub(crate) type OnPoll = Heist<TwoOnPoll>;
pub(crate) type ZeroCopy = Heist<TwoZeroCopy>;

impl<B: Build> Rival for Heist<B> {
    const NAME: &'static str = B::NAME;
    const EXPLANATION: &'static str = B::EXPLANATION;

    type Join<T: Send + 'static> = JoinHandle<T>;
    type JoinError = JoinError;
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;
    type Locks = OfHeist;
    type Channels = OfHeist;

    fn start() -> Self {
        Heist(B::build().expect("heist starts"), PhantomData)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn_from_outside<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        heist::spawn(future)
    }

    async fn yield_now() {
        heist::task::yield_now().await;
    }

    async fn sleep(time: Duration) {
        heist::time::sleep(time).await;
    }

    async fn timeout<F: Future<Output = ()> + Send>(time: Duration, future: F) -> bool {
        heist::time::timeout(time, future).await.is_ok()
    }

    fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }

    async fn accept(listener: &mut TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }

    async fn write_all_owned(stream: &mut TcpStream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        if B::ZERO_COPY {
            stream.write_all_owned_zero_copy(bytes).await
        } else {
            stream.write_all_owned(bytes).await
        }
    }

    fn datagrams(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        UdpSocket::from_std(socket)
    }

    async fn receive_from(socket: &mut UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        socket.recv_from(buffer).await
    }

    async fn send_to(socket: &mut UdpSocket, bytes: &[u8], address: SocketAddr) -> io::Result<usize> {
        socket.send_to(bytes, address).await
    }
}

impl<B: Build> Http for Heist<B> {
    type Io = TcpStream;

    fn io(stream: TcpStream) -> TcpStream {
        stream
    }
}

/// Two workers that serve echo with `recv_pooled`.
pub(super) const POOLED: Contender = Contender {
    serve_echo: Some(serve_pooled),
    ..Contender::new("heist-pooled", "heist, 2 workers, buffers of the runtime's")
};

/// As `echo::serve`, but for the buffers. These have as much room as those there.
fn serve_pooled(message_size: usize) -> ExitCode {
    let (listener, address) = super::ports::listener();
    std::thread::spawn(move || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKER_COUNT).recv_buffer_bytes(buffer_size(message_size));
        let runtime = builder.build().expect("heist starts");
        runtime.block_on(async { heist::spawn(accept_all_pooled(listener)).await.expect("no panic") });
    });
    announce(address)
}

async fn accept_all_pooled(listener: std::net::TcpListener) {
    let mut listener = TcpListener::from_std(listener).expect("the listener is taken over");
    loop {
        let Ok(mut stream) = MultiThread::accept(&mut listener).await else { continue };
        drop(heist::spawn(async move {
            loop {
                let bytes = match stream.recv_pooled().await {
                    Ok(bytes) if !bytes.is_empty() => bytes,
                    // The load closes its connections at the end; there is nothing to report.
                    _ => break,
                };
                obey(&bytes);
                if stream.write_all(&bytes).await.is_err() {
                    break;
                }
            }
        }));
    }
}
