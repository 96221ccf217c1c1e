//! compio: a ring per thread, with the flags for a ring that one thread uses.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use compio::BufResult;
use compio::driver::ProactorBuilder;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream, UdpSocket};
use compio::runtime::Runtime;

use super::contract::PerCore;

pub(crate) struct Compio;

impl PerCore for Compio {
    const NAME: &'static str = "compio";
    const EXPLANATION: &'static str = "compio, 2 threads with a ring and a listener each";

    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;

    fn run<F: Future<Output = ()> + 'static>(future: F) {
        // Without these, which it does not set by itself, each completion interrupts its thread.
        let mut settings = ProactorBuilder::new();
        settings.single_issuer(true).coop_taskrun(true).taskrun_flag(true);
        let runtime = Runtime::builder().with_proactor(settings).build().expect("compio starts");
        runtime.block_on(future);
    }

    fn spawn<F: Future<Output = ()> + 'static>(future: F) {
        compio::runtime::spawn(future).detach();
    }

    fn listen(address: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::from_std(super::ports::shared_listener(address)?)
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut TcpStream, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        // It reads behind what is there.
        buffer.clear();
        let BufResult(result, buffer) = stream.read(buffer).await;
        (result, buffer)
    }

    async fn write_all(stream: &mut TcpStream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        let BufResult(result, bytes) = stream.write_all(bytes).await;
        (result, bytes)
    }

    fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::from_std(super::ports::shared_datagrams(address)?)
    }

    async fn receive_from(
        socket: &UdpSocket,
        mut buffer: Vec<u8>,
    ) -> (io::Result<(usize, SocketAddr)>, Vec<u8>) {
        buffer.clear();
        let BufResult(result, buffer) = socket.recv_from(buffer).await;
        (result, buffer)
    }

    async fn send_to(
        socket: &UdpSocket,
        bytes: Vec<u8>,
        address: SocketAddr,
    ) -> (io::Result<usize>, Vec<u8>) {
        let BufResult(result, bytes) = socket.send_to(bytes, address).await;
        (result, bytes)
    }
}
