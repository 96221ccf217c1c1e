//! Streams: what arrives is what was sent, and the end and errors are told as other reads tell them.

use std::io::ErrorKind;
use std::time::Duration;

use heist::io::{IoBuf, IoBufMut, PooledBuf};
use heist::net::{ByteStream, Family, TcpStream};

use crate::counting::length;
use crate::support::on_every_runtime;
use crate::support::wait::{is_pending_once, pattern, soon};
use crate::{ALLOCATOR, pair, with_buffers};

/// Sends back what comes, each buffer as it was received.
async fn echo<F: Family>(mut stream: ByteStream<F>) {
    loop {
        let bytes = stream.recv_pooled().await.expect("received");
        if bytes.is_empty() {
            return;
        }
        let (result, bytes) = stream.write_all_owned(bytes).await;
        result.expect("written");
        assert!(!bytes.is_empty(), "the buffer comes back as it was");
    }
}

/// A megabyte there and back, in pieces of many sizes.
async fn converse<F: Family>(client: ByteStream<F>, server: ByteStream<F>) {
    let server = heist::spawn(echo(server));
    let (mut reader, mut writer) = client.into_split();
    let sent = pattern(1_000_000, 3);
    let expected = sent.clone();
    let sender = heist::spawn(async move {
        let mut rest = &sent[..];
        let mut size = 1;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            writer.write_all(piece).await.expect("written");
            rest = behind;
            size = size * 5 % 40_009;
        }
        writer.shutdown().await.expect("shut down");
    });
    let mut received = Vec::new();
    loop {
        let bytes = soon("an answer", reader.recv_pooled()).await.expect("received");
        if bytes.is_empty() {
            break;
        }
        received.extend_from_slice(&bytes);
    }
    assert!(received == expected, "a byte was lost, doubled or swapped");
    sender.await.expect("no panic");
    server.await.expect("no panic");
}

#[test]
fn bytes_come_back_whole_and_in_order() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, server) = pair().await;
            converse(client, server).await;
            #[cfg(unix)]
            {
                let (client, server) = heist::net::UnixStream::pair().expect("a pair");
                converse(client, server).await;
            }
        });
    });
}

#[test]
fn one_call_receives_as_much_as_a_buffer_holds_and_the_next_one_goes_on() {
    const LENGTH: usize = length(0);
    with_buffers(LENGTH, 4, |rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(2 * LENGTH + 5, 9);
            client.write_all(&sent).await.expect("written");
            client.shutdown().await.expect("shut down");
            let mut received = Vec::new();
            let mut longest_len = 0;
            loop {
                let bytes = soon("the rest", server.recv_pooled()).await.expect("received");
                if bytes.is_empty() {
                    break;
                }
                longest_len = longest_len.max(bytes.len());
                received.extend_from_slice(&bytes);
            }
            assert!(received == sent);
            assert!(longest_len <= LENGTH, "{longest_len} bytes in one buffer");
        });
    });
}

#[test]
fn the_end_of_a_stream_is_empty_and_holds_no_buffer() {
    const LENGTH: usize = length(1);
    // No idle one is kept: each that lives is in somebody's hands.
    with_buffers(LENGTH, 0, |rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            drop(client);
            let mut ends: Vec<PooledBuf> = Vec::new();
            for _ in 0..10 {
                ends.push(soon("the end", server.recv_pooled()).await.expect("no error"));
                ends.push(server.try_recv_pooled().expect("no error"));
            }
            assert!(ends.iter().all(|end| end.is_empty()));
            assert_eq!(ALLOCATOR.live_count(LENGTH), 0);
            assert!(ALLOCATOR.made_count(LENGTH) > 0, "the allocator counts");
        });
    });
}

#[test]
fn errors_are_those_of_other_reads_and_hold_no_buffer() {
    const LENGTH: usize = length(2);
    with_buffers(LENGTH, 0, |rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let reader = heist::spawn(async move {
                let error = server.recv_pooled().await.expect_err("the peer resets");
                (server, error)
            });
            let client: std::net::TcpStream = client.into_std().expect("nothing is in flight");
            // A close with this option resets the connection.
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("set");
            drop(client);
            let (server, error) = soon("the reset", reader).await.expect("no panic");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            drop(server);
            assert_eq!(ALLOCATOR.live_count(LENGTH), 0);
        });
    });
}

