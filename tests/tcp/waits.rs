//! Each way to wait for a peer that has closed its half and does not read: how often it is woken while nothing happens.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures::future::join_all;
use heist::io::Interest;
use heist::net::TcpStream;
use heist::time::{sleep, timeout};

use super::{fill, pair, soon};
use crate::support::on_every_backend;

/// Each wake-up is a call that would block.
const WAKE_UPS_COUNT_MAX: usize = 20;

async fn counted<F: Future>(future: F, count: &Cell<usize>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        count.set(count.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

type Wait<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A full stream to a peer that has shut down what it sends, and the peer.
async fn half_closed() -> (TcpStream, TcpStream) {
    let (mut ours, mut theirs) = pair().await;
    theirs.shutdown().await.unwrap();
    fill(&mut ours).await;
    (ours, theirs)
}

/// Until not a byte fits, and none has for a while: the peer's kernel moves and confirms what came.
async fn top_up(streams: &[TcpStream]) {
    let mut still_count = 0;
    while still_count < 6 {
        still_count += 1;
        for stream in streams {
            while stream.try_write(&[7; 64]).is_ok() || stream.try_write(&[7]).is_ok() {
                still_count = 0;
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn no_way_to_wait_for_a_half_closed_peer_spins_and_each_ends_when_it_reads() {
    on_every_backend(|rt| {
        rt.block_on(async {
            let mut streams = Vec::new();
            for _ in 0..6 {
                streams.push(half_closed().await);
            }
            let (ours, mut theirs): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
            top_up(&ours).await;
            let Ok([mut plain, mut vectored, looped, both, split, lent]) = <[TcpStream; 6]>::try_from(ours)
            else {
                unreachable!("six streams")
            };
            let (_reader, mut writer) = split.into_split();
            let waits: Vec<Wait<'_>> = vec![
                Box::pin(async { assert_eq!(plain.write(&[7]).await.unwrap(), 1) }),
                Box::pin(async {
                    assert_eq!(vectored.write_vectored(&[IoSlice::new(&[7])]).await.unwrap(), 1)
                }),
                Box::pin(async {
                    while looped.try_write(&[7]).is_err() {
                        looped.writable().await.unwrap();
                    }
                }),
                Box::pin(async {
                    while both.try_write(&[7]).is_err() {
                        assert!(both.ready(Interest::WRITABLE).await.unwrap().is_writable());
                    }
                }),
                Box::pin(async { assert_eq!(writer.write(&[7]).await.unwrap(), 1) }),
                Box::pin(async {
                    let mut lent = lent;
                    lent.write_all_owned_zero_copy(vec![7; 1 << 16]).await.0.unwrap();
                }),
            ];
            let counts: Vec<Cell<usize>> = waits.iter().map(|_| Cell::new(0)).collect();
            let ended_count = Cell::new(0);
            let ended_count = &ended_count;
            let counted = |(wait, count)| async move {
                counted(wait, count).await;
                ended_count.set(ended_count.get() + 1);
            };
            let mut all = pin!(join_all(waits.into_iter().zip(&counts).map(counted)));
            assert!(timeout(Duration::from_secs(1), all.as_mut()).await.is_err(), "there is no room");
            assert_eq!(ended_count.get(), 0, "there is no room");
            let counts: Vec<usize> = counts.iter().map(Cell::get).collect();
            assert!(
                counts.iter().all(|count| *count <= WAKE_UPS_COUNT_MAX),
                "{counts:?} wake-ups in a second"
            );
            let drain = join_all(theirs.iter_mut().map(|peer| async {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(1..) = peer.read(&mut buffer).await {}
            }));
            soon("room", futures::future::select(all, pin!(drain))).await;
        });
    });
}
