//! Datagrams of every length.

use std::io::ErrorKind;

use heist::net::UdpSocket;

use crate::support::on_every_runtime;
use crate::support::wait::{is_pending_once, pattern, soon};

/// The longest that UDP over IPv4 has.
const LONGEST: usize = 65_507;

async fn pair() -> (UdpSocket, UdpSocket) {
    let left = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let right = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    left.connect(right.local_addr().expect("bound")).await.expect("connected");
    right.connect(left.local_addr().expect("bound")).await.expect("connected");
    (left, right)
}

#[test]
fn datagrams_of_every_length_arrive_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            let mut held = Vec::new();
            for len in [0, 1, 64, 1_400, 4_096, 16_384, 16_385, 40_000, LONGEST] {
                let sent = pattern(len, len as u64);
                assert_eq!(left.send(&sent).await.expect("sent"), len);
                let datagram = soon("the datagram", right.recv_pooled()).await.expect("received");
                assert!(*datagram == *sent, "{len} bytes");
                assert_eq!(left.send(&datagram).await.expect("sent"), len);
                let (echo, sender) = soon("the datagram", right.recv_from_pooled()).await.expect("received");
                assert!(*echo == *sent, "{len} bytes");
                assert_eq!(sender, left.local_addr().expect("bound"));
                held.push((datagram, sent));
            }
            assert!(
                held.iter().all(|(datagram, sent)| **datagram == **sent),
                "buffers are used once at a time"
            );
        });
    });
}

#[test]
fn many_senders_are_distinguished() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let server = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            let address = server.local_addr().expect("bound");
            let mut clients = Vec::new();
            for index in 0..20_u8 {
                let client = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                client.send_to(&[index; 30], address).await.expect("sent");
                clients.push(client);
            }
            let mut held = Vec::new();
            for _ in 0..clients.len() {
                held.push(soon("a datagram", server.recv_from_pooled()).await.expect("received"));
            }
            for (datagram, sender) in held {
                let client = &clients[usize::from(datagram[0])];
                assert_eq!(*datagram, [datagram[0]; 30]);
                assert_eq!(sender, client.local_addr().expect("bound"));
            }
        });
    });
}

#[test]
fn a_receive_that_is_given_up_takes_no_datagram() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            for index in 0..100_u8 {
                assert!(is_pending_once(right.recv_pooled()).await);
                assert!(is_pending_once(right.recv_from_pooled()).await);
                left.send(&[index; 3]).await.expect("sent");
                let datagram = soon("the datagram", right.recv_pooled()).await.expect("received");
                assert_eq!(*datagram, [index; 3]);
            }
        });
    });
}

#[test]
fn tries_and_errors_are_those_of_other_receives() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            assert_eq!(right.try_recv_pooled().unwrap_err().kind(), ErrorKind::WouldBlock);
            assert_eq!(right.try_recv_from_pooled().unwrap_err().kind(), ErrorKind::WouldBlock);
            left.send(b"one").await.expect("sent");
            soon("a datagram", right.readable()).await.expect("ready");
            let datagram = loop {
                match right.try_recv_pooled() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        heist::task::yield_now().await;
                    }
                    result => break result.expect("received"),
                }
            };
            assert_eq!(*datagram, *b"one");
            drop(left);
            // Nobody is there any more, and says so.
            right.send(b"lost").await.expect("sent");
            let error = soon("the refusal", right.recv_pooled()).await.expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        });
    });
}
