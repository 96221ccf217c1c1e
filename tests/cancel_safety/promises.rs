//! What the "Cancel safety" sections promise, for the calls that do more than one system call; and datagrams.
//!
//! Single reads, writes and accepts are tried beside their own tests: `tests/tcp/cancel.rs` and its like.

use std::io::IoSlice;
use std::time::Duration;

use heist::net::{UdpSocket, UnixDatagram, UnixStream};
use heist::time::{sleep, timeout};

use crate::support::wait::{is_pending_once, pattern, soon};
use crate::support::{Counter, on_every_runtime};

const LIMIT: Duration = Duration::from_micros(300);
/// Datagrams of a few bytes that any socket holds.
const IN_FLIGHT_COUNT_MAX: usize = 50;

/// `write_all`: how much was written is not told, but it is a beginning of the bytes, once and in order.
#[test]
fn a_write_all_that_is_given_up_has_written_a_beginning() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for round in 0..10 {
                let (mut left, mut right) = UnixStream::pair().expect("a pair");
                let bytes = pattern(3_000_000, 11 + round);
                // Slow, so that the call writes more than once before its time is over.
                let reader = heist::spawn(async move {
                    let mut received = Vec::new();
                    let mut buf = vec![0; 20_000];
                    loop {
                        let count = right.read(&mut buf).await.expect("read");
                        if count == 0 {
                            return received;
                        }
                        received.extend_from_slice(&buf[..count]);
                        sleep(Duration::from_millis(1)).await;
                    }
                });
                timeout(Duration::from_millis(20), left.write_all(&bytes))
                    .await
                    .expect_err("the reader is slow");
                // The stream works as before.
                left.write_all(b"end").await.expect("written");
                drop(left);
                let mut received = soon("the end", reader).await.expect("no panic");
                assert_eq!(received.split_off(received.len() - 3), b"end");
                assert!(!received.is_empty() && received.len() < bytes.len(), "{}", received.len());
                assert!(received == bytes[..received.len()], "a byte was lost, doubled or swapped");
            }
        });
    });
}

/// `write_all_vectored`: what was written is off the slices, so that the same call goes on.
#[test]
fn a_write_all_vectored_that_is_given_up_goes_on_where_it_was() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().expect("a pair");
            let bytes = pattern(2_000_000, 3);
            let expected = bytes.clone();
            let reader = heist::spawn(async move {
                let mut received = Vec::new();
                let mut buf = vec![0; 70_000];
                loop {
                    let count = right.read(&mut buf).await.expect("read");
                    if count == 0 {
                        return received;
                    }
                    received.extend_from_slice(&buf[..count]);
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let (head, tail) = bytes.split_at(700_001);
            let mut slices = [IoSlice::new(head), IoSlice::new(&[]), IoSlice::new(tail)];
            let mut given_up_count = 0;
            while let Err(_elapsed) = timeout(LIMIT, left.write_all_vectored(&mut slices)).await {
                given_up_count += 1;
                assert!(given_up_count < 100_000, "it never ends");
            }
            assert!(slices.iter().all(|slice| slice.is_empty()));
            drop(left);
            let received = soon("everything", reader).await.expect("no panic");
            assert!(received == expected, "a byte was lost, doubled or swapped");
            assert_ne!(given_up_count, 0, "nothing was cancelled");
        });
    });
}

/// `read_to_end`: what came is in the buffer.
#[test]
fn a_read_to_end_that_is_given_up_keeps_what_came() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().expect("a pair");
            let bytes = pattern(20_000, 5);
            let sent = bytes.clone();
            let mut received = Vec::new();
            // One is given up for certain: nothing is written yet.
            timeout(LIMIT, right.read_to_end(&mut received)).await.expect_err("nobody writes");
            let mut given_up_count = 1;
            let writer = heist::spawn(async move {
                for piece in sent.chunks(400) {
                    left.write_all(piece).await.expect("written");
                    sleep(Duration::from_millis(1)).await;
                }
            });
            while let Err(_elapsed) = timeout(LIMIT, right.read_to_end(&mut received)).await {
                given_up_count += 1;
            }
            eprintln!("{given_up_count} were given up");
            assert!(received == bytes, "a byte was lost, doubled or swapped: {} came", received.len());
            writer.await.expect("no panic");
        });
    });
}

