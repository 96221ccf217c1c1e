//! Who holds buffers, for how long, and what that means for others.

use std::io::ErrorKind;
use std::sync::mpsc;

use heist::io::PooledBuf;
use heist::net::TcpStream;

use crate::counting::length;
use crate::support::wait::{pattern, soon};
use crate::support::{Counter, WORKER_COUNT, eventually};
use crate::{ALLOCATOR, pair, with_buffers};

/// Shelves of a runtime: the workers', and that of threads from outside.
const SHELVES_COUNT: usize = WORKER_COUNT + 1;

/// So many buffers of one byte each.
async fn hoard(client: &mut TcpStream, server: &mut TcpStream, count: usize) -> Vec<PooledBuf> {
    let mut held = Vec::new();
    for index in 0..count {
        client.write_all(&[index as u8]).await.expect("written");
        held.push(soon("a byte", server.recv_pooled()).await.expect("received"));
    }
    held
}

/// E16, P10: no reader waits for a buffer that another one holds, and what comes back is not kept beyond the bound.
#[test]
fn a_reader_that_hoards_keeps_nobody_from_receiving() {
    const LENGTH: usize = length(3);
    const KEPT: usize = 4;
    const HELD: usize = 300;
    with_buffers(LENGTH, KEPT, |rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let held = soon("many buffers", hoard(&mut client, &mut server, HELD)).await;
            assert!(held.iter().enumerate().all(|(index, buf)| **buf == [index as u8]));
            let live_count = ALLOCATOR.live_count(LENGTH);
            assert!((HELD..=HELD + KEPT * SHELVES_COUNT).contains(&live_count), "{live_count} buffers");

            let (mut other, mut served) = pair().await;
            heist::spawn(async move {
                for _ in 0..100 {
                    other.write_all(b"ping").await.expect("written");
                    assert_eq!(*other.recv_pooled().await.expect("received"), *b"ping");
                }
            });
            for _ in 0..100 {
                let bytes = soon("a ping", served.recv_pooled()).await.expect("received");
                served.write_all_owned(bytes).await.0.expect("written");
            }

            drop(held);
            let live_count = ALLOCATOR.live_count(LENGTH);
            assert!(live_count <= KEPT * SHELVES_COUNT, "{live_count} idle buffers");
        });
        drop(rt);
        eventually("the runtime's buffers are gone", || ALLOCATOR.live_count(LENGTH) == 0);
    });
}

/// Readers that each hold a beginning and wait for the rest would wait for each other for ever, were buffers limited.
#[test]
fn readers_that_hold_one_buffer_and_wait_for_the_next_all_get_it() {
    const LENGTH: usize = length(4);
    const READERS: usize = 50;
    with_buffers(LENGTH, 1, |rt| {
        rt.block_on(async {
            let mut clients = Vec::new();
            let mut readers = Vec::new();
            let holding = Counter::default();
            for _ in 0..READERS {
                let (client, mut server) = pair().await;
                let holding = holding.clone();
                clients.push(client);
                readers.push(heist::spawn(async move {
                    let head = server.recv_pooled().await.expect("received");
                    holding.bump();
                    let tail = server.recv_pooled().await.expect("received");
                    [&head[..], &tail[..]].concat()
                }));
            }
            for client in &mut clients {
                client.write_all(b"head").await.expect("written");
            }
            soon("every reader holds one", async {
                while holding.get() < READERS {
                    heist::task::yield_now().await;
                }
            })
            .await;
            assert!(ALLOCATOR.live_count(LENGTH) >= READERS);
            for client in &mut clients {
                client.write_all(b"tail").await.expect("written");
            }
            for reader in readers {
                assert_eq!(soon("the rest", reader).await.expect("no panic"), b"headtail");
            }
        });
    });
}

#[test]
fn a_conversation_uses_its_buffers_again() {
    const LENGTH: usize = length(5);
    with_buffers(LENGTH, 4, |rt| {
        let before = ALLOCATOR.made_count(LENGTH);
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let echo = heist::spawn(async move {
                loop {
                    let bytes = server.recv_pooled().await.expect("received");
                    if bytes.is_empty() {
                        return;
                    }
                    server.write_all_owned(bytes).await.0.expect("written");
                }
            });
            for _ in 0..1_000 {
                client.write_all(b"again").await.expect("written");
                let mut count = 0;
                while count < 5 {
                    count += soon("the echo", client.recv_pooled()).await.expect("received").len();
                }
            }
            drop(client);
            echo.await.expect("no panic");
        });
        let made_count = ALLOCATOR.made_count(LENGTH) - before;
        assert!((1..=SHELVES_COUNT).contains(&made_count), "{made_count} buffers were made");
    });
}

