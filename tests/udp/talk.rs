//! Sending, receiving, peeking: in every form.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;

use heist::net::UdpSocket;

use super::{bound, pair, soon};
use crate::support::on_every_runtime;

#[test]
fn datagrams_go_to_whom_they_are_sent_and_name_their_sender() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, middle, right) = (bound().await, bound().await, bound().await);
            let addr = middle.local_addr().unwrap();
            assert_eq!(left.send_to(b"from the left", addr).await.unwrap(), 13);
            let mut buf = [0; 64];
            let (count, peer) = soon("the left", middle.recv_from(&mut buf)).await.unwrap();
            assert_eq!((&buf[..count], peer), (&b"from the left"[..], left.local_addr().unwrap()));
            right.send_to(b"from the right", addr).await.unwrap();
            let (count, peer) = soon("the right", middle.recv_from(&mut buf)).await.unwrap();
            assert_eq!((&buf[..count], peer), (&b"from the right"[..], right.local_addr().unwrap()));
        });
    });
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            assert_eq!(left.peer_addr().unwrap(), right.local_addr().unwrap());
            let stranger = bound().await;
            stranger.send_to(b"spam", left.local_addr().unwrap()).await.unwrap();
            right.send(b"hello").await.unwrap();
            let mut buf = [0; 64];
            assert_eq!(soon("the peer", left.recv(&mut buf)).await.unwrap(), 5);
            assert_eq!(&buf[..5], b"hello");
            assert_eq!(left.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

#[test]
fn a_peek_leaves_the_datagram() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            left.send(b"one").await.unwrap();
            let from = left.local_addr().unwrap();
            let mut buf = [0; 64];
            assert_eq!(soon("a peek", right.peek(&mut buf)).await.unwrap(), 3);
            assert_eq!(right.peek_from(&mut buf).await.unwrap(), (3, from));
            assert_eq!(right.try_peek(&mut buf).unwrap(), 3);
            assert_eq!(right.try_peek_from(&mut buf).unwrap(), (3, from));
            assert_eq!(poll_fn(|cx| right.poll_peek(cx, &mut buf)).await.unwrap(), 3);
            assert_eq!(poll_fn(|cx| right.poll_peek_from(cx, &mut buf)).await.unwrap(), (3, from));
            assert_eq!(right.try_recv(&mut buf).unwrap(), 3);
            assert_eq!(right.try_peek(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

#[test]
fn empty_datagrams_are_datagrams() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            let from = left.local_addr().unwrap();
            assert_eq!(left.send(b"").await.unwrap(), 0);
            assert_eq!(left.send_to(b"", right.local_addr().unwrap()).await.unwrap(), 0);
            assert_eq!(left.try_send(b"").unwrap(), 0);
            left.send(b"end").await.unwrap();
            let mut buf = [0; 8];
            assert_eq!(soon("the first", right.recv(&mut buf)).await.unwrap(), 0);
            assert_eq!(soon("the second", right.recv_from(&mut buf)).await.unwrap(), (0, from));
            // An empty buffer takes a datagram as well.
            assert_eq!(soon("the third", right.recv(&mut [])).await.unwrap(), 0);
            assert_eq!(soon("the last", right.recv(&mut buf)).await.unwrap(), 3);
        });
    });
}

#[test]
fn the_poll_and_try_forms_do_the_same() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            let (from, to) = (left.local_addr().unwrap(), right.local_addr().unwrap());
            let mut buf = [0; 8];
            assert_eq!(right.try_recv_from(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
            let waiting = heist::spawn(async move {
                let mut buf = [0; 8];
                poll_fn(|cx| right.poll_recv_ready(cx)).await.unwrap();
                let first = poll_fn(|cx| right.poll_recv_from(cx, &mut buf)).await.unwrap();
                let second = poll_fn(|cx| right.poll_recv(cx, &mut buf)).await.unwrap();
                right.readable().await.unwrap();
                // Ready is a guess: another look may be needed.
                let third = loop {
                    match right.try_recv_from(&mut buf) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            right.readable().await.unwrap()
                        }
                        result => break result.unwrap(),
                    }
                };
                (first, second, third)
            });
            heist::task::yield_now().await;
            poll_fn(|cx| left.poll_send_ready(cx)).await.unwrap();
            left.writable().await.unwrap();
            assert_eq!(poll_fn(|cx| left.poll_send(cx, b"1")).await.unwrap(), 1);
            assert_eq!(poll_fn(|cx| left.poll_send_to(cx, b"22", to)).await.unwrap(), 2);
            assert_eq!(left.try_send_to(b"333", to).unwrap(), 3);
            assert_eq!(soon("all three", waiting).await.unwrap(), ((1, from), 2, (3, from)));
        });
    });
}

/// No datagram goes to two tasks, and none waits while a task waits for it.
#[test]
fn many_tasks_share_one_socket() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            const EACH_COUNT: usize = 50;
            let (left, right) = pair().await;
            let right = Arc::new(right);
            let mut receivers = Vec::new();
            for _ in 0..4 {
                let right = right.clone();
                receivers.push(heist::spawn(async move {
                    let mut numbers = Vec::new();
                    let mut buf = [0; 8];
                    while numbers.len() < EACH_COUNT {
                        assert_eq!(right.recv(&mut buf).await.unwrap(), 8);
                        numbers.push(u64::from_le_bytes(buf));
                    }
                    numbers
                }));
            }
            for number in 0..4 * EACH_COUNT as u64 {
                left.send(&number.to_le_bytes()).await.unwrap();
                heist::task::yield_now().await;
            }
            let mut all = Vec::new();
            for receiver in receivers {
                all.extend(soon("a receiver", receiver).await.unwrap());
            }
            all.sort_unstable();
            assert_eq!(all, (0..4 * EACH_COUNT as u64).collect::<Vec<_>>());
        });
    });
}

/// The name leads to both families; the one that this socket speaks is taken.
#[test]
fn names_are_looked_up() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let receiver = bound().await;
            let port = receiver.local_addr().unwrap().port();
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            sender.send_to(b"by name", ("localhost", port)).await.unwrap();
            assert_eq!(soon("it", receiver.recv(&mut [0; 16])).await.unwrap(), 7);
            sender.connect(format!("127.0.0.1:{port}")).await.unwrap();
            assert_eq!(sender.peer_addr().unwrap().port(), port);
            let error = sender.send_to(b"", "no port").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(UdpSocket::bind(&[][..]).await.is_err());
        });
    });
}

#[test]
fn sockets_of_std_are_taken_over_and_given_back() {
    on_every_runtime(|rt| {
        let blocking = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        rt.block_on(async {
            let socket = UdpSocket::from_std(blocking).unwrap();
            let mut buf = [0; 8];
            assert_eq!(socket.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
            peer.send_to(b"std", socket.local_addr().unwrap()).unwrap();
            assert_eq!(soon("it", socket.recv(&mut buf)).await.unwrap(), 3);
            let socket = socket.into_std().unwrap();
            socket.set_nonblocking(false).unwrap();
            peer.send_to(b"back", socket.local_addr().unwrap()).unwrap();
            assert_eq!(socket.recv(&mut buf).unwrap(), 4);
        });
    });
}
