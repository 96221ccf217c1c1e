//! Files that are sent to a socket, with or without a copy.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use futures::join;
use heist::fs::File;
use heist::net::TcpStream;
use heist::time::{sleep, timeout};

use super::{MIB, fill, is_pending_once, pair, pattern, soon};
use crate::support::on_every_runtime;

/// A file with these bytes, whose cursor is behind them.
async fn file_of(bytes: &[u8]) -> File {
    let mut file = File::from_std(tempfile::tempfile().unwrap());
    file.write_all(bytes).await.unwrap();
    file
}

async fn read_all(mut peer: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    soon("the end of the stream", peer.read_to_end(&mut all)).await.unwrap();
    all
}

#[test]
fn a_file_arrives_whole_and_in_order_at_a_peer_that_reads_slowly() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(8 * MIB + 4321, 7);
            let file = file_of(&bytes).await;
            let (mut client, mut server) = pair().await;
            let send = async {
                let sent = client.send_file(&file, 0, u64::MAX).await.unwrap();
                drop(client);
                sent
            };
            let receive = async {
                let mut all = Vec::new();
                let mut buf = vec![0; 300_000];
                loop {
                    match server.read(&mut buf).await.unwrap() {
                        0 => return all,
                        count => all.extend_from_slice(&buf[..count]),
                    }
                    if all.len() < MIB {
                        sleep(Duration::from_millis(1)).await;
                    }
                }
            };
            let (sent, received) = soon("the file", async { join!(send, receive) }).await;
            assert_eq!(sent, bytes.len() as u64);
            assert!(received == bytes, "the bytes differ");
        });
    });
}

#[test]
fn a_part_of_a_file_is_sent_between_writes_and_the_cursor_stays() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(100_000, 3);
            let mut file = file_of(&bytes).await;
            let (mut client, server) = pair().await;
            client.write_all(b"head").await.unwrap();
            assert_eq!(client.send_file(&file, 4097, 70_001).await.unwrap(), 70_001);
            client.write_all(b"foot").await.unwrap();
            assert_eq!(client.split().1.send_file(&file, 0, 10).await.unwrap(), 10);
            let (_reader, mut writer) = client.into_split();
            assert_eq!(writer.send_file(&file, 10, 10).await.unwrap(), 10);
            drop(writer);
            let sent = [b"head", &bytes[4097..74_098], b"foot", &bytes[..20]].concat();
            assert!(read_all(server).await == sent);
            assert_eq!(file.stream_position().await.unwrap(), 100_000);
        });
    });
}

/// The last offset that a call may name.
const LAST: u64 = i64::MAX as u64;

#[test]
fn the_end_of_the_file_ends_the_call() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let file = file_of(b"0123456789").await;
            let (mut client, server) = pair().await;
            assert_eq!(client.send_file(&file, 4, 100).await.unwrap(), 6);
            let behind =
                [(10, 1), (11, u64::MAX), (1 << 62, 5), (LAST - 5, 100), (LAST, 1), (LAST, u64::MAX)];
            for (offset, len) in behind.into_iter().chain([(3, 0)]) {
                assert_eq!(client.send_file(&file, offset, len).await.unwrap(), 0, "{len} from {offset} on");
            }
            let error = client.send_file(&file, 1 << 63, 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            drop(client);
            assert_eq!(read_all(server).await, b"456789");
        });
    });
}

/// In memory a file may have every offset there is.
#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_longest_file_is_sent() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let memory = rustix::fs::memfd_create("longest", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
            let file = File::from_std(memory.into());
            file.set_len(LAST).await.unwrap();
            file.write_all_at(b"the end", LAST - 7).await.unwrap();
            let (mut client, server) = pair().await;
            assert_eq!(client.send_file(&file, LAST - 7, u64::MAX).await.unwrap(), 7);
            drop(client);
            assert_eq!(read_all(server).await, b"the end");
        });
    });
}

