//! Dropped futures: nothing is lost, nothing is mixed up, nothing stays open.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::join;
use heist::net::{TcpListener, TcpStream};
use heist::time::{sleep, timeout};

use super::{fill, is_pending_once, pair, pattern, soon};
use crate::support::on_every_runtime;

/// F4: an accept that was given up has taken no connection with it.
#[test]
fn an_accept_that_times_out_loses_no_connection() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            assert!(timeout(Duration::from_millis(2), listener.accept()).await.is_err());
            assert!(is_pending_once(listener.accept()).await, "nobody has connected");
            const CONNECTIONS_COUNT: usize = 200;
            let clients = heist::spawn(async move {
                let mut clients = Vec::new();
                for _ in 0..CONNECTIONS_COUNT {
                    clients.push(TcpStream::connect(addr).await.unwrap());
                    heist::task::yield_now().await;
                }
                clients
            });
            let mut accepted = Vec::new();
            // A connection that is lost hangs this, and the watchdog says so.
            while accepted.len() < CONNECTIONS_COUNT {
                // Given up at once, so that the connection arrives on either side of the drop.
                let mut accept = pin!(listener.accept());
                let polled = poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await;
                match polled {
                    Poll::Ready(connection) => accepted.push(connection.unwrap().1),
                    Poll::Pending => heist::task::yield_now().await,
                }
            }
            let clients: Vec<_> =
                clients.await.unwrap().iter().map(|client| client.local_addr().unwrap()).collect();
            assert_eq!(accepted, clients);
        });
    });
}

#[test]
fn a_read_that_times_out_loses_no_byte() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(8_000, 5);
            let pieces = sent.clone();
            // One is given up for certain.
            assert!(is_pending_once(server.read(&mut [0; 64])).await);
            let writer = heist::spawn(async move {
                for piece in pieces.chunks(40) {
                    client.write_all(piece).await.unwrap();
                    // Long enough for the reader to run dry and to wait.
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let mut received = Vec::new();
            let mut buf = [0; 64];
            while received.len() < sent.len() {
                let gives_up_at_once = received.len() % 3 == 0;
                let outcome = {
                    let mut read = pin!(timeout(Duration::from_micros(300), server.read(&mut buf)));
                    poll_fn(|cx| match read.as_mut().poll(cx) {
                        Poll::Pending if gives_up_at_once => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                        Poll::Ready(result) => Poll::Ready(result.ok().map(|count| count.unwrap())),
                    })
                    .await
                };
                match outcome {
                    Some(0) => panic!("the end came after {} bytes", received.len()),
                    Some(count) => received.extend_from_slice(&buf[..count]),
                    None => heist::task::yield_now().await,
                }
            }
            assert!(received == sent, "a byte was lost, doubled or swapped");
            writer.await.unwrap();
        });
    });
}

/// F7: what a cancelled read waited for must not be taken for the next socket of that number.
#[test]
fn a_descriptor_number_is_used_again_without_mix_up() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            for round in 0..200_u32 {
                let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
                let (mut old, mut old_peer) = (client.unwrap(), accepted.unwrap().0);
                let mut buf = [0; 4];
                assert!(is_pending_once(old.read(&mut buf)).await);
                old_peer.write_all(b"old!").await.unwrap();
                drop(old);

                let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
                let (mut new, mut new_peer) = (client.unwrap(), accepted.unwrap().0);
                let reader = heist::spawn(async move {
                    new.read_exact(&mut buf).await.unwrap();
                    buf
                });
                new_peer.write_all(&round.to_le_bytes()).await.unwrap();
                assert_eq!(soon("the new socket", reader).await.unwrap(), round.to_le_bytes());
            }
        });
    });
}

/// F8: a wait in flight holds the descriptor; the peer must see the end all the same.
#[test]
fn a_stream_dropped_while_it_waits_is_closed() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for _ in 0..50 {
                let (mut client, mut server) = pair().await;
                let reader = heist::spawn(async move { server.read(&mut [0; 8]).await });
                heist::task::yield_now().await;
                reader.abort();
                assert_eq!(soon("the end", client.read(&mut [0; 8])).await.unwrap(), 0);
            }
        });
    });
}

/// F8 on a thread that is no worker, with an idle runtime: nothing but the drop can make a worker let go.
#[test]
fn a_stream_dropped_outside_the_runtime_is_closed() {
    on_every_runtime(|rt| {
        let (mut client, mut server) = rt.block_on(pair());
        rt.block_on(async { assert!(is_pending_once(server.read(&mut [0; 8])).await) });
        std::thread::sleep(Duration::from_millis(5));
        drop(server);
        let end = rt.block_on(async { soon("the end", client.read(&mut [0; 8])).await });
        assert_eq!(end.unwrap(), 0);
    });
}

#[test]
fn a_write_that_times_out_has_written_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let mut total = fill(&mut client).await;
            for _ in 0..20 {
                match timeout(Duration::from_millis(1), client.write(&[7; 1000])).await {
                    Ok(count) => total += count.unwrap(),
                    Err(_elapsed) => {}
                }
            }
            drop(client);
            let mut received = Vec::new();
            soon("everything", server.read_to_end(&mut received)).await.unwrap();
            assert_eq!(received.len(), total);
        });
    });
}

/// G8: what died in the queue does not end the listener.
#[test]
fn dead_connections_do_not_end_the_listener() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            for _ in 0..20 {
                let dead = TcpStream::connect(addr).await.unwrap();
                dead.set_linger(Some(Duration::ZERO)).unwrap();
                drop(dead);
            }
            let live = TcpStream::connect(addr).await.unwrap();
            let live_addr = live.local_addr().unwrap();
            loop {
                let (mut stream, peer) = soon("the live one", listener.accept()).await.unwrap();
                if peer == live_addr {
                    break;
                }
                let error = stream.read(&mut [0; 8]).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            }
        });
    });
}

#[test]
fn accepting_from_a_socket_that_does_not_listen_is_an_error() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            let listener = TcpListener::from_std(socket.into()).unwrap();
            let error = soon("an error", listener.accept()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        });
    });
}