#[test]
fn without_idle_buffers_each_receive_makes_one() {
    const LENGTH: usize = length(6);
    with_buffers(LENGTH, 0, |rt| {
        let before = ALLOCATOR.made_count(LENGTH);
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            drop(soon("ten bytes", hoard(&mut client, &mut server, 10)).await);
        });
        assert!(ALLOCATOR.made_count(LENGTH) - before >= 10);
        assert_eq!(ALLOCATOR.live_count(LENGTH), 0);
    });
}

#[test]
fn buffers_are_given_back_on_any_thread_in_any_order() {
    const LENGTH: usize = length(7);
    const KEPT: usize = 8;
    with_buffers(LENGTH, KEPT, |rt| {
        let (sender, receiver) = mpsc::channel::<PooledBuf>();
        let dropper = std::thread::spawn(move || {
            let mut held: Vec<PooledBuf> = Vec::new();
            let mut bytes = Vec::new();
            for mut buf in receiver {
                bytes.extend_from_slice(&buf);
                buf.fill(0xEE);
                held.push(buf);
                if held.len() == 5 {
                    held.swap_remove(1);
                    held.remove(2);
                }
            }
            bytes
        });
        let sent = pattern(200_000, 77);
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let pieces = sent.clone();
            let writer = heist::spawn(async move {
                for piece in pieces.chunks(777) {
                    client.write_all(piece).await.expect("written");
                }
            });
            loop {
                let buf = soon("bytes", server.recv_pooled()).await.expect("received");
                if buf.is_empty() {
                    break;
                }
                sender.send(buf).expect("the dropper listens");
            }
            writer.await.expect("no panic");
        });
        drop(sender);
        assert!(dropper.join().expect("no panic") == sent, "a buffer was used while somebody held it");
        let live_count = ALLOCATOR.live_count(LENGTH);
        assert!((1..=KEPT * SHELVES_COUNT).contains(&live_count), "{live_count} idle buffers");
        drop(rt);
        eventually("the runtime's buffers are gone", || ALLOCATOR.live_count(LENGTH) == 0);
    });
}

/// F13: the pool goes while buffers are out.
#[test]
fn buffers_outlive_their_runtime_and_are_freed_then() {
    const LENGTH: usize = length(8);
    with_buffers(LENGTH, 16, |rt| {
        let (mut held, late) = rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let held = soon("ten bytes", hoard(&mut client, &mut server, 10)).await;
            // Some lie idle when the runtime ends.
            drop(soon("five more", hoard(&mut client, &mut server, 5)).await);
            client.write_all(b"late").await.expect("written");
            soon("the last bytes", server.readable()).await.expect("ready");
            (held, server)
        });
        drop(rt);
        eventually("only the held ones are left", || ALLOCATOR.live_count(LENGTH) == held.len());
        for (index, buf) in held.iter_mut().enumerate() {
            assert_eq!(**buf, [index as u8]);
            buf.fill(0xEE);
        }
        let last = held.pop().expect("there are ten");
        std::thread::spawn(move || drop(last)).join().expect("no panic");
        assert_eq!(ALLOCATOR.live_count(LENGTH), held.len());
        // A socket that is left can still be asked for what it has.
        assert_eq!(*late.try_recv_pooled().expect("bytes were there"), *b"late");
        assert_eq!(ALLOCATOR.live_count(LENGTH), held.len());
        drop((held, late));
        assert_eq!(ALLOCATOR.live_count(LENGTH), 0);
    });
}

/// D8: an error, and the bytes are still there when there is memory again.
#[test]
fn without_memory_a_receive_says_so_and_loses_nothing() {
    const LENGTH: usize = length(9);
    with_buffers(LENGTH, 0, |rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"kept").await.expect("written");
            soon("the bytes", server.readable()).await.expect("ready");
            ALLOCATOR.refuse(LENGTH);
            let results = (server.recv_pooled().await, server.try_recv_pooled());
            ALLOCATOR.refuse(0);
            for result in [results.0, results.1] {
                let error = result.expect_err("there is no memory");
                assert_eq!(error.kind(), ErrorKind::OutOfMemory);
                assert!(error.to_string().contains("recv_buffer_bytes"), "{error}");
            }
            assert_eq!(*soon("the bytes", server.recv_pooled()).await.expect("received"), *b"kept");
        });
    });
}
