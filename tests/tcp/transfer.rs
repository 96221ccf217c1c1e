//! Bytes: all of them, in order, whatever the sizes of calls and buffers.

use std::future::poll_fn;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::join;
use heist::io::IoBuf;
use heist::time::sleep;

use super::{MIB, fill, is_pending_once, pair, pattern, soon};
use crate::support::on_every_runtime;

#[test]
fn a_mebibyte_comes_back_as_it_was_sent() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let echo = heist::spawn(async move {
                let mut buf = vec![0; 16 * 1024];
                loop {
                    match server.read(&mut buf).await.unwrap() {
                        0 => return,
                        count => server.write_all(&buf[..count]).await.unwrap(),
                    }
                }
            });
            let sent = pattern(MIB, 1);
            let (mut reader, mut writer) = client.into_split();
            let mut received = vec![0; MIB];
            let write = async {
                writer.write_all(&sent).await.unwrap();
                writer.shutdown().await.unwrap();
            };
            let read = async {
                assert_eq!(reader.read_exact(&mut received).await.unwrap(), MIB);
                assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0, "nothing but the echo");
            };
            soon("the echo", async { join!(write, read) }).await;
            assert!(received == sent, "the echo differs from what was sent");
            echo.await.unwrap();
        });
    });
}

/// G1: a socket with next to no buffer takes a few bytes at a time.
#[test]
fn short_writes_are_continued() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            socket2::SockRef::from(&client).set_send_buffer_size(2048).unwrap();
            let sent = pattern(256 * 1024, 2);
            let receiver = heist::spawn(async move {
                let mut received = Vec::new();
                server.read_to_end(&mut received).await.unwrap();
                received
            });
            let first = client.write(&sent).await.unwrap();
            assert!(first < sent.len(), "there is no room for that much in one call");
            client.write_all(&sent[first..]).await.unwrap();
            drop(client);
            assert!(soon("the receiver", receiver).await.unwrap() == sent);
        });
    });
}

#[test]
fn vectored_writes_arrive_in_order_whatever_their_number() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(64 * 1024, 3);
            // Far more than one call takes, with empty ones in front, in between and at the end.
            let mut bufs = vec![IoSlice::new(&[]); 1500];
            for (index, piece) in sent.chunks(7).enumerate() {
                bufs.push(IoSlice::new(piece));
                if index % 3 == 0 {
                    bufs.push(IoSlice::new(&[]));
                }
            }
            assert_ne!(client.write_vectored(&bufs[..1600]).await.unwrap(), 0);
            let mut head = [0; 1024];
            let head_len = server.read(&mut head).await.unwrap();
            assert_eq!(head[..head_len], sent[..head_len]);

            let receiver = heist::spawn(async move {
                let mut received = Vec::new();
                server.read_to_end(&mut received).await.unwrap();
                received
            });
            client.write_all_vectored(&mut bufs).await.unwrap();
            client.write_all_vectored(&mut []).await.unwrap();
            drop(client);
            assert!(soon("the receiver", receiver).await.unwrap() == sent);
        });
    });
}

#[test]
fn vectored_reads_fill_the_buffers_in_turn() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"hello world").await.unwrap();
            let mut all = [0; 11];
            while server.peek(&mut all).await.unwrap() < 11 {}
            let (mut first, mut second, mut third) = ([0; 0], [0; 6], [0; 10]);
            let mut bufs =
                [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second), IoSliceMut::new(&mut third)];
            assert_eq!(server.read_vectored(&mut bufs).await.unwrap(), 11);
            assert_eq!((&second, &third[..5]), (b"hello ", &b"world"[..]));

            client.write_all(b"x").await.unwrap();
            let mut many = vec![[0_u8; 1]; 2000];
            let mut bufs: Vec<_> = many.iter_mut().map(|byte| IoSliceMut::new(byte)).collect();
            assert_eq!(server.read_vectored(&mut bufs).await.unwrap(), 1, "more buffers than one call takes");
        });
    });
}

