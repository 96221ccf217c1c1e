//! Copies in both directions, and splices: every byte is counted, ends are passed on, and what
//! breaks is told.
#![cfg(unix)]

mod support;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use heist::io::{copy_bidirectional, copy_bidirectional_with_sizes, pipe, splice, splice_bidirectional};
use heist::net::{TcpListener, TcpStream, UnixStream};
use heist::process::Command;
use support::{on_every_backend, on_every_runtime};

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (stream, listener.accept().await.unwrap().0)
}

fn bytes(count: u32, seed: u8) -> Vec<u8> {
    (0..count).map(|place| place.to_le_bytes()[1] ^ seed).collect()
}

/// The two kinds of a proxy.
async fn run(is_splice: bool, a: &mut TcpStream, b: &mut UnixStream) -> io::Result<(u64, u64)> {
    if is_splice { splice_bidirectional(a, b).await } else { copy_bidirectional(a, b).await }
}

#[test]
fn a_proxy_counts_every_byte_and_passes_the_ends_on() {
    on_every_runtime(|runtime| {
        for is_splice in [false, true] {
            runtime.block_on(async {
                let (mut client, mut inbound) = tcp_pair().await;
                let (mut outbound, mut server) = UnixStream::pair().unwrap();
                let proxy = heist::spawn(async move { run(is_splice, &mut inbound, &mut outbound).await });
                let (question, answer) = (bytes(3_000_001, 0), bytes(2_000_003, 0x55));
                let (asked, wanted) = (question.clone(), answer.clone());
                let serves = heist::spawn(async move {
                    let mut heard = Vec::new();
                    server.read_to_end(&mut heard).await.unwrap();
                    assert!(heard == asked);
                    // Its own direction is still open.
                    server.write_all(&answer).await.unwrap();
                });
                client.write_all(&question).await.unwrap();
                client.shutdown().await.unwrap();
                let mut told = Vec::new();
                client.read_to_end(&mut told).await.unwrap();
                assert!(told == wanted);
                serves.await.unwrap();
                assert_eq!(proxy.await.unwrap().unwrap(), (3_000_001, 2_000_003));
            });
        }
    });
}

#[test]
fn a_server_that_ends_first_is_passed_on_as_well() {
    on_every_backend(|runtime| {
        for is_splice in [false, true] {
            runtime.block_on(async {
                let (mut client, mut inbound) = tcp_pair().await;
                let (mut outbound, mut server) = UnixStream::pair().unwrap();
                let proxy = heist::spawn(async move { run(is_splice, &mut inbound, &mut outbound).await });
                server.write_all(b"welcome").await.unwrap();
                server.shutdown().await.unwrap();
                let mut told = String::new();
                client.read_to_string(&mut told).await.unwrap();
                assert_eq!(told, "welcome");
                client.write_all(b"thank you").await.unwrap();
                drop(client);
                let mut told = String::new();
                server.read_to_string(&mut told).await.unwrap();
                assert_eq!(told, "thank you");
                assert_eq!(proxy.await.unwrap().unwrap(), (9, 7));
            });
        }
    });
}

/// The question is passed on while the connection stays open.
#[test]
fn a_dialogue_passes_through_message_by_message() {
    on_every_backend(|runtime| {
        for is_splice in [false, true] {
            runtime.block_on(async {
                let (mut client, mut inbound) = tcp_pair().await;
                let (mut outbound, mut server) = UnixStream::pair().unwrap();
                let proxy = heist::spawn(async move { run(is_splice, &mut inbound, &mut outbound).await });
                let mut buf = [0; 1];
                for round in 0..200_u8 {
                    client.write_all(&[round]).await.unwrap();
                    server.read_exact(&mut buf).await.unwrap();
                    server.write_all(&[buf[0] ^ 0xff]).await.unwrap();
                    client.read_exact(&mut buf).await.unwrap();
                    assert_eq!(buf[0], round ^ 0xff);
                }
                drop((client, server));
                assert_eq!(proxy.await.unwrap().unwrap(), (200, 200));
            });
        }
    });
}

#[test]
fn a_peer_that_resets_ends_the_proxy_with_its_error() {
    on_every_backend(|runtime| {
        for is_splice in [false, true] {
            runtime.block_on(async {
                let (client, mut inbound) = tcp_pair().await;
                let (mut outbound, mut server) = UnixStream::pair().unwrap();
                let proxy = heist::spawn(async move { run(is_splice, &mut inbound, &mut outbound).await });
                server.write_all(b"unread").await.unwrap();
                socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
                client.readable().await.unwrap();
                drop(client);
                let error = proxy.await.unwrap().unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            });
        }
    });
}

