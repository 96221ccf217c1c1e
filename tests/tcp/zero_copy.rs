//! Writes that do not copy: what arrives, what comes back, and when. On polling, and where the kernel does not do it, they
//! are plain writes, and all of this holds as well.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;

use heist::io::IoBuf;
use heist::net::{TcpStream, UnixStream};
use heist::time::{sleep, timeout};

use super::{MIB, is_pending_once, pair, pattern, soon};
use crate::support::{on_every_backend, on_every_runtime};

/// Reads to the end, in a task of its own.
fn reader(mut peer: TcpStream) -> heist::task::JoinHandle<Vec<u8>> {
    heist::spawn(async move {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.unwrap();
        received
    })
}

/// More than a connection takes whose peer does not read.
fn much(seed: u64) -> Vec<u8> {
    pattern(65_521, seed).repeat(256)
}

#[test]
fn buffers_of_all_sizes_arrive_whole_and_come_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for len in [1, 4095, 16 * 1024, 64 * 1024 + 1, MIB, 0, 3 * MIB] {
                let (mut client, server) = pair().await;
                let reader = reader(server);
                let (result, buf) = client.write_all_owned_zero_copy(pattern(len, len as u64)).await;
                result.unwrap();
                assert!(buf == pattern(len, len as u64));
                // Once more, which may be by other means.
                let (result, buf) = client.write_all_owned_zero_copy(buf).await;
                result.unwrap();
                drop(client);
                assert!(soon("the bytes", reader).await.unwrap() == buf.repeat(2), "{len} bytes");
            }
            let (mut client, server) = pair().await;
            let reader = reader(server);
            let (result, _) = client.write_all_owned_zero_copy("a static text").await;
            result.unwrap();
            let (result, _) = client.write_all_owned_zero_copy(pattern(100, 3).slice(10, 50)).await;
            result.unwrap();
            drop(client);
            let received = soon("the bytes", reader).await.unwrap();
            assert_eq!(received, [b"a static text", &pattern(100, 3)[10..60]].concat());
        });
    });
}

/// F10: what is written into the buffer once it is back is not what the peer reads, however late that reads.
#[test]
fn a_buffer_that_came_back_may_be_overwritten() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut buf = vec![0; 2 * MIB];
            for round in 1..=8 {
                // A connection of its own: within the machine the kernel copies, and is asked once.
                let (mut client, mut server) = pair().await;
                buf.fill(round);
                let writer = heist::spawn(async move {
                    let (result, mut buf) = client.write_all_owned_zero_copy(buf).await;
                    result.unwrap();
                    buf.fill(0xff);
                    buf
                });
                // Slower than the writer.
                sleep(Duration::from_millis(2)).await;
                let mut received = Vec::new();
                soon("a round", server.read_to_end(&mut received)).await.unwrap();
                assert_eq!(received.len(), 2 * MIB);
                assert!(received.iter().all(|byte| *byte == round), "round {round}");
                buf = soon("the writer", writer).await.unwrap();
            }
        });
    });
}

#[test]
fn one_write_returns_how_much_it_wrote() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            // A reader beside it can make room for any number of bytes during one write; with a small
            // send buffer it can not, as Linux looks at what arrived only after every 16 pieces.
            socket2::SockRef::from(&client).set_send_buffer_size(64 * 1024).unwrap();
            let reader = reader(server);
            let sent = much(4);
            let (result, sent) = client.write_owned_zero_copy(sent).await;
            let count = result.unwrap();
            assert!(count > 0 && count < sent.len(), "{count}: the send buffer has not so much room");
            let (result, sent) = client.write_all_owned_zero_copy(sent.slice(count, MIB)).await;
            result.unwrap();
            drop(client);
            let received = soon("the bytes", reader).await.unwrap();
            assert!(received == sent.into_inner()[..count + MIB]);
        });
    });
}

#[test]
fn plain_and_zero_copy_writes_keep_their_order() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, server) = pair().await;
            let reader = reader(server);
            let (_, mut writer) = client.into_split();
            let sent = pattern(2 * MIB, 5);
            for (index, piece) in sent.chunks(50_000).enumerate() {
                if index % 2 == 0 {
                    writer.write_all(piece).await.unwrap();
                } else {
                    writer.write_all_owned_zero_copy(piece.to_vec()).await.0.unwrap();
                }
            }
            drop(writer);
            assert!(soon("the bytes", reader).await.unwrap() == sent);
        });
    });
}