/// Operations that were given up are over before the bytes are taken.
#[test]
fn what_was_written_before_is_sent() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let file = file_of(&vec![b'a'; MIB]).await;
            for round in 0..20 {
                let (mut client, server) = pair().await;
                // Given up, perhaps in the middle.
                let _: bool = is_pending_once(file.write_all_at(&[b'b' + round; 4096], 0)).await;
                let send = async {
                    assert_eq!(client.send_file(&file, 0, 4096).await.unwrap(), 4096);
                    drop(client);
                };
                let ((), received) = join!(send, read_all(server));
                let mut now = vec![0; 4096];
                file.read_exact_at(&mut now, 0).await.unwrap();
                assert!(received == now, "round {round}");
            }
        });
    });
}

#[cfg(unix)]
#[test]
fn what_cannot_be_sent_is_an_error_and_harms_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = pair().await;
            let (reader, _writer) = std::io::pipe().unwrap();
            let pipe = File::from_std(std::fs::File::from(std::os::fd::OwnedFd::from(reader)));
            let error = client.send_file(&pipe, 0, 5).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotSeekable, "{error}");
            let directory = File::open(".").await.unwrap();
            let error = client.send_file(&directory, 0, 5).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IsADirectory, "{error}");
            client.write_all(b"unharmed").await.unwrap();
            drop(client);
            assert_eq!(read_all(server).await, b"unharmed");
        });
    });
}

/// L2: as `ends.rs` does for writes.
#[cfg(unix)]
#[test]
fn sending_to_a_closed_peer_raises_no_sigpipe() {
    use heist::signal::unix::{SignalKind, signal};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut pipes = signal(SignalKind::pipe()).unwrap();
            let file = file_of(&pattern(MIB, 9)).await;
            let (mut client, server) = pair().await;
            client.write_all(b"x").await.unwrap();
            drop(server);
            while client.send_file(&file, 0, 1000).await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
            for _ in 0..3 {
                let error = client.send_file(&file, 0, 1000).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
            }
            assert!(timeout(Duration::from_millis(20), pipes.recv()).await.is_err(), "SIGPIPE was raised");
        });
    });
}

#[test]
fn a_dropped_call_sends_nothing_more_and_later_writes_come_behind_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(32 * MIB, 5);
            let file = Arc::new(file_of(&bytes).await);
            let (mut client, server) = pair().await;
            let sending = client.send_file(&file, 0, u64::MAX);
            assert!(timeout(Duration::from_millis(50), sending).await.is_err(), "there is not so much room");
            let read = heist::spawn(read_all(server));
            client.write_all(b"the end").await.unwrap();
            drop(client);
            let received = read.await.unwrap();
            let sent = received.len() - b"the end".len();
            assert!(sent < bytes.len() && received[..sent] == bytes[..sent], "a part from the beginning");
            assert_eq!(&received[sent..], b"the end");
        });
    });
}

/// A full socket keeps no thread and no worker.
#[test]
fn a_peer_that_does_not_read_holds_up_nobody() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let file = Arc::new(file_of(&pattern(MIB, 1)).await);
            let mut servers = Vec::new();
            let mut waiting = Vec::new();
            for _ in 0..40 {
                let (mut client, server) = pair().await;
                fill(&mut client).await;
                servers.push(server);
                let file = file.clone();
                waiting.push(heist::spawn(async move { client.send_file(&file, 0, 1000).await }));
            }
            let (mut client, server) = pair().await;
            assert_eq!(soon("another", client.send_file(&file, 0, 1000)).await.unwrap(), 1000);
            drop((client, server));
            drop(servers);
            for waiting in waiting {
                assert!(soon("the error", waiting).await.unwrap().is_err());
            }
        });
    });
}

/// The number that the last call of `progress` had is what has been sent: a call that goes on behind
/// it loses no byte and repeats none.
#[test]
fn a_dropped_call_that_counted_is_continued_behind_the_last_byte() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(16 * MIB, 11);
            let file = Arc::new(file_of(&bytes).await);
            let (mut client, server) = pair().await;
            let mut sent = 0;
            let sending = client.send_file_with(&file, 0, u64::MAX, |count| sent = count);
            assert!(timeout(Duration::from_millis(50), sending).await.is_err(), "there is not so much room");
            assert!(sent > 0 && sent < bytes.len() as u64, "{sent} bytes");
            let read = heist::spawn(read_all(server));
            let rest = client.send_file(&file, sent, u64::MAX).await.unwrap();
            assert_eq!(sent + rest, bytes.len() as u64);
            drop(client);
            assert!(read.await.unwrap() == bytes, "the bytes differ");
        });
    });
}

