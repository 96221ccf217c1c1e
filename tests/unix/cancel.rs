//! Dropped futures: nothing is lost, nothing stays open.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use heist::net::{UnixDatagram, UnixListener, UnixStream};
use heist::time::timeout;

use super::{free_path, is_pending_once, pattern, soon};
use crate::support::on_every_runtime;

#[test]
fn an_accept_that_times_out_loses_no_connection() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            const COUNT: usize = 100;
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            assert!(timeout(Duration::from_millis(2), listener.accept()).await.is_err());
            {
                let mut accept = pin!(listener.accept());
                let polled = poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await;
                assert!(polled.is_pending(), "nobody has connected");
            }
            let clients = heist::spawn(async move {
                let mut clients = Vec::new();
                for number in 0..COUNT {
                    let mut client = UnixStream::connect(&path).await.unwrap();
                    client.write_all(&number.to_le_bytes()).await.unwrap();
                    clients.push(client);
                    heist::task::yield_now().await;
                }
                clients
            });
            let mut accepted = Vec::new();
            while accepted.len() < COUNT {
                let mut accept = pin!(listener.accept());
                match poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await {
                    Poll::Ready(connection) => accepted.push(connection.unwrap().0),
                    Poll::Pending => heist::task::yield_now().await,
                }
            }
            let clients = clients.await.unwrap();
            for (number, stream) in accepted.iter_mut().enumerate() {
                let mut buf = [0; size_of::<usize>()];
                soon("its number", stream.read_exact(&mut buf)).await.unwrap();
                assert_eq!(usize::from_le_bytes(buf), number);
            }
            drop(clients);
        });
    });
}

#[test]
fn reads_and_writes_that_time_out_lose_no_byte() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let sent = pattern(600_000, 9);
            let expected = sent.clone();
            // One is given up for certain.
            assert!(futures::FutureExt::now_or_never(right.read(&mut [0; 1])).is_none());
            let writing = heist::spawn(async move {
                let mut written = 0;
                while written < sent.len() {
                    let piece = &sent[written..sent.len().min(written + 10_000)];
                    if let Ok(count) = timeout(Duration::from_micros(200), left.write(piece)).await {
                        written += count.unwrap();
                    }
                }
            });
            let mut received = Vec::new();
            let mut buf = [0; 3000];
            while received.len() < expected.len() {
                let read = futures::FutureExt::now_or_never(right.read(&mut buf));
                match read {
                    Some(Ok(0)) => panic!("the end came after {} bytes", received.len()),
                    Some(count) => received.extend_from_slice(&buf[..count.unwrap()]),
                    None => heist::time::sleep(Duration::from_millis(1)).await,
                }
            }
            assert!(received == expected, "a byte was lost, doubled or swapped");
            soon("the writer", writing).await.unwrap();
        });
    });
}

#[test]
fn a_datagram_receive_that_times_out_loses_nothing() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = UnixDatagram::pair().unwrap();
            for number in 0..200_u32 {
                assert!(is_pending_once(right.recv(&mut [0; 4])).await);
                left.send(&number.to_le_bytes()).await.unwrap();
                let mut buf = [0; 4];
                let (count, _) = soon("it", right.recv_from(&mut buf)).await.unwrap();
                assert_eq!((count, u32::from_le_bytes(buf)), (4, number));
            }
        });
    });
}

#[test]
fn a_stream_dropped_on_another_worker_while_it_waits_is_closed() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for _ in 0..50 {
                let (mut left, mut right) = UnixStream::pair().unwrap();
                let mut read = Box::pin(async move { right.read(&mut [0; 8]).await });
                assert!(is_pending_once(read.as_mut()).await);
                heist::spawn(async move { drop(read) }).await.unwrap();
                assert_eq!(soon("the end", left.read(&mut [0; 8])).await.unwrap(), 0);
            }
        });
    });
}
