//! Rings of two entries, from outside; and sizes that no ring can have.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use heist::runtime::{Builder, DriverKind};

use crate::support::{Shape, backends, builder, echo, watched};

/// E7, E8: every request of a round is in flight before the first answer is read.
#[test]
fn rings_of_two_entries_serve_a_thousand_connections() {
    const CONNECTIONS_COUNT: usize = 1000;
    const ROUNDS_COUNT: usize = 5;
    for kind in backends() {
        watched(|| {
            let mut tiny = builder(Shape::MultiThread, kind);
            let runtime = tiny.ring_entries(2).completion_entries(2).build().expect("two entries are enough");
            let (address, server) = echo::start(&runtime);
            let connect = |_| TcpStream::connect(address).expect("it listens");
            let mut clients: Vec<_> = (0..CONNECTIONS_COUNT).map(connect).collect();
            for round in 0..ROUNDS_COUNT {
                for (index, client) in clients.iter_mut().enumerate() {
                    client.write_all(&(index * ROUNDS_COUNT + round).to_le_bytes()).expect("write");
                }
                for (index, client) in clients.iter_mut().enumerate() {
                    let mut answer = [0; size_of::<usize>()];
                    client.read_exact(&mut answer).expect("an answer");
                    assert_eq!(usize::from_le_bytes(answer), index * ROUNDS_COUNT + round);
                }
            }
            // Half of them leave at once; the other half is served on.
            clients.truncate(CONNECTIONS_COUNT / 2);
            for client in &mut clients {
                assert_eq!(echo::round_trip_blocking(client, b"still here"), b"still here");
            }
            server.abort();
        });
    }
}

/// E7: the single-threaded loop, with its waits and their cancels beyond what the queue holds.
#[test]
fn a_single_threaded_ring_of_one_entry_begins_and_cancels_a_thousand_waits() {
    for kind in backends() {
        watched(|| {
            let mut tiny = builder(Shape::CurrentThread, kind);
            let runtime = tiny.ring_entries(1).completion_entries(1).build().expect("one entry is enough");
            runtime.block_on(async {
                let mut sockets = Vec::new();
                for _ in 0..1000 {
                    sockets.push(heist::net::UdpSocket::bind("127.0.0.1:0").await.expect("a free port"));
                }
                let addresses: Vec<_> =
                    sockets.iter().map(|socket| socket.local_addr().expect("bound")).collect();
                let mut waits: Vec<_> = sockets
                    .into_iter()
                    .map(|socket| {
                        heist::spawn(async move {
                            let mut byte = [0];
                            socket.recv_from(&mut byte).await.map(|_| byte[0])
                        })
                    })
                    .collect();
                heist::task::yield_now().await;
                waits.split_off(500).into_iter().for_each(|wait| wait.abort());
                let sender = heist::net::UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                for address in &addresses[..500] {
                    sender.send_to(&[7], address).await.expect("sent");
                }
                for wait in waits {
                    assert_eq!(wait.await.expect("not aborted").expect("received"), 7);
                }
            });
        });
    }
}

#[test]
fn sizes_that_no_ring_can_have_are_refused_on_every_driver() {
    let expectations: [(u32, Option<u32>, &str); 5] = [
        (0, None, "ring_entries is 0; it must be between 1 and 32768"),
        (32_769, None, "ring_entries is 32769; it must be between 1 and 32768"),
        (8, Some(0), "completion_entries is 0; it must be between 8 (ring_entries) and 65536"),
        (8, Some(7), "completion_entries is 7; it must be between 8 (ring_entries) and 65536"),
        (8, Some(65_537), "completion_entries is 65537; it must be between 8 (ring_entries) and 65536"),
    ];
    for kind in [DriverKind::Auto, DriverKind::Uring, DriverKind::Poll] {
        for (ring_entries, completion_entries, text) in expectations {
            let mut builder = Builder::new_current_thread();
            builder.driver(kind).ring_entries(ring_entries);
            completion_entries.map(|count| builder.completion_entries(count));
            let error = builder.build().map(drop).expect_err("no ring has this size");
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, text));
        }
    }
}

#[test]
fn the_largest_sizes_are_to_be_had() {
    for kind in backends() {
        let mut builder = builder(Shape::CurrentThread, kind);
        let runtime = builder.ring_entries(32_768).completion_entries(65_536).build().expect("in range");
        assert_eq!(runtime.block_on(async { 7 }), 7);
    }
}
