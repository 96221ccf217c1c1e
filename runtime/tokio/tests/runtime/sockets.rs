//! Sockets and their halves.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Runtime;

use crate::drivers::on_each;

#[test]
fn the_half_that_writes_ends_the_stream_unless_it_is_forgotten() {
    on_each("sockets::the_half_that_writes_ends_the_stream_unless_it_is_forgotten", on_one_driver::halves);
}

#[test]
fn a_try_call_returns_would_block_and_readiness_ends_it() {
    on_each("sockets::a_try_call_returns_would_block_and_readiness_ends_it", on_one_driver::try_calls);
}

#[test]
fn a_datagram_fills_the_room_of_a_buffer() {
    on_each("sockets::a_datagram_fills_the_room_of_a_buffer", on_one_driver::datagrams);
}

#[cfg(unix)]
#[test]
fn a_wait_for_room_ends_until_a_write_is_refused() {
    on_each("sockets::a_wait_for_room_ends_until_a_write_is_refused", on_one_driver::room);
}

#[test]
fn an_accept_waits_outside_of_a_runtime_and_fails_when_that_of_the_listener_ends() {
    on_each(
        "sockets::an_accept_waits_outside_of_a_runtime_and_fails_when_that_of_the_listener_ends",
        on_one_driver::accept_outside,
    );
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

mod on_one_driver {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    #[cfg(unix)]
    use std::time::Duration;

    use super::{AsyncReadExt, AsyncWriteExt, ErrorKind, Interest, Runtime, TcpListener, UdpSocket, pair};

    /// Writes until that would block. The wait before each write must end, because nobody makes
    /// room.
    #[cfg(unix)]
    async fn fill(wait: impl AsyncFn() -> std::io::Result<()>, write: impl Fn() -> std::io::Result<usize>) {
        loop {
            tokio::time::timeout(Duration::from_secs(60), wait()).await.expect("room").unwrap();
            match write() {
                Ok(_) => {}
                Err(error) => return assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    #[cfg(unix)]
    pub(super) fn room() {
        use tokio::net::{UnixDatagram, UnixStream};

        Runtime::new().unwrap().block_on(async {
            let (one, other) = UnixDatagram::pair().unwrap();
            fill(async || one.writable().await, || one.try_send(b"datagram")).await;
            let mut wait = pin!(one.writable());
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            while other.try_recv(&mut [0; 16]).is_ok() {}
            wait.await.unwrap();
            let (one, _other) = UnixStream::pair().unwrap();
            fill(async || one.writable().await, || one.try_write(b"some bytes")).await;
            let (one, _other) = UnixStream::pair().unwrap();
            let wait = async || one.ready(Interest::WRITABLE).await.map(|ready| assert!(ready.is_writable()));
            fill(wait, || one.try_write(b"some bytes")).await;
            let (one, _other) = UnixStream::pair().unwrap();
            let socket = socket2::SockRef::from(&one);
            let write = || one.try_io(Interest::WRITABLE, || socket.send(b"some bytes"));
            fill(async || one.writable().await, write).await;
        });
    }

    pub(super) fn accept_outside() {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let mut accept = pin!(listener.accept());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(accept.as_mut().poll(&mut cx).is_pending());
        drop(runtime);
        let Poll::Ready(Err(error)) = accept.poll(&mut cx) else { panic!("no error at the end") };
        assert!(tokio::runtime::is_rt_shutdown_err(&error), "{error}");
    }

    pub(super) fn halves() {
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

    pub(super) fn try_calls() {
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

    pub(super) fn datagrams() {
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
