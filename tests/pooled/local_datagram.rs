//! Datagrams of Unix sockets, which may be longer than any of a network's.

use std::io::ErrorKind;
use std::net::Shutdown;

use heist::net::UnixDatagram;

use crate::support::on_every_runtime;
use crate::support::wait::{is_pending_once, pattern, soon};

/// What every Unix takes, and what Linux takes of a socket whose options are the default.
const LENGTHS: &[usize] =
    if cfg!(target_os = "linux") { &[0, 1, 64, 2_000, 65_536, 65_537, 200_000] } else { &[0, 1, 64, 2_000] };

#[test]
fn datagrams_of_every_length_arrive_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
            let mut held = Vec::new();
            for &len in LENGTHS {
                let sent = pattern(len, len as u64);
                assert_eq!(left.send(&sent).await.expect("sent"), len);
                let datagram = soon("the datagram", right.recv_pooled()).await.expect("received");
                assert!(*datagram == *sent, "{len} bytes");
                assert_eq!(left.send(&datagram).await.expect("sent"), len);
                let (echo, sender) = soon("the datagram", right.recv_from_pooled()).await.expect("received");
                assert!(*echo == *sent && sender.is_unnamed(), "{len} bytes");
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
fn senders_are_distinguished() {
    on_every_runtime(|rt| {
        let directory = tempfile::tempdir().expect("a directory");
        rt.block_on(async {
            let path = |name: &str| directory.path().join(name);
            let server = UnixDatagram::bind(path("server")).expect("bound");
            for name in ["a", "b", "c"] {
                let client = UnixDatagram::bind(path(name)).expect("bound");
                client.send_to(name.as_bytes(), path("server")).await.expect("sent");
            }
            for _ in 0..3 {
                let (datagram, sender) =
                    soon("a datagram", server.recv_from_pooled()).await.expect("received");
                let name = std::str::from_utf8(&datagram).expect("its name");
                assert_eq!(sender.as_pathname(), Some(path(name).as_path()));
            }
        });
    });
}

#[test]
fn a_receive_that_is_given_up_takes_no_datagram() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
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
fn tries_do_not_wait() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
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
        });
    });
}

/// [deaf-end]: on Linux such a socket is readable and would block at once.
#[test]
fn a_shutdown_is_an_end_behind_what_was_queued() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
            left.send(b"last").await.expect("sent");
            right.shutdown(Shutdown::Both).expect("shut down");
            let datagram = soon("the datagram", right.recv_pooled()).await.expect("received");
            assert_eq!(*datagram, *b"last");
            for _ in 0..2 {
                assert!(soon("the end", right.recv_pooled()).await.expect("the end").is_empty());
            }
        });
    });
}

/// What is lost is never passed off as all of it, and the next one is whole.
#[cfg(target_os = "linux")]
#[test]
fn one_that_is_longer_than_a_buffer_is_an_error() {
    const TOO_LONG: usize = 300_000;
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
            socket2::SockRef::from(&left).set_send_buffer_size(2 * TOO_LONG).expect("an option");
            left.send(&pattern(TOO_LONG, 1)).await.expect("net.core.wmem_max is the default or more");
            left.send(b"next").await.expect("sent");
            let error = soon("the error", right.recv_pooled()).await.expect_err("cut off");
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("`recv`"), "the remedy: {error}");
            assert_eq!(*soon("the next", right.recv_pooled()).await.expect("received"), *b"next");
        });
    });
}
