//! Connecting, binding, addresses, names and options.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::join;
use heist::net::{TcpListener, TcpStream, lookup_host};
use heist::time::sleep;

use super::{pair, soon};
use crate::support::{PATIENCE, on_every_runtime};

/// A port that nobody listens on, and that nobody else is given while the socket lives.
fn closed_addr() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, addr)
}

#[test]
fn a_refused_connect_is_reported() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_closed, addr) = closed_addr();
            let error = soon("a refusal", TcpStream::connect(addr)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let error = TcpStream::connect(&[][..]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let error = TcpStream::connect("no port").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        });
    });
}

#[test]
fn addresses_are_tried_in_turn_and_the_last_error_is_returned() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let good = listener.local_addr().unwrap();
            let ((_first, first), (_second, second)) = (closed_addr(), closed_addr());
            let addrs = [first, second, good];
            let stream = soon("the third", TcpStream::connect(&addrs[..])).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), good);
            let error = TcpStream::connect(&addrs[..2]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let busy = TcpListener::bind(good).await.unwrap_err();
            assert_eq!(busy.kind(), ErrorKind::AddrInUse);
            let second = TcpListener::bind(&[good, SocketAddr::from(([127, 0, 0, 1], 0))][..]).await.unwrap();
            assert_ne!(second.local_addr().unwrap(), good);
        });
    });
}

#[test]
fn names_are_looked_up() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let addrs: Vec<_> = lookup_host(("localhost", port)).await.unwrap().collect();
            assert!(addrs.iter().all(|addr| addr.ip().is_loopback() && addr.port() == port), "{addrs:?}");
            let stream = soon("localhost", TcpStream::connect(format!("localhost:{port}"))).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap().port(), port);
            assert!(lookup_host("no such name.invalid:1").await.is_err());
        });
    });
}

#[test]
fn ipv6_is_spoken_where_the_machine_does() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = match TcpListener::bind("[::1]:0").await {
                Ok(listener) => listener,
                Err(error) => {
                    return crate::support::loud(&format!("SKIPPED: no IPv6 loopback here: {error}"));
                }
            };
            let addr = listener.local_addr().unwrap();
            let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
            assert_eq!(client.unwrap().local_addr().unwrap(), accepted.unwrap().1);
        });
    });
}

/// A port may be bound again while connections of its last owner linger.
#[test]
fn a_port_is_free_at_once_after_its_listener() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
            // Our side closes first and is left in TIME_WAIT.
            drop(accepted.unwrap());
            assert_eq!(client.unwrap().read(&mut [0; 8]).await.unwrap(), 0);
            drop(listener);
            let start = Instant::now();
            // A descriptor with a wait in flight closes a moment after its drop.
            while let Err(error) = TcpListener::bind(addr).await {
                assert!(start.elapsed() < PATIENCE / 2, "the port stays taken: {error}");
                sleep(Duration::from_millis(1)).await;
            }
        });
    });
}

#[test]
fn options_are_set_and_read_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, server) = pair().await;
            assert_eq!(client.local_addr().unwrap(), server.peer_addr().unwrap());
            assert!(!client.nodelay().unwrap());
            client.set_nodelay(true).unwrap();
            assert!(client.nodelay().unwrap());
            client.set_ttl(33).unwrap();
            assert_eq!(client.ttl().unwrap(), 33);
            assert_eq!(client.linger().unwrap(), None);
            client.set_linger(Some(Duration::from_secs(2))).unwrap();
            assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(2)));
            client.set_linger(None).unwrap();
            assert!(client.take_error().unwrap().is_none());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.set_ttl(44).unwrap();
            assert_eq!(listener.ttl().unwrap(), 44);
            assert!(listener.take_error().unwrap().is_none());
            assert!(format!("{client:?} {listener:?}").starts_with("TcpStream"));
        });
    });
}
