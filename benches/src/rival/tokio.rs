//! tokio's multi-threaded runtime, two workers, everything enabled.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

use super::contract::{Http, Rival, WORKER_COUNT};
use super::locks::OfTokio;

pub(crate) struct Tokio(Runtime);

impl Rival for Tokio {
    const NAME: &'static str = "tokio";
    const EXPLANATION: &'static str = "tokio, 2 workers";

    type Join<T: Send + 'static> = JoinHandle<T>;
    type JoinError = JoinError;
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;
    type Locks = OfTokio;
    type Channels = OfTokio;

    fn start() -> Self {
        let mut builder = Builder::new_multi_thread();
        Tokio(builder.worker_threads(WORKER_COUNT).enable_all().build().expect("tokio starts"))
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
        tokio::spawn(future)
    }

    async fn yield_now() {
        tokio::task::yield_now().await;
    }

    async fn sleep(time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn timeout<F: Future<Output = ()> + Send>(time: Duration, future: F) -> bool {
        tokio::time::timeout(time, future).await.is_ok()
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

impl Http for Tokio {
    type Io = TokioIo<TcpStream>;

    fn io(stream: TcpStream) -> TokioIo<TcpStream> {
        TokioIo::new(stream)
    }
}
