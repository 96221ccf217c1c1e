//! Calls that rest because the system has no event for what they wait for: how often they try, and that they end.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join_all};
use heist::net::{UnixDatagram, UnixListener, UnixStream};
use heist::time::{sleep, timeout};

use super::{free_path, soon};
use crate::support::on_every_backend;

/// Of one call in a second: eight while the pauses grow, then eight a second. A pause is never shorter than it should be,
/// however busy the machine is.
const TRIES_COUNT_MAX: usize = 20;
const WAITERS_COUNT: usize = 50;

/// The future, and how often it was woken and tried.
async fn counted<F: Future>(future: F, count: &Cell<usize>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        count.set(count.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

/// Waits for all together; `free` is called after a second, and then each must end.
async fn expect_rests<F: Future<Output = io::Result<()>>>(waits: Vec<F>, free: impl Future) {
    let counts: Vec<Cell<usize>> = waits.iter().map(|_| Cell::new(0)).collect();
    let mut all = pin!(join_all(waits.into_iter().zip(&counts).map(|(wait, count)| counted(wait, count))));
    assert!(timeout(Duration::from_secs(1), all.as_mut()).await.is_err(), "there is no room");
    for count in &counts {
        assert!(count.get() <= TRIES_COUNT_MAX, "{} tries in a second", count.get());
        assert!(count.get() > 0, "it was polled");
    }
    // Who makes room does not stop before all have ended: they rest in between.
    match soon("room", futures::future::select(all, pin!(free))).await {
        Either::Left((ended, _)) => ended.into_iter().for_each(|outcome| outcome.unwrap()),
        Either::Right(_) => panic!("there is no more room"),
    }
}

fn full_receiver(path: &Path) -> UnixDatagram {
    let receiver = UnixDatagram::bind(path).unwrap();
    let filler = UnixDatagram::unbound().unwrap();
    while filler.try_send_to(b"full", path).is_ok() {}
    receiver
}

async fn receive_for_ever(receiver: &UnixDatagram) {
    while receiver.recv(&mut [0; 8]).await.is_ok() {}
}

#[test]
fn senders_to_a_full_queue_try_a_few_times_a_second_and_get_through() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let receiver = full_receiver(&path);
            let path = &path;
            let wait = |_| async move {
                UnixDatagram::unbound()?.send_to(b"x", path).await.map(|count| assert_eq!(count, 1))
            };
            expect_rests((0..WAITERS_COUNT).map(wait).collect(), receive_for_ever(&receiver)).await;
        });
    });
}

#[test]
fn polled_senders_to_a_full_queue_try_a_few_times_a_second_and_get_through() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let receiver = full_receiver(&path);
            let path = &path;
            let wait = |_| async move {
                let sender = UnixDatagram::unbound()?;
                poll_fn(|cx| sender.poll_send_to(cx, b"x", path)).await.map(drop)
            };
            expect_rests((0..WAITERS_COUNT).map(wait).collect(), receive_for_ever(&receiver)).await;
        });
    });
}

#[test]
fn connects_to_a_full_queue_try_a_few_times_a_second_and_get_through() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
            socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
            socket.listen(0).unwrap();
            let listener = UnixListener::from_std(socket.into()).unwrap();
            let mut queued = Vec::new();
            while let Ok(client) = timeout(Duration::from_millis(50), UnixStream::connect(&path)).await {
                queued.push(client.unwrap());
            }
            let path = &path;
            let wait = |_| async move { UnixStream::connect(path).await.map(drop) };
            let accept_all = async {
                while listener.accept().await.is_ok() {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            expect_rests((0..WAITERS_COUNT).map(wait).collect(), accept_all).await;
        });
    });
}
