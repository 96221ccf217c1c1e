//! Connections: bytes, ends, peers, conversions.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use futures::join;
use heist::net::unix::ReuniteError;
use heist::net::{ByteStream, Family, TcpListener, TcpStream, UnixListener, UnixStream};

use super::{free_path, pattern, pipe, soon};
use crate::support::{on_every_backend, on_every_runtime};

#[test]
fn a_mebibyte_goes_both_ways_through_split_streams() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, mut right) = UnixStream::pair().unwrap();
            let (there, back) = (pattern(1 << 20, 1), pattern(1 << 20, 2));
            let (mut reader, mut writer) = left.into_split();
            let (sent, expected) = (there.clone(), back.clone());
            let writing = heist::spawn(async move {
                writer.write_all(&sent).await.unwrap();
                writer
            });
            let reading = heist::spawn(async move {
                let mut received = vec![0; expected.len()];
                reader.read_exact(&mut received).await.unwrap();
                assert!(received == expected);
                reader
            });
            let (mut right_reader, mut right_writer) = right.split();
            let mut received = vec![0; there.len()];
            let (read, written) =
                join!(right_reader.read_exact(&mut received), right_writer.write_all(&back));
            read.and(written.map(|()| 0)).unwrap();
            assert!(received == there);
            let (reader, writer) = (reading.await.unwrap(), writing.await.unwrap());
            let mut left = reader.reunite(writer).unwrap();
            left.shutdown().await.unwrap();
            assert_eq!(soon("the end", right.read(&mut [0; 8])).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_file_is_sent_as_over_tcp() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let bytes = pattern(3 << 20, 4);
            let mut file = heist::fs::File::from_std(tempfile::tempfile().unwrap());
            file.write_all(&bytes).await.unwrap();
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let send = async {
                assert_eq!(left.send_file(&file, 1000, 2 << 20).await.unwrap(), 2 << 20);
                left.write_all(b"!").await.unwrap();
                drop(left);
            };
            let mut received = Vec::new();
            let ((), read) = soon("the file", async { join!(send, right.read_to_end(&mut received)) }).await;
            read.unwrap();
            assert!(received[..2 << 20] == bytes[1000..1000 + (2 << 20)] && received[2 << 20..] == *b"!");

            let (mut left, right) = UnixStream::pair().unwrap();
            drop(right);
            let error = left.send_file(&file, 0, 10).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    });
}

/// Buffers that are handed over: each call, on streams and halves. Zero copy is a plain write here.
#[test]
fn owned_buffers_are_written_and_filled_in_order() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            left.write_all_owned("one ").await.0.unwrap();
            assert_eq!(left.write_vectored_owned(vec!["two ", "", "three "]).await.0.unwrap(), 10);
            left.write_all_vectored_owned(vec!["four ", "five "]).await.0.unwrap();
            assert_eq!(left.write_owned_zero_copy("six ").await.0.unwrap(), 4);
            let (_, mut writer) = left.into_split();
            writer.write_all_owned_zero_copy("seven ").await.0.unwrap();
            writer.write_all_vectored_owned(vec!["eight", "."]).await.0.unwrap();
            drop(writer);
            let text = b"one two three four five six seven eight.";
            let (result, head) = right.read_owned(Vec::with_capacity(4)).await;
            assert_eq!((result.unwrap(), &head[..]), (4, &text[..4]));
            let rooms = vec![Vec::with_capacity(4), Vec::with_capacity(6)];
            let (result, middle) = right.read_vectored_owned(rooms).await;
            assert_eq!((result.unwrap(), &middle.concat()[..]), (10, &text[4..14]));
            let (mut reader, _writer) = right.into_split();
            let mut tail = Vec::new();
            loop {
                let rooms = vec![Vec::with_capacity(3), Vec::with_capacity(2)];
                let (result, parts) = reader.read_vectored_owned(rooms).await;
                tail.extend(parts.concat());
                if result.unwrap() == 0 {
                    break;
                }
            }
            assert_eq!(tail, text[14..]);
        });
    });
}

