//! TCP echo over heist, and peers made of plain std sockets.

use std::io::{Read, Write};
use std::net::SocketAddr;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::Runtime;
use heist::task::JoinHandle;

/// Starts an echo server on a free port; aborting the handle ends it.
pub(crate) fn start(runtime: &Runtime) -> (SocketAddr, JoinHandle<()>) {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("bound");
    (address, runtime.spawn(serve(listener)))
}

/// Accepts for ever; each connection is echoed by a task of its own.
pub(crate) async fn serve(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("accept");
        drop(heist::spawn(async move {
            let mut buffer = [0; 4096];
            // A peer that resets is gone; that is all there is to know.
            while let Ok(count) = stream.read(&mut buffer).await {
                if count == 0 || stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        }));
    }
}

/// Sends `message` and reads as many bytes back.
pub(crate) async fn round_trip(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(message).await.expect("write");
    let mut answer = vec![0; message.len()];
    let mut filled_count = 0;
    while filled_count < answer.len() {
        let count = stream.read(&mut answer[filled_count..]).await.expect("read");
        assert_ne!(count, 0, "the peer closed after {filled_count} bytes");
        filled_count += count;
    }
    answer
}

/// The same from a blocking peer that knows no runtime.
pub(crate) fn round_trip_blocking(stream: &mut std::net::TcpStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(message).expect("write");
    let mut answer = vec![0; message.len()];
    stream.read_exact(&mut answer).expect("read");
    answer
}
