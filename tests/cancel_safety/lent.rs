//! What the kernel reads stays as it is until it has done so: a buffer that was freed too early would be filled with the
//! canary's pattern, and reach the peer so.

use std::future::Future;
use std::io::Read as _;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use heist::net::{TcpListener, TcpStream};
use heist::runtime::Runtime;

use crate::CANARY;
use crate::support::wait::{pattern, soon};
use crate::support::{on_every_backend, with_every_backend};

type Write = Pin<Box<dyn Future<Output = ()> + Send>>;

/// More than a connection takes whose peer does not read.
fn much(seed: u64) -> Vec<u8> {
    pattern(65_521, seed).repeat(200)
}

/// A write whose peer has read nothing, with its stream inside, and the peer.
async fn stuck_write(seed: u64) -> (Write, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (client, accepted) =
        futures::join!(TcpStream::connect(listener.local_addr().expect("bound")), async {
            listener.accept().await
        });
    let (mut client, accepted) = (client.expect("connected"), accepted.expect("accepted").0);
    let buf = much(seed);
    let mut write: Write = Box::pin(async move { drop(client.write_all_owned_zero_copy(buf).await) });
    // Until the kernel has it.
    let mut first = [0];
    let arrived = match select(write.as_mut(), Box::pin(accepted.peek(&mut first))).await {
        Either::Left(_) => panic!("the peer has read nothing"),
        Either::Right((arrived, _)) => arrived,
    };
    assert_eq!(arrived.expect("peeked"), 1);
    (write, accepted.into_std().expect("nothing is in flight"))
}

/// Reads to the end: it must be a beginning of what was written.
fn expect_beginning(mut peer: std::net::TcpStream, seed: u64) -> usize {
    peer.set_nonblocking(false).expect("blocking");
    peer.set_read_timeout(Some(Duration::from_secs(10))).expect("time-out");
    let mut received = Vec::new();
    // Where a ring was closed, the kernel may interrupt the threads that used it.
    while let Err(error) = peer.read_to_end(&mut received) {
        assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "{error}");
    }
    assert!(much(seed).starts_with(&received), "others' bytes among the {} that came", received.len());
    received.len()
}

/// F1, F3, F10, F16.
#[test]
fn what_a_dropped_write_has_lent_reaches_the_peer_as_it_was() {
    on_every_backend(|rt| {
        rt.block_on(async {
            for round in 0..12 {
                let (write, peer) = heist::spawn(stuck_write(round)).await.expect("no panic");
                match round % 3 {
                    0 => drop(write),
                    1 => std::thread::spawn(move || drop(write)).join().expect("no panic"),
                    _ => heist::spawn(async move { drop(write) }).await.expect("no panic"),
                }
                let reader = heist::task::spawn_blocking(move || expect_beginning(peer, round));
                assert!(soon("the end of the stream", reader).await.expect("its bytes only") > 0);
            }
        });
        assert_eq!(CANARY.damaged_count(), 0);
    });
}

/// F2, F10: nobody frees what a forgotten write has lent.
#[test]
fn a_forgotten_write_harms_nobody() {
    with_every_backend(|rt: Runtime| {
        let peers: Vec<_> = rt.block_on(async {
            let mut peers = Vec::new();
            for round in 0..3 {
                let (write, peer) = heist::spawn(stuck_write(round)).await.expect("no panic");
                std::mem::forget(write);
                peers.push((peer, round));
            }
            peers
        });
        for (mut peer, round) in peers {
            // Its stream is forgotten too, so there is no end; what was taken comes.
            peer.set_nonblocking(false).expect("blocking");
            let mut received = vec![0; 100_000];
            let count = peer.read(&mut received).expect("what was taken");
            assert!(count > 0 && much(round).starts_with(&received[..count]));
        }
        drop(rt);
        assert_eq!(CANARY.damaged_count(), 0);
    });
}

/// H15 for sockets: the end of a runtime waits for its deadline, not for a peer that never reads; and what the kernel still
/// has is freed for nobody.
#[test]
fn a_runtime_ends_while_a_buffer_is_on_loan() {
    with_every_backend(|rt: Runtime| {
        let peer = rt.block_on(async {
            let (write, peer) = heist::spawn(stuck_write(1)).await.expect("no panic");
            drop(heist::spawn(write));
            peer
        });
        let started = Instant::now();
        drop(rt);
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        assert!(expect_beginning(peer, 1) > 0);
        assert_eq!(CANARY.damaged_count(), 0);
    });
}
