//! What can go wrong with a datagram.

use std::io::ErrorKind;

use heist::net::UdpSocket;

#[cfg(unix)]
use super::pattern;
use super::{bound, soon};
use crate::support::on_every_runtime;

/// The refusal of one datagram is told once, to whoever waits, and the socket lives on.
#[test]
fn a_refused_datagram_is_reported_and_the_socket_lives_on() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = bound().await;
            let peer = bound().await;
            let addr = peer.local_addr().unwrap();
            socket.connect(addr).await.unwrap();
            drop(peer);
            socket.send(b"anyone?").await.unwrap();
            let error = soon("the refusal", socket.recv(&mut [0; 8])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(socket.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);

            let peer = UdpSocket::bind(addr).await.unwrap();
            socket.send(b"again").await.unwrap();
            assert_eq!(soon("the second try", peer.recv(&mut [0; 8])).await.unwrap(), 5);
            peer.send_to(b"yes", socket.local_addr().unwrap()).await.unwrap();
            assert_eq!(soon("the answer", socket.recv(&mut [0; 8])).await.unwrap(), 3);
        });
    });
}

#[test]
fn a_refusal_wakes_a_receiver_that_waits() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = std::sync::Arc::new(bound().await);
            socket.connect(std_closed_addr()).await.unwrap();
            let shared = socket.clone();
            let waiting = heist::spawn(async move { shared.recv(&mut [0; 8]).await });
            heist::task::yield_now().await;
            socket.send(b"anyone?").await.unwrap();
            let error = soon("the refusal", waiting).await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

fn std_closed_addr() -> std::net::SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[cfg(unix)]
#[test]
fn what_does_not_fit_into_the_buffer_is_lost_and_the_next_is_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = super::pair().await;
            let long = pattern(2000, 3);
            left.send(&long).await.unwrap();
            left.send(b"next").await.unwrap();
            let mut buf = [0; 100];
            assert_eq!(soon("the start", right.recv(&mut buf)).await.unwrap(), 100);
            assert_eq!(buf, long[..100]);
            assert_eq!(right.recv(&mut buf).await.unwrap(), 4);
            assert_eq!(&buf[..4], b"next");
        });
    });
}

#[cfg(unix)]
#[test]
fn a_datagram_that_is_too_long_is_an_error_and_nothing_is_sent() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = super::pair().await;
            let to = right.local_addr().unwrap();
            let long = vec![7; 65_508];
            for error in [
                left.send(&long).await.unwrap_err(),
                left.send_to(&long, to).await.unwrap_err(),
                left.try_send(&long).unwrap_err(),
                left.send_segments(&long, long.len()).await.unwrap_err(),
            ] {
                assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE), "{error}");
            }
            left.send(&long[..65_507]).await.unwrap();
            let mut buf = vec![0; 65_536];
            assert_eq!(soon("the longest", right.recv(&mut buf)).await.unwrap(), 65_507);
            assert_eq!(right.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

#[test]
fn sending_without_a_peer_is_an_error() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = bound().await;
            assert!(soon("an error", socket.send(b"x")).await.is_err());
            assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
            let error = UdpSocket::bind(socket.local_addr().unwrap()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
        });
    });
}