#[test]
fn a_mebibyte_is_written_from_owned_buffers() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let sent = pattern(1 << 20, 4);
            let expected = sent.repeat(2);
            let reader = heist::spawn(async move {
                let mut received = Vec::new();
                right.read_to_end(&mut received).await.unwrap();
                assert!(received == expected);
            });
            let parts: Vec<Vec<u8>> = sent.chunks(500).map(<[u8]>::to_vec).collect();
            left.write_all_vectored_owned(parts).await.0.unwrap();
            left.write_all_owned_zero_copy(sent).await.0.unwrap();
            drop(left);
            soon("the reader", reader).await.unwrap();
        });
    });
}

#[test]
fn halves_of_two_streams_are_not_reunited() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixStream::pair().unwrap();
            let (reader, _) = left.into_split();
            let (_right_reader, writer) = right.into_split();
            let ReuniteError { 0: mut reader, .. } = reader.reunite(writer).unwrap_err();
            // Its peer's writing half went with the error.
            assert_eq!(soon("the end", reader.read(&mut [0; 8])).await.unwrap(), 0);
        });
    });
}

#[test]
fn vectored_peeked_and_tried() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let mut buf = [0; 16];
            assert_eq!(right.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
            let mut pieces = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two")];
            left.write_all_vectored(&mut pieces).await.unwrap();
            right.readable().await.unwrap();
            assert_eq!(right.peek(&mut buf).await.unwrap(), 7);
            let (start, end) = buf.split_at_mut(4);
            let count =
                right.read_vectored(&mut [IoSliceMut::new(start), IoSliceMut::new(end)]).await.unwrap();
            assert_eq!(&buf[..count], b"one two");
            left.writable().await.unwrap();
            assert_eq!(left.try_write(b"x").unwrap(), 1);
            assert_eq!(soon("x", right.read(&mut buf)).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_closed_peer_is_the_end_and_then_an_error() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            left.write_all(b"last words").await.unwrap();
            drop(left);
            let mut text = String::new();
            soon("the end", right.read_to_string(&mut text)).await.unwrap();
            assert_eq!(text, "last words");
            assert_eq!(right.write(b"?").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

            // Bytes that were never read: the peer is told of a reset.
            let (mut left, right) = UnixStream::pair().unwrap();
            left.write_all(b"unread").await.unwrap();
            drop(right);
            let error = soon("the reset", left.read(&mut [0; 8])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        });
    });
}

#[test]
fn a_reader_and_a_writer_that_wait_see_the_end() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixStream::pair().unwrap();
            let (mut reader, mut writer) = left.into_split();
            let reading = heist::spawn(async move { reader.read(&mut [0; 8]).await });
            let writing = heist::spawn(async move { writer.write_all(&vec![7; 8 << 20]).await });
            heist::time::sleep(std::time::Duration::from_millis(5)).await;
            drop(right);
            // The bytes that were never read make it a reset.
            let read = soon("the reader", reading).await.unwrap();
            let written = soon("the writer", writing).await.unwrap().unwrap_err();
            let is_gone = |kind| matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
            assert!(is_gone(written.kind()), "{written}");
            assert!(
                read.as_ref().map_or_else(|error| is_gone(error.kind()), |&count| count == 0),
                "{read:?}"
            );
        });
    });
}

#[test]
fn half_a_close_lets_the_answer_through() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            left.write_all(b"question").await.unwrap();
            left.shutdown_with(Shutdown::Write).unwrap();
            let mut text = String::new();
            right.read_to_string(&mut text).await.unwrap();
            right.write_all(text.to_uppercase().as_bytes()).await.unwrap();
            drop(right);
            text.clear();
            soon("the answer", left.read_to_string(&mut text)).await.unwrap();
            assert_eq!(text, "QUESTION");
        });
    });
}