/// `read_exact`: the bytes are in the buffer, though how many is not told.
#[test]
fn a_read_exact_that_is_given_up_has_its_bytes_in_the_buffer() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().expect("a pair");
            let mut buf = [0; 8];
            left.write_all(b"abc").await.expect("written");
            timeout(LIMIT, right.read_exact(&mut buf)).await.expect_err("five more are needed");
            left.write_all(b"defgh").await.expect("written");
            soon("the rest", right.read_exact(&mut buf[3..])).await.expect("read");
            assert_eq!(&buf, b"abcdefgh");
        });
    });
}

/// `peek` and `readable` take nothing, `peek_from` neither.
#[test]
fn looks_that_are_given_up_take_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().expect("a pair");
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            let address = socket.local_addr().expect("bound");
            for round in 0..100_u8 {
                assert!(is_pending_once(right.peek(&mut [0; 8])).await);
                assert!(is_pending_once(socket.peek_from(&mut [0; 8])).await);
                left.write_all(&[round; 8]).await.expect("written");
                socket.send_to(&[round; 8], address).await.expect("sent");
                let mut bytes = [0; 8];
                soon("a peek", right.peek(&mut bytes)).await.expect("peeked");
                soon("the bytes", right.read_exact(&mut bytes)).await.expect("read");
                assert_eq!(bytes, [round; 8]);
                let (count, from) =
                    soon("the datagram", socket.recv_from(&mut bytes)).await.expect("received");
                assert_eq!((count, from, bytes), (8, address, [round; 8]));
            }
        });
    });
}

/// `recv_from`, with a limit that is about as long as the datagrams take to come.
#[test]
fn datagrams_that_come_about_when_the_time_is_over_are_not_lost() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            let address = socket.local_addr().expect("bound");
            const DATAGRAMS_COUNT: u32 = 300;
            // One is given up for certain: nothing is sent yet.
            timeout(LIMIT, socket.recv_from(&mut [0; 4])).await.expect_err("nobody sends");
            let mut given_up_count = 1;
            let taken = Counter::default();
            let taken_so_far = taken.clone();
            let sender = heist::spawn(async move {
                let sender = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                for number in 0..DATAGRAMS_COUNT {
                    sender.send_to(&number.to_le_bytes(), address).await.expect("sent");
                    sleep(Duration::from_millis(1)).await;
                    // A socket that is not read from holds some two hundred, and loses the rest.
                    while number as usize >= taken_so_far.get() + IN_FLIGHT_COUNT_MAX {
                        sleep(Duration::from_millis(1)).await;
                    }
                }
            });
            let mut next = 0;
            while next < DATAGRAMS_COUNT {
                let mut bytes = [0; 4];
                match timeout(Duration::from_millis(1), socket.recv_from(&mut bytes)).await {
                    Ok(received) => {
                        assert_eq!(received.expect("received").0, 4);
                        assert_eq!(u32::from_le_bytes(bytes), next);
                        next += 1;
                        taken.bump();
                    }
                    Err(_elapsed) => given_up_count += 1,
                }
            }
            eprintln!("{given_up_count} were given up");
            sender.await.expect("no panic");
        });
    });
}

/// `send`: what was given up was not sent, what was not was sent once.
#[test]
fn a_send_that_is_given_up_has_sent_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().expect("a pair");
            let mut sent = Vec::new();
            let mut given_up_count = 0;
            let mut received = Vec::new();
            for number in 0..400_u32 {
                match timeout(LIMIT, left.send(&number.to_le_bytes())).await {
                    Ok(count) => {
                        assert_eq!(count.expect("sent"), 4);
                        sent.push(number);
                    }
                    Err(_elapsed) => {
                        given_up_count += 1;
                        let mut bytes = [0; 4];
                        right.recv(&mut bytes).await.expect("received");
                        received.push(u32::from_le_bytes(bytes));
                    }
                }
            }
            drop(left);
            while received.len() < sent.len() {
                let mut bytes = [0; 4];
                soon("the next", right.recv(&mut bytes)).await.expect("received");
                received.push(u32::from_le_bytes(bytes));
            }
            assert_eq!(received, sent);
            assert_ne!(given_up_count, 0, "nothing was cancelled");
            assert!(is_pending_once(right.recv(&mut [0; 4])).await || right.try_recv(&mut [0; 4]).is_err());
        });
    });
}
