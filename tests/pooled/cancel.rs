//! Receives that are given up, moved and ended: nothing is lost, and none of them holds a buffer while it waits.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use heist::io::PooledBuf;
use heist::time::{sleep, timeout};

use crate::counting::length;
use crate::support::wait::{is_pending_once, pattern, soon};
use crate::support::{Counter, eventually, on_every_runtime};
use crate::{ALLOCATOR, pair, with_buffers};

/// F4.
#[test]
fn a_receive_that_is_given_up_loses_no_byte() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(8_000, 5);
            let pieces = sent.clone();
            // One is given up for certain.
            assert!(is_pending_once(server.recv_pooled()).await);
            let writer = heist::spawn(async move {
                for piece in pieces.chunks(40) {
                    client.write_all(piece).await.expect("written");
                    // Long enough for the reader to run dry and to wait.
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let mut received = Vec::new();
            let mut turn = 0;
            while received.len() < sent.len() {
                turn += 1;
                let outcome = {
                    let mut receive = pin!(timeout(Duration::from_micros(300), server.recv_pooled()));
                    poll_fn(|cx| match receive.as_mut().poll(cx) {
                        Poll::Pending if turn % 3 == 0 => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                        Poll::Ready(result) => Poll::Ready(result.ok()),
                    })
                    .await
                };
                match outcome {
                    Some(bytes) => received.extend_from_slice(&bytes.expect("received")),
                    None => heist::task::yield_now().await,
                }
            }
            assert!(received == sent, "a byte was lost, doubled or swapped");
            writer.await.expect("no panic");
        });
    });
}

/// F16, F6: begun by one task, completed by another, which may be on another worker.
#[test]
fn a_receive_goes_on_where_it_is_polled_next() {
    type Receive = Pin<Box<dyn Future<Output = io::Result<PooledBuf>> + Send>>;
    on_every_runtime(|rt| {
        rt.block_on(async {
            for round in 0..50_u8 {
                let (mut client, mut server) = pair().await;
                let receive = heist::spawn(async move {
                    let mut receive: Receive = Box::pin(async move { server.recv_pooled().await });
                    assert!(is_pending_once(receive.as_mut()).await);
                    // Not awaited here: handed over.
                    Some(receive)
                });
                let mut receive = receive.await.expect("no panic").expect("handed over");
                assert!(is_pending_once(receive.as_mut()).await, "polled outside of the workers");
                let elsewhere = heist::spawn(receive);
                client.write_all(&[round; 9]).await.expect("written");
                let bytes = soon("the bytes", elsewhere).await.expect("no panic").expect("received");
                assert_eq!(*bytes, [round; 9]);
            }
        });
    });
}

#[test]
fn a_runtime_ends_while_receives_wait() {
    const LENGTH: usize = length(10);
    with_buffers(LENGTH, 4, |rt| {
        let (holding, dropped) = (Counter::default(), Counter::default());
        let clients = rt.block_on(async {
            let mut clients = Vec::new();
            for _ in 0..20 {
                let (mut client, mut server) = pair().await;
                let (holding, dropped) = (holding.clone(), dropped.clone());
                let receiver = heist::spawn(async move {
                    let held = server.recv_pooled().await.expect("received");
                    let _dropped = dropped.on_drop();
                    holding.bump();
                    drop(server.recv_pooled().await);
                    drop(held);
                });
                drop(receiver);
                client.write_all(b"one").await.expect("written");
                clients.push(client);
            }
            soon("each holds one", async {
                while holding.get() < 20 {
                    heist::task::yield_now().await;
                }
            })
            .await;
            assert!(ALLOCATOR.live_count(LENGTH) >= 20, "each is held");
            clients
        });
        drop(rt);
        eventually("all are dropped", || dropped.get() == 20);
        eventually("all buffers are gone", || ALLOCATOR.live_count(LENGTH) == 0);
        drop(clients);
    });
}
