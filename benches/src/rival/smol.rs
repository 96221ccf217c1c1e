//! smol: its executor on two threads, and its reactor's own thread.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream, UdpSocket};
use smol::{Executor, Task, Timer};

use super::contract::{Rival, WORKER_COUNT};
use super::locks::OfTokio;

/// One executor for the whole process, as with smol's own `spawn`; its threads never end.
pub(crate) struct Smol(&'static Executor<'static>);

fn executor() -> &'static Executor<'static> {
    static EXECUTOR: OnceLock<&'static Executor<'static>> = OnceLock::new();
    EXECUTOR.get_or_init(|| {
        let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
        for index in 0..WORKER_COUNT {
            std::thread::Builder::new()
                .name(format!("smol-{index}"))
                .spawn(move || smol::block_on(executor.run(std::future::pending::<Infallible>())))
                .expect("a thread");
        }
        executor
    })
}

/// A task of smol's that goes on when its handle is dropped, as the others' do.
pub(crate) struct Detaching<T>(Option<Task<T>>);

impl<T> Future for Detaching<T> {
    type Output = Result<T, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.0.as_mut().expect("only drop takes it");
        Pin::new(task).poll(cx).map(Ok)
    }
}

impl<T> Drop for Detaching<T> {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.detach();
        }
    }
}

impl Rival for Smol {
    const NAME: &'static str = "smol";
    const EXPLANATION: &'static str = "smol, 2 threads and its reactor's";

    type Join<T: Send + 'static> = Detaching<T>;
    type JoinError = Infallible;
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;
    type Locks = OfTokio;
    type Channels = OfTokio;

    fn start() -> Self {
        Smol(executor())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn_from_outside<F>(&self, future: F) -> Detaching<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Detaching(Some(self.0.spawn(future)))
    }

    fn spawn<F>(future: F) -> Detaching<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Detaching(Some(executor().spawn(future)))
    }

    async fn yield_now() {
        smol::future::yield_now().await;
    }

    async fn sleep(time: Duration) {
        Timer::after(time).await;
    }

    async fn timeout<F: Future<Output = ()> + Send>(time: Duration, future: F) -> bool {
        let in_time = async {
            future.await;
            true
        };
        let too_late = async {
            Timer::after(time).await;
            false
        };
        smol::future::or(in_time, too_late).await
    }

    fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::try_from(listener)
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
        UdpSocket::try_from(socket)
    }

    async fn receive_from(socket: &mut UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        socket.recv_from(buffer).await
    }

    async fn send_to(socket: &mut UdpSocket, bytes: &[u8], address: SocketAddr) -> io::Result<usize> {
        socket.send_to(bytes, address).await
    }
}