#[test]
fn peeked_bytes_are_read_again() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"ping").await.unwrap();
            let mut buf = [0; 16];
            while server.peek(&mut buf).await.unwrap() < 4 {}
            assert_eq!(poll_fn(|cx| server.poll_peek(cx, &mut buf)).await.unwrap(), 4);
            assert_eq!(server.read(&mut buf).await.unwrap(), 4);
            assert_eq!(&buf[..4], b"ping");
            assert!(is_pending_once(server.peek(&mut buf)).await, "the bytes are gone now");
        });
    });
}

#[test]
fn no_bytes_are_moved_at_once() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            // Nothing to read, and no room to write: only a call that is not made can return.
            let (mut client, _server) = pair().await;
            fill(&mut client).await;
            assert_eq!(client.read(&mut []).await.unwrap(), 0);
            assert_eq!(client.peek(&mut []).await.unwrap(), 0);
            assert_eq!(client.try_read(&mut []).unwrap(), 0);
            assert_eq!(client.read_exact(&mut []).await.unwrap(), 0);
            assert_eq!(client.read_vectored(&mut [IoSliceMut::new(&mut [])]).await.unwrap(), 0);
            assert_eq!(client.write(&[]).await.unwrap(), 0);
            assert_eq!(client.try_write(&[]).unwrap(), 0);
            assert_eq!(client.write_vectored(&[IoSlice::new(&[])]).await.unwrap(), 0);
            client.write_all(&[]).await.unwrap();
        });
    });
}

/// G9: a peer that does not read stops the writer; nothing is buffered on the way.
#[test]
fn a_slow_reader_holds_the_writer_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let written = Arc::new(AtomicUsize::new(0));
            let count = written.clone();
            let writer = heist::spawn(async move {
                let chunk = [7; 64 * 1024];
                for _ in 0..1024 {
                    client.write_all(&chunk).await.unwrap();
                    count.fetch_add(chunk.len(), Ordering::Relaxed);
                }
            });
            let mut before = usize::MAX;
            // Until the writer makes no progress within a while.
            while before != written.load(Ordering::Relaxed) {
                before = written.load(Ordering::Relaxed);
                sleep(Duration::from_millis(50)).await;
            }
            assert!(before < 32 * MIB, "{before} bytes are on their way to a peer that reads nothing");
            let mut received = Vec::new();
            soon("the rest", server.read_to_end(&mut received)).await.unwrap();
            assert_eq!(received.len(), 64 * MIB);
            writer.await.unwrap();
        });
    });
}

/// A buffer that is handed over comes back with what was read, and is filled without being initialised first.
#[test]
fn an_owned_buffer_comes_back_with_what_was_read() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(100, 9);
            let (result, sent) = client.write_all_owned(sent).await;
            result.unwrap();
            let (result, received) = server.read_owned(Vec::with_capacity(1000)).await;
            assert_eq!((result.unwrap(), &received), (100, &sent));
            // A part is written, and a part is filled; what lies around it stays.
            let (result, part) = client.write_owned(sent.slice(10, 20)).await;
            assert_eq!(result.unwrap(), 20);
            let sent = part.into_inner();
            let (result, part) = server.read_owned(vec![7; 40].slice(5, 30)).await;
            assert_eq!(result.unwrap(), 20);
            let received = part.into_inner();
            assert_eq!(&received[5..25], &sent[10..30]);
            assert!(received[..5].iter().chain(&received[25..]).all(|byte| *byte == 7));
            // No room is no end: nothing is read.
            client.write_all(b"x").await.unwrap();
            let (result, _) = server.read_owned(Vec::new()).await;
            assert_eq!(result.unwrap(), 0);
            let (result, bytes) = server.read_owned(Box::<[u8]>::from([0; 4])).await;
            assert_eq!((result.unwrap(), bytes[0]), (1, b'x'));
            drop(client);
            let (result, bytes) = server.read_owned(Vec::with_capacity(8)).await;
            assert_eq!((result.unwrap(), bytes.len()), (0, 0));
        });
    });
}

/// F3 for buffers that are handed over: a read that is given up has taken no byte.
#[test]
fn an_owned_read_that_is_given_up_has_read_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            assert!(is_pending_once(server.read_owned(Vec::with_capacity(8))).await);
            client.write_all(b"kept").await.unwrap();
            let (result, bytes) = server.read_owned(Vec::with_capacity(8)).await;
            assert_eq!((result.unwrap(), &bytes[..]), (4, &b"kept"[..]));
        });
    });
}