#[test]
fn a_try_without_bytes_would_block_and_one_with_bytes_gives_them() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let error = server.try_recv_pooled().expect_err("nothing has come");
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            assert!(is_pending_once(server.recv_pooled()).await);
            client.write_all(b"now").await.expect("written");
            let bytes = loop {
                soon("the bytes", server.readable()).await.expect("ready");
                match server.try_recv_pooled() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    result => break result.expect("received"),
                }
            };
            assert_eq!(*bytes, *b"now");
        });
    });
}

#[test]
fn both_kinds_of_halves_receive() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"one").await.expect("written");
            {
                let (mut reader, _writer) = server.split();
                assert_eq!(*soon("one", reader.recv_pooled()).await.expect("received"), *b"one");
                assert_eq!(reader.try_recv_pooled().unwrap_err().kind(), ErrorKind::WouldBlock);
            }
            let (mut reader, _writer) = server.into_split();
            client.write_all(b"two").await.expect("written");
            assert_eq!(*soon("two", reader.recv_pooled()).await.expect("received"), *b"two");
            assert_eq!(reader.try_recv_pooled().unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

async fn received(bytes: &[u8]) -> (PooledBuf, TcpStream, TcpStream) {
    let (mut client, mut server) = pair().await;
    client.write_all(bytes).await.expect("written");
    let mut buf = soon("the bytes", server.recv_pooled()).await.expect("received");
    while buf.len() < bytes.len() {
        // Rarely, what was written in one call comes in two.
        drop(buf);
        client.write_all(bytes).await.expect("written");
        buf = soon("the bytes", server.recv_pooled()).await.expect("received");
    }
    (buf, client, server)
}

#[test]
fn a_buffer_is_cut_at_both_ends_changed_in_place_and_written_in_parts() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut buf, mut client, mut server) = received(b"0123456789").await;
            buf.truncate(100);
            assert_eq!(*buf, *b"0123456789", "shorter than that already");
            buf.advance(2);
            buf.truncate(6);
            assert_eq!(*buf, *b"234567");
            buf[0] = b'_';
            buf.as_mut().reverse();
            assert_eq!(buf.as_ref(), b"76543_");
            assert_eq!(buf.bytes_init(), 6);
            let (result, part) = server.write_all_owned(buf.slice(1, 3)).await;
            result.expect("written");
            let mut answer = [0; 3];
            client.read_exact(&mut answer).await.expect("read");
            assert_eq!(&answer, b"654");
            let mut buf = part.into_inner();
            buf.advance(6);
            assert!(buf.is_empty());
            assert_eq!(format!("{buf:?}"), "PooledBuf { len: 0, .. }");
        });
    });
}

#[test]
#[should_panic(expected = "advanced by 3 bytes where only 2 are left")]
fn nobody_advances_beyond_the_bytes() {
    let runtime = crate::support::two_workers();
    runtime.block_on(async {
        let (mut buf, ..) = received(b"1234").await;
        buf.advance(2);
        buf.advance(3);
    });
}

#[test]
fn a_buffer_that_was_received_is_received_into_again() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut buf, mut client, mut server) = received(b"head and tail").await;
            buf.advance(5);
            let room_bytes = buf.bytes_total();
            assert_eq!(room_bytes, 16 * 1024 - 5, "the default, behind what was taken away");
            client.write_all(b"more").await.expect("written");
            let (result, buf) = soon("more", server.read_owned(buf)).await;
            assert_eq!(result.expect("read"), 4);
            assert_eq!(*buf, *b"more");
            let (result, none) = server.read_owned(PooledBuf::default()).await;
            assert_eq!((result.expect("no call is made"), none.bytes_total()), (0, 0));
        });
    });
}
