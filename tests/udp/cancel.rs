//! Dropped futures: no datagram is lost, and nobody who waits is forgotten.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use heist::time::timeout;

use super::{bound, is_pending_once, pair, soon};
use crate::support::{Counter, on_every_runtime};

/// A receive is given up before or after each datagram has come, with a limit or at once.
#[test]
fn a_receive_that_times_out_loses_no_datagram() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            const COUNT: u32 = 300;
            // A socket that is not read from holds some two hundred, and loses the rest.
            const IN_FLIGHT_COUNT_MAX: usize = 50;
            let (left, right) = pair().await;
            // One is given up for certain.
            assert!(futures::FutureExt::now_or_never(right.recv(&mut [0; 4])).is_none());
            let taken = Counter::default();
            let taken_so_far = taken.clone();
            let sender = heist::spawn(async move {
                for number in 0..COUNT {
                    left.send(&number.to_le_bytes()).await.unwrap();
                    let is_ahead = || number as usize >= taken_so_far.get() + IN_FLIGHT_COUNT_MAX;
                    if number % 8 == 0 {
                        heist::time::sleep(Duration::from_millis(1)).await;
                    }
                    while is_ahead() {
                        heist::time::sleep(Duration::from_millis(1)).await;
                    }
                }
                left
            });
            let mut received = Vec::new();
            let mut given_up = 0;
            let mut buf = [0; 4];
            while received.len() < COUNT as usize {
                let came = match given_up % 3 {
                    0 => timeout(Duration::from_micros(300), right.recv(&mut buf)).await.ok().map(drop_ok),
                    1 => {
                        timeout(Duration::from_micros(300), right.recv_from(&mut buf)).await.ok().map(drop_ok)
                    }
                    _ => futures::FutureExt::now_or_never(right.recv(&mut buf)).map(drop_ok),
                };
                match came {
                    Some(()) => {
                        received.push(u32::from_le_bytes(buf));
                        taken.bump();
                    }
                    None => {
                        given_up += 1;
                        heist::task::yield_now().await;
                    }
                }
            }
            assert_eq!(received, (0..COUNT).collect::<Vec<_>>());
            soon("the sender", sender).await.unwrap();
        });
    });
}

fn drop_ok<T>(result: std::io::Result<T>) {
    result.unwrap();
}

/// Of two who wait, one gives up: the other must get the datagram.
#[test]
fn a_receiver_that_gives_up_does_not_take_the_wake_with_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = pair().await;
            let right = Arc::new(right);
            for round in 0..100_u32 {
                let shared = right.clone();
                let waiting = heist::spawn(async move {
                    let mut buf = [0; 4];
                    shared.recv(&mut buf).await.unwrap();
                    u32::from_le_bytes(buf)
                });
                heist::task::yield_now().await;
                // Waits too, is woken too, and is gone before it is polled.
                let mut buf = [0; 4];
                let mut gives_up = Box::pin(right.recv(&mut buf));
                assert!(is_pending_once(gives_up.as_mut()).await);
                left.send(&round.to_le_bytes()).await.unwrap();
                drop(gives_up);
                assert_eq!(soon("the one who stayed", waiting).await.unwrap(), round);
            }
        });
    });
}

/// The wait was placed by one worker; the future is dropped by another thread, and the socket with it.
#[test]
fn a_receive_may_be_dropped_on_another_worker() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for _ in 0..50 {
                let (left, right) = pair().await;
                let right = Arc::new(right);
                let shared = right.clone();
                let mut receive = Box::pin(async move { shared.recv(&mut [0; 8]).await });
                assert!(is_pending_once(receive.as_mut()).await);
                heist::spawn(async move { drop(receive) }).await.unwrap();
                left.send(b"kept").await.unwrap();
                assert_eq!(soon("the datagram", right.recv(&mut [0; 8])).await.unwrap(), 4);
            }
        });
    });
}

/// A wait is left in flight on purpose: its future is forgotten, its socket dropped.
#[test]
fn a_forgotten_receive_harms_nobody() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = Arc::new(bound().await);
            let shared = socket.clone();
            let mut receive = Box::pin(async move {
                let mut buf = [0; 8];
                shared.recv(&mut buf).await
            });
            assert!(is_pending_once(receive.as_mut()).await);
            std::mem::forget(receive);
            let peer = bound().await;
            peer.send_to(b"x", socket.local_addr().unwrap()).await.unwrap();
            let mut buf = [0; 8];
            let received = pin!(socket.recv(&mut buf));
            assert_eq!(soon("the datagram", received).await.unwrap(), 1);
        });
    });
}
