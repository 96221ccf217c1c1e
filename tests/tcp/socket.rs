//! `TcpSocket`: options that matter before a socket connects or listens.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use futures::join;
use heist::net::TcpSocket;

use super::soon;
use crate::support::on_every_runtime;

const FREE: &str = "127.0.0.1:0";

#[test]
fn options_are_read_back_and_reach_the_stream() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            assert!(socket.reuseaddr().unwrap());
            socket.set_keepalive(true).unwrap();
            assert!(socket.keepalive().unwrap());
            socket.set_nodelay(true).unwrap();
            assert!(socket.nodelay().unwrap());
            socket.set_linger(Some(Duration::from_secs(3))).unwrap();
            assert_eq!(socket.linger().unwrap(), Some(Duration::from_secs(3)));
            socket.set_linger(None).unwrap();
            socket.set_send_buffer_size(20_000).unwrap();
            socket.set_recv_buffer_size(30_000).unwrap();
            // Linux doubles what was set.
            assert!((20_000..=40_000).contains(&socket.send_buffer_size().unwrap()));
            assert!((30_000..=60_000).contains(&socket.recv_buffer_size().unwrap()));
            assert!(socket.take_error().unwrap().is_none());
            socket.bind(FREE.parse().unwrap()).unwrap();
            let addr = socket.local_addr().unwrap();
            assert_ne!(addr.port(), 0);

            let listener = TcpSocket::new_v4().unwrap();
            listener.bind(FREE.parse().unwrap()).unwrap();
            let listener = listener.listen(16).unwrap();
            let (client, accepted) = join!(socket.connect(listener.local_addr().unwrap()), listener.accept());
            let (client, (_server, peer)) = (client.unwrap(), accepted.unwrap());
            assert!(client.nodelay().unwrap());
            assert_eq!(client.local_addr().unwrap(), addr, "it keeps the address it was bound to");
            assert_eq!(peer, addr);
        });
    });
}

#[test]
fn a_shared_port_needs_the_option_on_every_socket() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let new = |shares: bool, addr: SocketAddr| {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_reuseport(shares)?;
                assert_eq!(socket.reuseport().unwrap(), shares);
                socket.bind(addr)?;
                socket.listen(16)
            };
            let first = match new(true, FREE.parse().unwrap()) {
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    return crate::support::loud(&format!("SKIPPED: no shared ports here: {error}"));
                }
                listener => listener.unwrap(),
            };
            let addr = first.local_addr().unwrap();
            let second = new(true, addr).unwrap();
            assert_eq!(new(false, addr).unwrap_err().kind(), ErrorKind::AddrInUse);
            // One of the two gets the connection.
            let client = TcpSocket::new_v4().unwrap().connect(addr);
            let accepted = futures::future::select(Box::pin(first.accept()), Box::pin(second.accept()));
            let (client, accepted) = soon("the connection", async { join!(client, accepted) }).await;
            assert_eq!(accepted.factor_first().0.unwrap().1, client.unwrap().local_addr().unwrap());
        });
    });
}

#[test]
fn faults_are_reported() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let taken = TcpSocket::new_v4().unwrap();
            taken.bind(FREE.parse().unwrap()).unwrap();
            let addr = taken.local_addr().unwrap();
            let error = TcpSocket::new_v4().unwrap().bind(addr).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
            // Bound, and nobody listens.
            let error = soon("a refusal", TcpSocket::new_v4().unwrap().connect(addr)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(taken.bind(addr).is_err(), "it is bound already");
            assert!(TcpSocket::new_v4().unwrap().bind("[::1]:0".parse().unwrap()).is_err());
        });
    });
}

/// A backlog of one: the third client is not answered until somebody accepts.
#[cfg(target_os = "linux")]
#[test]
fn the_backlog_is_the_one_asked_for() {
    use heist::net::TcpStream;
    use heist::time::timeout;
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(FREE.parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let addr = listener.local_addr().unwrap();
            // Linux keeps one more than asked for.
            let _first = soon("the first", TcpStream::connect(addr)).await.unwrap();
            let _second = soon("the second", TcpStream::connect(addr)).await.unwrap();
            let third = timeout(Duration::from_millis(200), TcpStream::connect(addr)).await;
            assert!(third.is_err(), "the queue is longer than asked for: {third:?}");
            drop(listener);
        });
    });
}

#[test]
fn sockets_of_std_are_taken_over_and_given_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let raw = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            let socket = TcpSocket::from_std_stream(raw.into());
            let socket = TcpSocket::from_std_stream(socket.unwrap().into_std_stream()).unwrap();
            socket.bind(FREE.parse().unwrap()).unwrap();
            let listener = socket.listen(16).unwrap();
            // It was blocking: an accept that finds nothing must not stop the thread.
            assert!(super::is_pending_once(listener.accept()).await);
            #[cfg(unix)]
            {
                use std::os::fd::{AsRawFd as _, OwnedFd};
                let socket = TcpSocket::new_v4().unwrap();
                let number = socket.as_raw_fd();
                assert_eq!(OwnedFd::from(socket).as_raw_fd(), number);
            }
        });
    });
}
