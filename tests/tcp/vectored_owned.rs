//! Several buffers that are handed over, read and written with one call.

use heist::io::IoBuf;

use super::{MIB, is_pending_once, pair, pattern, soon};
use crate::support::{on_every_backend, on_every_runtime};

#[test]
fn several_owned_buffers_are_written_and_filled_in_order() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let parts = vec![b"one ".to_vec(), Vec::new(), b"two ".to_vec(), b"three".to_vec()];
            let (result, parts) = client.write_vectored_owned(parts).await;
            assert_eq!((result.unwrap(), parts.concat()), (13, b"one two three".to_vec()));
            while server.peek(&mut [0; 13]).await.unwrap() < 13 {}
            let rooms = vec![vec![0; 5].into_boxed_slice(), vec![7; 2].into_boxed_slice()];
            let (result, rooms) = server.read_vectored_owned(rooms).await;
            assert_eq!(result.unwrap(), 7);
            assert_eq!([&rooms[0][..], &rooms[1][..]], [&b"one t"[..], b"wo"]);
            // Vectors are as long as what came, also those that nothing came for.
            let rooms = vec![Vec::new(), Vec::with_capacity(2), Vec::with_capacity(100), vec![1; 9]];
            let (result, rooms) = server.read_vectored_owned(rooms).await;
            assert_eq!(result.unwrap(), 6);
            assert_eq!(rooms, [&b""[..], b" t", b"hree", b""]);
            // A part is filled; what lies around it stays.
            client.write_all(b"abc").await.unwrap();
            let (result, rooms) = server.read_vectored_owned(vec![vec![7; 5].slice(1, 3)]).await;
            assert_eq!(result.unwrap(), 3);
            assert_eq!(rooms.into_iter().next().unwrap().into_inner(), b"\x07abc\x07");
            drop(client);
            let (result, rooms) = server.read_vectored_owned(vec![Vec::with_capacity(8), vec![1]]).await;
            assert_eq!((result.unwrap(), rooms), (0, vec![Vec::new(), Vec::new()]), "the end");
        });
    });
}

#[test]
fn more_owned_buffers_than_one_call_takes_are_written_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(2 * MIB, 3);
            let parts: Vec<Vec<u8>> = sent.chunks(700).map(<[u8]>::to_vec).collect();
            let expected = sent.clone();
            let receiver = heist::spawn(async move {
                let mut received = Vec::new();
                loop {
                    let rooms = (0..1500).map(|index| Vec::with_capacity(index % 90)).collect();
                    let (result, parts) = server.read_vectored_owned(rooms).await;
                    let count = result.unwrap();
                    let parts = parts.concat();
                    assert_eq!(parts.len(), count);
                    received.extend_from_slice(&parts);
                    if count == 0 {
                        break;
                    }
                }
                assert!(received == expected);
            });
            let (result, parts) = client.write_all_vectored_owned(parts).await;
            result.unwrap();
            assert!(parts.concat() == sent);
            drop(client);
            soon("the receiver", receiver).await.unwrap();
        });
    });
}

/// `[empty-is-done]`.
#[test]
fn no_buffers_and_no_room_are_done_at_once() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            assert_eq!(server.read_vectored_owned(Vec::<Vec<u8>>::new()).await.0.unwrap(), 0);
            assert_eq!(server.read_vectored_owned(vec![Vec::new(), Vec::new()]).await.0.unwrap(), 0);
            assert_eq!(client.write_vectored_owned(vec!["", ""]).await.0.unwrap(), 0);
            client.write_all_vectored_owned(Vec::<Vec<u8>>::new()).await.0.unwrap();
        });
    });
}

/// `[one-call-moves-bytes]`: a read that is given up has taken no byte.
#[test]
fn an_owned_vectored_read_that_is_given_up_has_read_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            assert!(is_pending_once(server.read_vectored_owned(vec![Vec::with_capacity(8)])).await);
            client.write_all(b"kept").await.unwrap();
            let (result, rooms) = server.read_vectored_owned(vec![Vec::with_capacity(8)]).await;
            assert_eq!((result.unwrap(), rooms.concat()), (4, b"kept".to_vec()));
        });
    });
}

#[test]
fn the_halves_take_owned_buffers_as_well() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            {
                let (_, mut writer) = client.split();
                writer.write_all_owned("one ").await.0.unwrap();
                assert_eq!(writer.write_owned("two ").await.0.unwrap(), 4);
                assert_eq!(writer.write_vectored_owned(vec!["three ", "four "]).await.0.unwrap(), 11);
                writer.write_all_vectored_owned(vec!["five", "."]).await.0.unwrap();
            }
            let (_, mut writer) = client.into_split();
            writer.write_all_owned("one ").await.0.unwrap();
            assert_eq!(writer.write_owned("two ").await.0.unwrap(), 4);
            assert_eq!(writer.write_vectored_owned(vec!["three ", "four "]).await.0.unwrap(), 11);
            writer.write_all_vectored_owned(vec!["five", "."]).await.0.unwrap();
            while server.peek(&mut [0; 48]).await.unwrap() < 48 {}
            let text = b"one two three four five.";
            {
                let (mut reader, _) = server.split();
                let (result, head) = reader.read_owned(Vec::with_capacity(4)).await;
                assert_eq!((result.unwrap(), &head[..]), (4, &text[..4]));
                let rooms = vec![Vec::with_capacity(4), Vec::with_capacity(16)];
                let (result, tail) = reader.read_vectored_owned(rooms).await;
                assert_eq!((result.unwrap(), &tail.concat()[..]), (20, &text[4..]));
            }
            let (mut reader, _writer) = server.into_split();
            let (result, head) = reader.read_owned(Vec::with_capacity(4)).await;
            assert_eq!((result.unwrap(), &head[..]), (4, &text[..4]));
            let rooms = vec![Vec::with_capacity(4), Vec::with_capacity(16)];
            let (result, tail) = reader.read_vectored_owned(rooms).await;
            assert_eq!((result.unwrap(), &tail.concat()[..]), (20, &text[4..]));
        });
    });
}
