//! What the kernel was given stays valid until it is done with it.

use std::future::Future;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream};
use heist::runtime::Runtime;
use heist::time::timeout;

use crate::CANARY;
use crate::support::wait::{is_pending_once, soon};
use crate::support::{on_every_backend, with_every_backend};

/// The waits of one round: each owns its socket and its buffers, so that dropping it frees all.
type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

const ROUNDS_COUNT: usize = 20;

/// Every kind of wait, each pending, and who will do what they wait for, after they are gone.
struct Round {
    waits: Vec<Wait>,
    udp: std::net::SocketAddr,
    streams: Vec<TcpStream>,
    unix: Vec<UnixStream>,
    datagrams: Vec<UnixDatagram>,
    listening: std::net::SocketAddr,
}

impl Round {
    async fn new() -> Round {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let listening = listener.local_addr().expect("bound");
        let mut round = Round {
            waits: Vec::new(),
            udp: listening,
            streams: Vec::new(),
            unix: Vec::new(),
            datagrams: Vec::new(),
            listening,
        };
        for size in [1, 64, 5000, 100_000] {
            let (client, accepted) =
                futures::join!(TcpStream::connect(listening), async { listener.accept().await });
            let (client, mut server) = (client.expect("connected"), accepted.expect("accepted").0);
            round.streams.push(client);
            round.wait(async move { drop(server.read(&mut vec![0; size]).await) }).await;

            let (client, accepted) =
                futures::join!(TcpStream::connect(listening), async { listener.accept().await });
            let (client, mut server) = (client.expect("connected"), accepted.expect("accepted").0);
            round.streams.push(client);
            let lent = vec![8; 8_000_000 + size];
            round.wait(async move { drop(server.write_all_owned_zero_copy(lent).await) }).await;

            let (left, mut right) = UnixStream::pair().expect("a pair");
            round.unix.push(left);
            round.wait(async move { drop(right.read_exact(&mut vec![0; size]).await) }).await;

            let (left, right) = UnixDatagram::pair().expect("a pair");
            round.datagrams.push(left);
            round.wait(async move { drop(right.recv_from(&mut vec![0; size]).await) }).await;

            let (mut left, right) = UnixStream::pair().expect("a pair");
            round.unix.push(right);
            let much = vec![7; 1_000_000 + size];
            round.wait(async move { drop(left.write_all(&much).await) }).await;
        }
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        round.udp = socket.local_addr().expect("bound");
        round.wait(async move { drop(socket.recv(&mut vec![0; 2000]).await) }).await;
        round.wait(async move { drop(listener.accept().await) }).await;
        // Nobody answers there, and the address is the kernel's to read.
        round.wait(async { drop(TcpStream::connect("192.0.2.1:9").await) }).await;
        round
    }

    async fn wait(&mut self, wait: impl Future<Output = ()> + Send + 'static) {
        let mut wait: Wait = Box::pin(wait);
        if is_pending_once(wait.as_mut()).await {
            self.waits.push(wait);
        }
    }

    /// Everything that was waited for happens now.
    async fn happen(mut self) {
        assert!(self.waits.is_empty());
        let sender = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let limit = Duration::from_millis(50);
        // The sockets at the other ends may be closed by now: errors are as good.
        drop(sender.send_to(&[1; 2000], self.udp).await);
        for stream in &mut self.streams {
            drop(timeout(limit, stream.write(&[2; 100_000])).await);
        }
        for stream in &mut self.unix {
            drop(timeout(limit, stream.write(&[3; 100_000])).await);
            drop(timeout(limit, stream.read(&mut vec![0; 100_000])).await);
        }
        for socket in &self.datagrams {
            drop(timeout(limit, socket.send(&[4; 5000])).await);
        }
        drop(timeout(limit, TcpStream::connect(self.listening)).await);
    }
}

fn expect_intact() {
    assert_eq!(CANARY.damaged_count(), 0, "somebody wrote into memory that was freed");
}

/// F1, F3, F15.
#[test]
fn waits_dropped_on_the_same_worker_leave_nothing_that_is_written_to() {
    on_every_backend(|rt| {
        rt.block_on(async {
            for _ in 0..ROUNDS_COUNT {
                let round = heist::spawn(async {
                    let mut round = Round::new().await;
                    round.waits.clear();
                    round
                });
                round.await.expect("no panic").happen().await;
            }
        });
        expect_intact();
    });
}

