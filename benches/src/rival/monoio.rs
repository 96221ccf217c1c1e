//! monoio: a ring per thread, with the flags for a ring that one thread uses.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::udp::UdpSocket;
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, RuntimeBuilder};

use super::contract::PerCore;

pub(crate) struct Monoio;

impl PerCore for Monoio {
    const NAME: &'static str = "monoio";
    const EXPLANATION: &'static str = "monoio, 2 threads with a ring and a listener each";

    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;

    fn run<F: Future<Output = ()> + 'static>(future: F) {
        // Without these, which it does not set by itself, each completion interrupts its thread.
        let mut settings = io_uring_of_monoio::IoUring::builder();
        settings.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
        let builder = RuntimeBuilder::<IoUringDriver>::new().uring_builder(settings);
        builder.build().expect("monoio starts").block_on(future);
    }

    fn spawn<F: Future<Output = ()> + 'static>(future: F) {
        drop(monoio::spawn(future));
    }

    fn listen(address: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::from_std(super::ports::shared_listener(address)?)
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut TcpStream, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut TcpStream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        let (result, bytes) = stream.write_all(bytes).await;
        (result.map(drop), bytes)
    }

    fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::from_std(super::ports::shared_datagrams(address)?)
    }

    async fn receive_from(socket: &UdpSocket, buffer: Vec<u8>) -> (io::Result<(usize, SocketAddr)>, Vec<u8>) {
        socket.recv_from(buffer).await
    }

    async fn send_to(
        socket: &UdpSocket,
        bytes: Vec<u8>,
        address: SocketAddr,
    ) -> (io::Result<usize>, Vec<u8>) {
        socket.send_to(bytes, address).await
    }
}
