//! Many datagrams in one call.

use std::io::ErrorKind;

use super::{pair, pattern, soon};
use crate::support::on_every_runtime;

#[test]
fn a_series_arrives_as_single_datagrams() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for (total, segment_len) in
                [(3000, 1200), (100, 1200), (1200, 1200), (0, 7), (250, 1), (60_000, 9000)]
            {
                let (left, right) = pair().await;
                let sent = pattern(total, 11);
                let mut rest = &sent[..];
                let mut datagrams = Vec::new();
                loop {
                    let count = if rest.len() % 2 == 0 {
                        left.send_segments(rest, segment_len).await.unwrap()
                    } else {
                        let to = right.local_addr().unwrap();
                        left.send_segments_to(rest, segment_len, to).await.unwrap()
                    };
                    assert!(count == rest.len() || count % segment_len == 0, "{count} bytes were sent");
                    rest = &rest[count..];
                    let mut received = 0;
                    let mut buf = vec![0; 65_535];
                    while received < count || datagrams.is_empty() {
                        let len = soon("a datagram", right.recv(&mut buf)).await.unwrap();
                        received += len;
                        datagrams.push(buf[..len].to_vec());
                    }
                    if rest.is_empty() {
                        break;
                    }
                }
                let (last, others) = datagrams.split_last().unwrap();
                assert!(others.iter().all(|one| one.len() == segment_len), "all but the last are full");
                assert!(last.len() <= segment_len);
                assert_eq!(datagrams.concat(), sent);
            }
        });
    });
}

/// With or without the help of the kernel the same bytes come, cut at the same places.
#[test]
fn joined_datagrams_are_separated() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for joins in [false, true] {
                let (left, right) = pair().await;
                if joins {
                    match right.set_gro(true) {
                        Ok(()) => {}
                        Err(error) if error.kind() == ErrorKind::Unsupported => {
                            crate::support::loud(&format!("SKIPPED: no joined datagrams here: {error}"));
                            continue;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                let sent = pattern(10_500, 12);
                assert_eq!(left.send_segments(&sent, 1000).await.unwrap(), sent.len());
                let mut datagrams = Vec::new();
                let mut calls = 0;
                let mut buf = vec![0; 65_535];
                while datagrams.len() < 11 {
                    let received = soon("datagrams", right.recv_segments(&mut buf)).await.unwrap();
                    assert_eq!(received.addr, left.local_addr().unwrap());
                    datagrams.extend(buf[..received.len].chunks(received.segment_len).map(<[u8]>::to_vec));
                    calls += 1;
                }
                let lens: Vec<_> = datagrams.iter().map(Vec::len).collect();
                assert_eq!(lens, [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 500]);
                assert_eq!(datagrams.concat(), sent);
                assert!(if joins { calls < 11 } else { calls == 11 }, "{calls} calls, joined: {joins}");
                assert_eq!(right.try_recv_segments(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
            }
        });
    });
}

#[test]
fn segments_of_no_length_are_refused() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            let to = right.local_addr().unwrap();
            for error in [
                left.send_segments(b"abc", 0).await.unwrap_err(),
                left.try_send_segments_to(b"abc", 0, to).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
            }
            assert_eq!(left.try_send_segments_to(b"abcd", 2, to).unwrap(), 4);
        });
    });
}
