//! Datagrams between processes of one machine.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use heist::net::UnixDatagram;

use super::{free_path, is_pending_once, pattern, soon};
use crate::support::on_every_runtime;

#[test]
fn datagrams_name_their_sender() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (directory, path) = free_path();
            let other = directory.path().join("other");
            let (server, client) = (UnixDatagram::bind(&path).unwrap(), UnixDatagram::bind(&other).unwrap());
            client.send_to(b"named", &path).await.unwrap();
            UnixDatagram::unbound().unwrap().send_to(b"unnamed", &path).await.unwrap();
            let mut buf = [0; 16];
            assert_eq!(soon("a peek", server.peek(&mut buf)).await.unwrap(), 5);
            assert_eq!(server.peek_from(&mut buf).await.unwrap().0, 5);
            let (count, from) = server.recv_from(&mut buf).await.unwrap();
            assert_eq!((count, from.as_pathname()), (5, Some(other.as_path())));
            let (count, from) = server.recv_from(&mut buf).await.unwrap();
            assert_eq!((count, from.is_unnamed()), (7, true));

            client.connect(&path).unwrap();
            assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_path()));
            client.send(b"").await.unwrap();
            assert_eq!(soon("an empty one", server.recv(&mut buf)).await.unwrap(), 0);
            let waiting = heist::spawn(async move {
                let (count, _) = poll_fn(|cx| server.poll_recv_from(cx, &mut buf)).await.unwrap();
                count + poll_fn(|cx| server.poll_recv(cx, &mut buf)).await.unwrap()
            });
            heist::task::yield_now().await;
            poll_fn(|cx| client.poll_send(cx, b"1")).await.unwrap();
            poll_fn(|cx| client.poll_send_to(cx, b"22", &path)).await.unwrap();
            assert_eq!(soon("both", waiting).await.unwrap(), 3);
        });
    });
}

#[test]
fn faults_are_reported() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let socket = UnixDatagram::unbound().unwrap();
            let error = socket.send_to(b"x", &path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::NotConnected);
            let gone = UnixDatagram::bind(&path).unwrap();
            socket.connect(&path).unwrap();
            drop(gone);
            let error = socket.send_to(b"x", &path).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(socket.send(b"x").await.is_err());
            assert_eq!(UnixDatagram::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);

            let (left, right) = UnixDatagram::pair().unwrap();
            let error = left.send(&vec![7; 16 << 20]).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE), "{error}");
            let long = pattern(500, 4);
            left.send(&long).await.unwrap();
            left.send(b"next").await.unwrap();
            let mut buf = [0; 100];
            assert_eq!(soon("the start", right.recv(&mut buf)).await.unwrap(), 100);
            assert_eq!(buf, long[..100]);
            assert_eq!(right.try_recv(&mut buf).unwrap(), 4, "the rest of the first is lost");
            assert_eq!(right.try_recv_from(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

/// Both queues, our own and the peer's, hold the sender back until somebody receives.
#[test]
fn a_full_queue_holds_the_sender_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            const COUNT: u32 = 2000;
            let (_directory, path) = free_path();
            let bound = UnixDatagram::bind(&path).unwrap();
            let connected = UnixDatagram::unbound().unwrap();
            connected.connect(&path).unwrap();
            let (left, right) = UnixDatagram::pair().unwrap();
            for (sender, receiver) in [(left, right), (connected, bound)] {
                let sending = heist::spawn(async move {
                    for number in 0..COUNT {
                        sender.send(&number.to_le_bytes()).await.unwrap();
                    }
                });
                // Long enough for the queue to fill.
                heist::time::sleep(Duration::from_millis(5)).await;
                assert!(!sending.is_finished(), "the queue has an end");
                for number in 0..COUNT {
                    let mut buf = [0; 4];
                    soon("a datagram", receiver.recv(&mut buf)).await.unwrap();
                    assert_eq!(u32::from_le_bytes(buf), number);
                }
                sending.await.unwrap();
            }
        });
    });
}

/// The socket is writable all the while, and the queue it sends to is not its peer's: no event tells of room.
#[test]
fn a_full_queue_of_another_socket_does_not_hang() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let receiver = UnixDatagram::bind(&path).unwrap();
            let sender = Arc::new(UnixDatagram::unbound().unwrap());
            let mut count = 0;
            while sender.try_send_to(b"full", &path).is_ok() {
                count += 1;
            }
            assert_eq!(sender.try_send_to(b"", &path).unwrap_err().kind(), ErrorKind::WouldBlock);
            assert!(is_pending_once(sender.send_to(b"given up", &path)).await);
            let (shared, to) = (sender.clone(), path.clone());
            let awaiting = heist::spawn(async move { shared.send_to(b"awaited", &to).await });
            let (shared, to) = (sender.clone(), path.clone());
            let polling =
                heist::spawn(async move { poll_fn(|cx| shared.poll_send_to(cx, b"polled!", &to)).await });
            heist::time::sleep(Duration::from_millis(20)).await;
            assert!(!awaiting.is_finished() && !polling.is_finished());
            for _ in 0..count {
                let mut buf = [0; 16];
                assert_eq!(soon("one of the queue", receiver.recv(&mut buf)).await.unwrap(), 4);
            }
            for _ in 0..2 {
                assert_eq!(soon("a late one", receiver.recv(&mut [0; 16])).await.unwrap(), 7);
            }
            assert_eq!(awaiting.await.unwrap().unwrap(), 7);
            assert_eq!(polling.await.unwrap().unwrap(), 7);
        });
    });
}

#[test]
fn a_shutdown_ends_a_receive_that_waits() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().unwrap();
            let right = Arc::new(right);
            let shared = right.clone();
            let waiting = heist::spawn(async move { shared.recv(&mut [0; 8]).await });
            heist::time::sleep(Duration::from_millis(2)).await;
            right.shutdown(Shutdown::Both).unwrap();
            assert_eq!(soon("the end", waiting).await.unwrap().unwrap(), 0);
            let (count, from) = soon("the end", right.recv_from(&mut [0; 8])).await.unwrap();
            assert_eq!((count, from.is_unnamed()), (0, true));
            assert_eq!(soon("the end", right.recv_with_fds(&mut [0; 8], 1)).await.unwrap().len, 0);
            assert!(left.send(b"x").await.is_err());
        });
    });
}
