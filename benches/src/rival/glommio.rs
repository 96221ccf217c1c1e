//! glommio: three rings per thread, by its own settings.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use glommio::net::{TcpListener, TcpStream, UdpSocket};
use glommio::{LocalExecutorBuilder, Placement};
use smol::io::{AsyncReadExt, AsyncWriteExt};

use super::contract::PerCore;

pub(crate) struct Glommio;

impl PerCore for Glommio {
    const NAME: &'static str = "glommio";
    const EXPLANATION: &'static str = "glommio, 2 threads with rings and a listener each";

    type Listener = TcpListener;
    type Stream = TcpStream;
    type Datagrams = UdpSocket;

    fn run<F: Future<Output = ()> + 'static>(future: F) {
        // Bound to a core it could not make way for the load, as everyone else can.
        let executor = LocalExecutorBuilder::new(Placement::Unbound).make().expect("glommio starts");
        executor.run(future);
    }

    fn spawn<F: Future<Output = ()> + 'static>(future: F) {
        drop(glommio::spawn_local(future).detach());
    }

    fn listen(address: SocketAddr) -> io::Result<TcpListener> {
        Ok(TcpListener::bind(address)?)
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        let stream = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut TcpStream, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        // What was cut off by the last answer is room again.
        buffer.resize(buffer.capacity(), 0);
        let result = stream.read(&mut buffer).await;
        buffer.truncate(*result.as_ref().unwrap_or(&0));
        (result, buffer)
    }

    async fn write_all(stream: &mut TcpStream, bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        (stream.write_all(&bytes).await, bytes)
    }

    fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
        Ok(UdpSocket::bind(address)?)
    }

    async fn receive_from(
        socket: &UdpSocket,
        mut buffer: Vec<u8>,
    ) -> (io::Result<(usize, SocketAddr)>, Vec<u8>) {
        buffer.resize(buffer.capacity(), 0);
        let result = socket.recv_from(&mut buffer).await.map_err(io::Error::from);
        buffer.truncate(result.as_ref().map_or(0, |(count, _)| *count));
        (result, buffer)
    }

    async fn send_to(
        socket: &UdpSocket,
        bytes: Vec<u8>,
        address: SocketAddr,
    ) -> (io::Result<usize>, Vec<u8>) {
        (socket.send_to(&bytes, address).await.map_err(io::Error::from), bytes)
    }
}