#[test]
fn both_halves_write_without_copying() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            let reader = reader(server);
            let (_, mut half) = client.split();
            half.write_all_owned_zero_copy("one").await.0.unwrap();
            assert_eq!(half.write_owned_zero_copy("two").await.0.unwrap(), 3);
            let (_, mut half) = client.into_split();
            half.write_all_owned_zero_copy("three").await.0.unwrap();
            assert_eq!(half.write_owned_zero_copy("four").await.0.unwrap(), 4);
            drop(half);
            assert_eq!(soon("the bytes", reader).await.unwrap(), b"onetwothreefour");
        });
    });
}

/// The kernel refuses it for a socket of another kind; the bytes go all the same.
#[test]
fn what_the_kernel_refuses_is_written_plainly() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = std::os::unix::net::UnixStream::pair().unwrap();
            let mut disguised = TcpStream::try_from(std::os::fd::OwnedFd::from(left)).unwrap();
            let mut peer = UnixStream::from_std(right).unwrap();
            let sent = pattern(MIB, 6);
            let expected = sent.clone();
            let reader = heist::spawn(async move {
                let mut received = Vec::new();
                peer.read_to_end(&mut received).await.unwrap();
                assert!(received == expected);
            });
            let (result, sent) = disguised.write_owned_zero_copy(sent).await;
            let count = result.unwrap();
            assert!(count > 0);
            let (result, _) = disguised.write_all_owned_zero_copy(sent.slice(count, MIB)).await;
            result.unwrap();
            drop(disguised);
            soon("the bytes", reader).await.unwrap();
        });
    });
}

/// The errors of a peer that is gone come with the buffer.
#[test]
fn a_peer_that_is_gone_is_an_error_and_the_buffer_comes_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            socket2::SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
            drop(server);
            let fail = async {
                let mut errors = Vec::new();
                let mut buf = pattern(1000, 7);
                while errors.len() < 2 {
                    let (result, returned) = client.write_all_owned_zero_copy(buf).await;
                    errors.extend(result.err().map(|error| error.kind()));
                    buf = returned;
                }
                assert!(buf == pattern(1000, 7));
                errors
            };
            let errors = soon("the errors", fail).await;
            assert_eq!(errors[1], ErrorKind::BrokenPipe);
            assert!(matches!(errors[0], ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{errors:?}");
        });
    });
}

/// In the middle of it: the kernel has the buffer, and gives up what it was to send.
#[test]
fn a_peer_that_resets_in_the_middle_gives_the_buffer_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            let mut write = Box::pin(client.write_all_owned_zero_copy(much(8)));
            assert!(timeout(Duration::from_millis(20), write.as_mut()).await.is_err(), "nobody reads");
            socket2::SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
            drop(server);
            let (result, buf) = soon("the buffer", write).await;
            let error = result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
            assert!(buf == much(8));
        });
    });
}

/// Of a write that is given up a beginning may have gone; what is written later comes behind it, and nothing in between.
#[test]
fn a_write_that_is_given_up_is_not_overtaken() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for round in 0..200 {
                let (mut client, server) = pair().await;
                let reader = reader(server);
                let sent = pattern(30_000, round);
                let mut write = Box::pin(client.write_all_owned_zero_copy(sent.clone()));
                // At once, or when the kernel may just have it.
                for _ in 0..round % 3 {
                    if !is_pending_once(write.as_mut()).await {
                        break;
                    }
                    heist::task::yield_now().await;
                }
                drop(write);
                client.write_all(b"behind").await.unwrap();
                drop(client);
                let received = soon("the bytes", reader).await.unwrap();
                let beginning = received.strip_suffix(b"behind").expect("nothing comes behind it");
                assert!(sent.starts_with(beginning), "round {round}");
            }
        });
    });
}

type Write = Pin<Box<dyn Future<Output = (std::io::Result<()>, Vec<u8>)> + Send>>;

/// F16: begun on one worker, awaited on another, dropped on a third thread.
#[test]
fn a_write_may_be_awaited_and_dropped_elsewhere() {
    on_every_backend(|rt| {
        rt.block_on(async {
            for round in 0..8 {
                let (mut client, server) = pair().await;
                let sent = much(round);
                let copy = sent.clone();
                let mut write: Write = Box::pin(async move { client.write_all_owned_zero_copy(sent).await });
                let begun = heist::spawn(async move {
                    assert!(is_pending_once(write.as_mut()).await, "the peer does not read yet");
                    Some(write)
                });
                let write = begun.await.unwrap().expect("it was begun");
                if round % 2 == 0 {
                    let writer = heist::spawn(write);
                    let received = soon("the bytes", reader(server)).await.unwrap();
                    assert!(received == copy);
                    writer.await.unwrap().0.unwrap();
                } else {
                    std::thread::spawn(move || drop(write)).join().unwrap();
                    let received = soon("the end", reader(server)).await.unwrap();
                    assert!(copy.starts_with(&received));
                }
            }
        });
    });
}