#[test]
fn a_proxy_that_is_dropped_lets_go_of_its_streams() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut client, mut inbound) = tcp_pair().await;
            let (mut outbound, mut server) = UnixStream::pair().unwrap();
            {
                let mut proxy = splice_bidirectional(&mut inbound, &mut outbound);
                let talk = async {
                    client.write_all(b"one").await.unwrap();
                    let mut buf = [0; 3];
                    server.read_exact(&mut buf).await.unwrap();
                    assert_eq!(&buf, b"one");
                };
                let mut talk = pin!(talk);
                std::future::poll_fn(|cx| {
                    assert!(std::pin::Pin::new(&mut proxy).poll(cx).is_pending());
                    talk.as_mut().poll(cx)
                })
                .await;
                assert_eq!(proxy.copied(), (3, 0));
            }
            client.write_all(b"two").await.unwrap();
            let mut buf = [0; 3];
            inbound.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"two", "nothing takes it along any more");
            drop((inbound, outbound));
            assert_eq!(server.read(&mut buf).await.unwrap(), 0);
        });
    });
}

#[test]
fn an_idle_proxy_ends_and_a_busy_one_does_not() {
    on_every_backend(|runtime| {
        for is_splice in [false, true] {
            runtime.block_on(async {
                let limit = Duration::from_millis(30);
                let (mut client, mut inbound) = tcp_pair().await;
                let (mut outbound, mut server) = UnixStream::pair().unwrap();
                let proxy = heist::spawn(async move {
                    if is_splice {
                        splice_bidirectional(&mut inbound, &mut outbound).idle_timeout(limit).await
                    } else {
                        copy_bidirectional(&mut inbound, &mut outbound).idle_timeout(limit).await
                    }
                });
                let start = std::time::Instant::now();
                let mut buf = [0; 1];
                // A turn that takes longer than the limit would end the proxy with right.
                let mut last = start;
                while start.elapsed() < 4 * limit && !proxy.is_finished() {
                    let now = std::time::Instant::now();
                    let _ = client.write_all(b"x").await;
                    if let Ok(1) = server.read(&mut buf).await {
                        last = now;
                    }
                }
                let error = proxy.await.unwrap().unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                assert!(last.elapsed() >= limit, "it ends only when nothing has moved for so long");
            });
        }
    });
}

#[test]
fn buffers_of_one_byte_copy_all_the_same() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut client, mut inbound) = tcp_pair().await;
            let (mut outbound, mut server) = tcp_pair().await;
            client.write_all(b"hello").await.unwrap();
            server.write_all(b"hi").await.unwrap();
            client.shutdown().await.unwrap();
            server.shutdown().await.unwrap();
            let counts = copy_bidirectional_with_sizes(&mut inbound, &mut outbound, 0, 1).await.unwrap();
            assert_eq!(counts, (5, 2));
            let mut told = String::new();
            server.read_to_string(&mut told).await.unwrap();
            client.read_to_string(&mut told).await.unwrap();
            assert_eq!(told, "hellohi");
        });
    });
}

#[test]
fn a_splice_moves_every_byte_between_pipes_sockets_and_children() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let wanted = bytes(2_000_003, 0x33);
            // Pipe to child, child to socket, socket to pipe.
            let (mut first, mut feed) = pipe().unwrap();
            let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let (mut sender, receiver) = tcp_pair().await;
            let (mut last, mut drain) = pipe().unwrap();
            let sent = wanted.clone();
            heist::spawn(async move { feed.write_all(&sent).await });
            let one = heist::spawn(async move { splice(&mut first, &mut input).await });
            let two = heist::spawn(async move {
                let count = splice(&mut output, &mut sender).await;
                sender.shutdown().await.unwrap();
                count
            });
            let three = heist::spawn(async move {
                let (mut half, _other) = receiver.into_split();
                splice(&mut half, &mut drain).await
            });
            let mut read = Vec::new();
            let mut buf = vec![0; 64 * 1024];
            loop {
                match last.read(&mut buf).await.unwrap() {
                    0 => break,
                    count => read.extend_from_slice(&buf[..count]),
                }
            }
            assert!(read == wanted);
            for task in [one, two, three] {
                assert_eq!(task.await.unwrap().unwrap(), 2_000_003);
            }
            assert!(child.wait().await.unwrap().success());
        });
    });
}

#[test]
fn a_splice_to_a_peer_that_is_gone_is_broken_and_raises_no_signal() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut stream, peer) = UnixStream::pair().unwrap();
            let (mut reader, mut writer) = pipe().unwrap();
            drop(peer);
            writer.write_all(b"hello").await.unwrap();
            let error = splice(&mut reader, &mut stream).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn the_longest_idle_time_is_no_limit() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (client, mut inbound) = tcp_pair().await;
            let (mut outbound, server) = UnixStream::pair().unwrap();
            let mut copies = copy_bidirectional(&mut inbound, &mut outbound).idle_timeout(Duration::MAX);
            assert!(support::wait::is_pending_once(&mut copies).await);
            drop(copies);
            let mut splices = splice_bidirectional(&mut inbound, &mut outbound).idle_timeout(Duration::MAX);
            assert!(support::wait::is_pending_once(&mut splices).await);
            drop((client, server));
            assert_eq!(splices.await.unwrap(), (0, 0));
        });
    });
}
