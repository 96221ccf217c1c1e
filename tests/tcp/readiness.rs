//! Waiting without reading, and many tasks at one socket.

use futures::StreamExt as _;
use std::io::ErrorKind;
#[cfg(unix)]
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(unix)]
use heist::io::Interest;
use heist::net::{TcpListener, TcpStream};
use heist::time::sleep;

#[cfg(unix)]
use super::is_pending_once;
use super::{pair, soon};
use crate::support::{PATIENCE, on_every_runtime};

/// A program that polls by hand, with `try_` calls and pauses only.
#[test]
fn try_calls_alone_see_bytes_that_come_later() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            for round in 0..3 {
                let mut buf = [0; 8];
                let error = server.try_read(&mut buf).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                client.write_all(b"late").await.unwrap();
                let start = Instant::now();
                let count = loop {
                    match server.try_read(&mut buf) {
                        Ok(count) => break count,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                    }
                    assert!(start.elapsed() < PATIENCE / 2, "round {round} never saw the bytes");
                    sleep(Duration::from_millis(1)).await;
                };
                assert_eq!(&buf[..count], b"late");
            }
        });
    });
}

#[cfg(unix)]
#[test]
fn readiness_reports_the_directions_asked_for() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            assert!(soon("room", server.ready(Interest::WRITABLE)).await.unwrap().is_writable());
            assert!(!server.ready(Interest::WRITABLE).await.unwrap().is_readable(), "not asked for");
            let read = || server.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
            while !is_pending_once(server.readable()).await {
                read().unwrap_err();
            }
            let both = server.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
            assert!(both.is_writable() && !both.is_readable() && !both.is_empty());
            client.write_all(b"x").await.unwrap();
            soon("bytes", server.readable()).await.unwrap();
            assert!(server.ready(Interest::READABLE).await.unwrap().is_readable());
            let mut byte = [0];
            let read = || (&std::net::TcpStream::from(fd_of(&server))).read(&mut byte);
            assert_eq!(soon("bytes", server.async_io(Interest::READABLE, read)).await.unwrap(), 1);
        });
    });
}

#[cfg(unix)]
fn fd_of(stream: &TcpStream) -> std::os::fd::OwnedFd {
    use std::os::fd::AsFd as _;
    stream.as_fd().try_clone_to_owned().unwrap()
}

/// The socket may wake one of them, but none may be forgotten.
#[test]
fn many_tasks_wait_for_one_socket() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            let server = Arc::new(server);
            let readers: Vec<_> = (0..8)
                .map(|_| {
                    let server = server.clone();
                    heist::spawn(async move {
                        let mut bytes = 0;
                        loop {
                            server.readable().await.unwrap();
                            match server.try_read(&mut [0; 1]) {
                                Ok(0) => return bytes,
                                Ok(_) => bytes += 1,
                                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                            }
                        }
                    })
                })
                .collect();
            for _ in 0..500 {
                client.write_all(b"x").await.unwrap();
                heist::task::yield_now().await;
            }
            drop(client);
            let mut total = 0;
            for reader in readers {
                total += soon("a reader", reader).await.unwrap();
            }
            assert_eq!(total, 500);
        });
    });
}

#[test]
fn many_tasks_accept_from_one_listener() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let addr = listener.local_addr().unwrap();
            let acceptors: Vec<_> = (0..8)
                .map(|_| {
                    let listener = listener.clone();
                    heist::spawn(async move { listener.accept().await.unwrap().1 })
                })
                .collect();
            let mut connected = Vec::new();
            for _ in 0..8 {
                connected.push(TcpStream::connect(addr).await.unwrap());
            }
            let mut peers = Vec::new();
            for acceptor in acceptors {
                peers.push(soon("an acceptor", acceptor).await.unwrap());
            }
            let mut expected: Vec<_> = connected.iter().map(|stream| stream.local_addr().unwrap()).collect();
            peers.sort();
            expected.sort();
            assert_eq!(peers, expected, "each connection goes to one task");
        });
    });
}

#[test]
fn connections_come_as_a_stream() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let clients = heist::spawn(async move {
                let mut clients = Vec::new();
                for _ in 0..10 {
                    clients.push(TcpStream::connect(addr).await.unwrap());
                }
                clients
            });
            let streams: Vec<_> = soon("ten connections", listener.incoming().take(10).collect()).await;
            let peers: Vec<_> =
                streams.into_iter().map(|stream| stream.unwrap().peer_addr().unwrap()).collect();
            let clients: Vec<_> =
                clients.await.unwrap().iter().map(|client| client.local_addr().unwrap()).collect();
            assert_eq!(peers, clients);
        });
    });
}