#[test]
fn an_error_comes_behind_the_count_of_what_was_sent() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let file = Arc::new(file_of(&pattern(16 * MIB, 2)).await);
            let (mut client, server) = pair().await;
            let mut sent = 0;
            let progress = |count| {
                assert!(count > sent, "{count} behind {sent}");
                sent = count;
            };
            let leave = async {
                sleep(Duration::from_millis(20)).await;
                drop(server);
            };
            let (result, ()) = join!(client.send_file_with(&file, 0, u64::MAX, progress), leave);
            assert!(result.is_err() && sent > 0 && sent < 16 * MIB as u64);
        });
    });
}

/// What a call without waiting leaves to others, they do; between them every byte is sent once.
#[test]
fn a_try_sends_what_there_is_room_for_or_leaves_it_to_others() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(3 * MIB + 5, 13);
            let file = Arc::new(file_of(&bytes).await);
            let (mut client, server) = pair().await;
            let len = bytes.len() as u64;
            assert_eq!(client.try_send_file(&file, 0, 0).unwrap(), Some(0));
            assert_eq!(client.try_send_file(&file, u64::MAX, 5).unwrap(), Some(0));
            let mut sent = 0;
            let full = loop {
                match client.try_send_file(&file, sent, len - sent) {
                    Ok(Some(0)) => break sent == len,
                    Ok(Some(count)) => sent += count as u64,
                    Ok(None) => break false,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                    Err(error) => panic!("{error}"),
                }
            };
            assert!(full || sent == 0, "it stopped at {sent}");
            let read = heist::spawn(read_all(server));
            while sent < len {
                client.writable().await.unwrap();
                match client.try_send_file(&file, sent, len) {
                    Ok(Some(count)) => sent += count as u64,
                    Ok(None) => sent += client.send_file(&file, sent, 70_000).await.unwrap(),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
            drop(client);
            assert!(soon("the file", read).await.unwrap() == bytes, "the bytes differ");
        });
    });
}

/// Neither what a call has found in the page cache before, nor the length that it was given, is
/// taken for what the file has.
#[test]
fn a_file_that_is_cut_while_it_is_sent_ends_the_call_early() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(32 * MIB, 17);
            let file = Arc::new(file_of(&bytes).await);
            let (mut client, server) = pair().await;
            let (same, len) = (file.clone(), bytes.len() as u64);
            let sending = heist::spawn(async move { (client.send_file(&same, 0, len).await, client) });
            // Not all of it fits into the sockets.
            server.readable().await.unwrap();
            file.set_len(24 * MIB as u64).await.unwrap();
            let read = heist::spawn(read_all(server));
            let (sent, client) = soon("the end", sending).await.unwrap();
            drop(client);
            assert_eq!(sent.unwrap(), 24 * MIB as u64);
            assert!(read.await.unwrap() == bytes[..24 * MIB], "the bytes differ");
        });
    });
}

/// Forgets the pages of a file, from `offset` on. Some file systems keep them.
#[cfg(target_os = "linux")]
async fn forget(file: &File, offset: u64, len: u64) {
    use std::num::NonZero;
    file.sync_all().await.unwrap();
    rustix::fs::fadvise(file, offset, NonZero::new(len), rustix::fs::Advice::DontNeed).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_pages_are_not_all_in_memory_is_sent_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(3 * MIB + 1234, 19);
            let file = Arc::new(file_of(&bytes).await);
            let holes = [(0, 4096), (1 << 20, 8192), (2 << 20, 1 << 20), (3 << 20, 4096), (0, 4 << 20)];
            for (offset, len) in holes {
                forget(&file, offset, len).await;
                let (mut client, server) = pair().await;
                let read = heist::spawn(read_all(server));
                assert_eq!(client.send_file(&file, 0, u64::MAX).await.unwrap(), bytes.len() as u64);
                drop(client);
                assert!(read.await.unwrap() == bytes, "without {len} from {offset} on");
            }
        });
    });
}
