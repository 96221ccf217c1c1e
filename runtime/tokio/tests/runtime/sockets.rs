//! Sockets and their halves.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Runtime;

use crate::drivers::on_each;

#[test]
fn the_half_that_writes_ends_the_stream_unless_it_is_forgotten() {
    on_each("sockets::on_one_driver::halves");
}

#[test]
fn a_try_call_returns_would_block_and_readiness_ends_it() {
    on_each("sockets::on_one_driver::try_calls");
}

#[test]
fn a_datagram_fills_the_room_of_a_buffer() {
    on_each("sockets::on_one_driver::datagrams");
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

mod on_one_driver {
    use super::{AsyncReadExt, AsyncWriteExt, ErrorKind, Interest, Runtime, UdpSocket, pair};

    #[test]
    #[ignore = "run by on_each"]
    fn halves() {
        Runtime::new().unwrap().block_on(async {
            let (client, mut server) = pair().await;
            let (read, mut write) = client.into_split();
            write.write_all(b"abc").await.unwrap();
            drop(write);
            let mut bytes = Vec::new();
            server.read_to_end(&mut bytes).await.unwrap();
            assert_eq!(bytes, b"abc");
            drop(read);
            let (client, mut server) = pair().await;
            let (mut read, write) = client.into_split();
            write.forget();
            server.write_all(b"x").await.unwrap();
            assert_eq!(read.read_u8().await.unwrap(), b'x');
            assert_eq!(server.try_read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
            let (client, _server) = pair().await;
            let (other, _server_too) = pair().await;
            let (read, write) = client.into_split();
            let (_, foreign) = other.into_split();
            let refused = read.reunite(foreign).unwrap_err();
            assert!(refused.0.reunite(write).is_ok());
        });
    }

    #[test]
    #[ignore = "run by on_each"]
    fn try_calls() {
        Runtime::new().unwrap().block_on(async {
            let (mut client, server) = pair().await;
            let mut bytes = Vec::with_capacity(16);
            assert_eq!(server.try_read_buf(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
            client.write_all(b"hello").await.unwrap();
            assert!(server.ready(Interest::READABLE).await.unwrap().is_readable());
            while bytes.len() < 5 {
                server.readable().await.unwrap();
                match server.try_read_buf(&mut bytes) {
                    Ok(_) => {}
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
            assert_eq!(bytes, b"hello");
        });
    }

    #[test]
    #[ignore = "run by on_each"]
    fn datagrams() {
        Runtime::new().unwrap().block_on(async {
            let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            one.send_to(b"hello", other.local_addr().unwrap()).await.unwrap();
            assert_eq!(other.peek_sender().await.unwrap(), one.local_addr().unwrap());
            let mut bytes = Vec::with_capacity(16);
            let (count, sender) = other.recv_buf_from(&mut bytes).await.unwrap();
            assert_eq!((count, sender), (5, one.local_addr().unwrap()));
            assert_eq!(bytes, b"hello");
        });
    }
}