#[test]
fn the_peer_is_known() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, _right) = UnixStream::pair().unwrap();
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            let client = UnixStream::connect(&path).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let cred = left.peer_cred().unwrap();
            assert_eq!(cred, client.peer_cred().unwrap());
            assert_eq!(cred, server.peer_cred().unwrap());
            if cfg!(target_os = "linux") {
                assert_eq!(cred.pid(), i32::try_from(std::process::id()).ok());
            }
            let directory = std::fs::metadata(path.parent().unwrap()).unwrap();
            assert_eq!(cred.uid(), std::os::unix::fs::MetadataExt::uid(&directory));
        });
    });
}

#[test]
fn streams_of_std_are_taken_over_and_given_back() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (left, right) = std::os::unix::net::UnixStream::pair().unwrap();
            let mut left = UnixStream::from_std(left).unwrap();
            assert_eq!(left.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
            left.write_all(b"there").await.unwrap();
            let mut buf = [0; 5];
            (&right).read_exact(&mut buf).unwrap();
            let number = left.as_raw_fd();
            assert_eq!(left.as_fd().as_raw_fd(), number);
            let fd = OwnedFd::try_from(left).unwrap();
            let left = UnixStream::try_from(fd).unwrap().into_std().unwrap();
            left.set_nonblocking(false).unwrap();
            (&right).write_all(b"back!").unwrap();
            (&left).read_exact(&mut buf).unwrap();
            assert_eq!(&buf, b"back!");
        });
    });
}

/// One function serves both families.
#[test]
fn what_is_written_for_byte_streams_serves_both_families() {
    async fn echo_once<F: Family>(mut stream: ByteStream<F>) {
        let mut buf = [0; 64];
        let count = stream.read(&mut buf).await.unwrap();
        stream.write_all(&buf[..count]).await.unwrap();
    }
    async fn ask<F: Family>(mut stream: ByteStream<F>) {
        stream.write_all(b"same").await.unwrap();
        let mut buf = [0; 4];
        soon("the echo", stream.read_exact(&mut buf)).await.unwrap();
        assert_eq!(&buf, b"same");
    }
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixStream::pair().unwrap();
            assert!(format!("{left:?}").starts_with("UnixStream"));
            join!(echo_once(left), ask(right));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            assert!(format!("{client:?}").starts_with("TcpStream"));
            join!(echo_once(listener.accept().await.unwrap().0), ask(client));
        });
    });
}

/// Fault J6: what a write costs is its bytes, not that it was one call.
#[test]
fn a_poll_moves_about_a_mebibyte_whatever_the_length_of_a_call() {
    const CALL_BYTES: usize = 64 * 1024;
    const POLL_BYTES: usize = 1024 * 1024;
    on_every_runtime(|runtime| {
        let mover = runtime.spawn(async {
            let (ours, mut peer) = pipe();
            ours.set_nonblocking(true).unwrap();
            let mut stream = UnixStream::from_std(ours).unwrap();
            let mut bytes = vec![7; CALL_BYTES];

            // The first call of each direction may have to wait; then the socket is known to be ready, and a poll begins.
            stream.write_all(&bytes).await.unwrap();
            peer.read_exact(&mut bytes).unwrap();
            heist::task::yield_now().await;
            let mut written_bytes = 0;
            while heist::task::coop::has_budget_remaining() {
                stream.write_all(&bytes).await.unwrap();
                peer.read_exact(&mut bytes).unwrap();
                written_bytes += CALL_BYTES;
            }
            assert!((POLL_BYTES / 2..=POLL_BYTES).contains(&written_bytes), "{written_bytes}");

            heist::task::yield_now().await;
            let mut read_bytes = 0;
            while heist::task::coop::has_budget_remaining() {
                peer.write_all(&bytes).unwrap();
                stream.read_exact(&mut bytes).await.unwrap();
                read_bytes += CALL_BYTES;
            }
            assert!((POLL_BYTES / 2..=POLL_BYTES).contains(&read_bytes), "{read_bytes}");
        });
        runtime.block_on(mover).unwrap();
    });
}
