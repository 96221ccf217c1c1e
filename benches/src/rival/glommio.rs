//! glommio: three rings per thread, by its own settings.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use glommio::net::{TcpListener, TcpStream};
use glommio::{LocalExecutorBuilder, Placement};
use smol::io::{AsyncReadExt, AsyncWriteExt};

use super::PerCore;

pub(crate) struct Glommio;

impl PerCore for Glommio {
    const NAME: &'static str = "glommio";
    const EXPLANATION: &'static str = "glommio, 2 threads with rings and a listener each";

    type Listener = TcpListener;
    type Stream = TcpStream;

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
}