/// F16.
#[test]
fn waits_dropped_on_another_worker_leave_nothing_that_is_written_to() {
    on_every_backend(|rt| {
        rt.block_on(async {
            for index in 0..ROUNDS_COUNT {
                let mut round = heist::spawn(Round::new()).await.expect("no panic");
                let waits = std::mem::take(&mut round.waits);
                if index % 2 == 0 {
                    // On whichever worker takes it, and on no worker.
                    heist::spawn(async move { drop(waits) }).await.expect("no panic");
                } else {
                    std::thread::spawn(move || drop(waits)).join().expect("no panic");
                }
                round.happen().await;
            }
        });
        expect_intact();
    });
}

#[test]
fn waits_that_are_there_at_shutdown_leave_nothing_that_is_written_to() {
    with_every_backend(|rt: Runtime| {
        let (peer, address) = {
            let peer = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
            let address = rt.block_on(async {
                let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                let address = socket.local_addr().expect("bound");
                heist::spawn(async move { drop(socket.recv(&mut vec![0; 2000]).await) });
                address
            });
            (peer, address)
        };
        let outlives = rt.block_on(async {
            let mut outlives = Vec::new();
            for index in 0..ROUNDS_COUNT {
                let mut round = Round::new().await;
                let waits = std::mem::take(&mut round.waits);
                if index % 2 == 0 {
                    waits.into_iter().for_each(|wait| drop(heist::spawn(wait)));
                } else {
                    // Dropped when the runtime is gone.
                    outlives.extend(waits);
                }
            }
            outlives
        });
        drop(rt);
        drop(peer.send_to(&[1; 2000], address));
        drop(outlives);
        expect_intact();
    });
}

/// F2: of a future that was forgotten the buffer may be used again, and nothing is written there behind its owner's back.
#[test]
fn the_buffer_of_a_forgotten_read_is_left_alone() {
    on_every_backend(|rt| {
        rt.block_on(async {
            for round in 0..50_u8 {
                let (mut left, mut right) = UnixStream::pair().expect("a pair");
                let mut buf = [0; 64];
                let mut read = Box::pin(right.read(&mut buf));
                assert!(is_pending_once(read.as_mut()).await);
                std::mem::forget(read);
                left.write_all(&[round + 1; 64]).await.expect("written");
                // Long enough for the event to come in.
                let mut other = [0; 64];
                soon("the bytes", right.read_exact(&mut other)).await.expect("read");
                assert_eq!((buf, other), ([0; 64], [round + 1; 64]));
            }
        });
        expect_intact();
    });
}

/// F2 on the heap: what a forgotten future owns is never freed, and the runtime ends all the same.
#[test]
fn forgotten_waits_harm_neither_memory_nor_the_end_of_the_runtime() {
    with_every_backend(|rt: Runtime| {
        rt.block_on(async {
            for _ in 0..5 {
                let mut round = Round::new().await;
                std::mem::take(&mut round.waits).into_iter().for_each(std::mem::forget);
                round.happen().await;
            }
        });
        drop(rt);
        expect_intact();
    });
}

/// F1, F3 where the kernel does write into memory: reads of files, here of some that have nothing to read until the
/// futures are gone.
#[test]
fn reads_of_files_that_are_dropped_leave_nothing_that_is_written_to() {
    on_every_backend(|rt| {
        let reads = async {
            for round in 0..100_u8 {
                let (reader, mut writer) = std::os::unix::net::UnixStream::pair().expect("a pair");
                let mut file = heist::fs::File::from_std(std::fs::File::from(OwnedFd::from(reader)));
                let mut read: Wait = Box::pin(async move { drop(file.read(&mut vec![0; 3000]).await) });
                assert!(is_pending_once(read.as_mut()).await);
                // Begun, in every second round.
                if round % 2 == 0 {
                    heist::task::yield_now().await;
                }
                match round % 3 {
                    0 => drop(read),
                    1 => std::thread::spawn(move || drop(read)).join().expect("no panic"),
                    _ => heist::spawn(async move { drop(read) }).await.expect("no panic"),
                }
                // Nobody may read it any more: an error is as good.
                drop(writer.write_all(&[round; 3000]));
                heist::task::yield_now().await;
            }
        };
        rt.block_on(rt.spawn(reads)).expect("no panic");
        expect_intact();
    });
}
