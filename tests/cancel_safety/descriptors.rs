//! A descriptor's number is used again while old operations on it are in flight: none of them reaches the new one.

use std::sync::mpsc;

use heist::net::UnixStream;

use crate::CANARY;
use crate::support::on_every_backend;
use crate::support::wait::{is_pending_once, soon};

const TASKS_COUNT: u64 = 8;
const ROUNDS_COUNT: u64 = 300;

/// Sends its name, eight bytes, so often.
async fn send(stream: &mut UnixStream, name: u64, count: usize) {
    stream.write_all(&name.to_le_bytes().repeat(count)).await.expect("written");
}

/// F7. Each stream carries its own name; the old ones are dropped by whichever thread comes first.
#[test]
fn operations_on_a_closed_descriptor_never_reach_the_next_of_its_number() {
    on_every_backend(|rt| {
        // What it gets it drops: a third thread beside the two workers.
        let (sender, receiver) = mpsc::channel::<Box<dyn Send>>();
        let undertaker = std::thread::spawn(move || receiver.into_iter().for_each(drop));
        rt.block_on(async {
            let tasks = (0..TASKS_COUNT).map(|task| {
                let sender = sender.clone();
                heist::spawn(async move {
                    for round in 0..ROUNDS_COUNT {
                        one_round(task * ROUNDS_COUNT + round, &sender).await;
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.expect("no message of another stream");
            }
        });
        drop(sender);
        undertaker.join().expect("no panic");
        assert_eq!(CANARY.damaged_count(), 0);
    });
}

async fn one_round(name: u64, undertaker: &mpsc::Sender<Box<dyn Send>>) {
    let old_name = u64::MAX - name;
    let (mut old, mut old_peer) = UnixStream::pair().expect("a pair");
    // Waits in both directions are in flight: the second fills the stream first.
    let (mut full, full_peer) = UnixStream::pair().expect("a pair");
    let mut read = Box::pin(async move { old.read(&mut [0; 8]).await.map(drop) });
    assert!(is_pending_once(read.as_mut()).await);
    let mut write = Box::pin(async move { full.write_all(&old_name.to_le_bytes().repeat(50_000)).await });
    assert!(is_pending_once(write.as_mut()).await);
    // The event and the close come together.
    send(&mut old_peer, old_name, 1).await;
    match name % 3 {
        0 => drop((read, write)),
        1 => undertaker.send(Box::new((read, write))).expect("it listens"),
        _ => drop(heist::spawn(async move { drop((read, write)) })),
    }
    drop((full_peer, old_peer));

    // These get the numbers of the old ones, or of another task's.
    let (mut left, mut right) = UnixStream::pair().expect("a pair");
    let reader = heist::spawn(async move {
        let mut answer = [0; 24];
        right.read_exact(&mut answer).await.expect("all of it");
        assert_eq!(right.read(&mut [0; 8]).await.expect("the end"), 0);
        answer
    });
    heist::task::yield_now().await;
    send(&mut left, name, 3).await;
    drop(left);
    let answer = soon("the new stream's bytes", reader).await.expect("no panic");
    assert_eq!(answer[..], name.to_le_bytes().repeat(3));
}
