//! The runtime's own buffers, under the canary: whoever holds one may write to it, and nobody writes to one that is gone.

use std::sync::mpsc;

use heist::io::PooledBuf;
use heist::net::{UdpSocket, UnixStream};
use heist::runtime::{Builder, DriverKind, Runtime};

use crate::CANARY;
use crate::support::wait::{is_pending_once, soon};
use crate::support::{Counter, WORKER_COUNT, backends, eventually, watched};

const ROUNDS_COUNT: usize = 20;
const TASKS_COUNT: usize = 4;
const MESSAGES_COUNT: usize = 30;

/// Buffers of this length end among the freed ones that the canary watches, for hardly any is kept.
fn runtime(kind: DriverKind) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(WORKER_COUNT).driver(kind).recv_buffer_bytes(3_000).recv_buffers_kept_max(2);
    builder.build().expect("this back end was just available")
}

/// Receives in two ways, gives some up, and hands what came to another thread.
async fn exchange(sender: mpsc::Sender<PooledBuf>, rounds: Counter) {
    let (mut left, mut right) = UnixStream::pair().expect("a pair");
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("bound");
    for index in 0..MESSAGES_COUNT as u8 {
        assert!(is_pending_once(right.recv_pooled()).await);
        assert!(is_pending_once(socket.recv_pooled()).await);
        left.write_all(&[index; 2_900]).await.expect("written");
        socket.send_to(&[index; 700], address).await.expect("sent");
        let mut count = 0;
        while count < 2_900 {
            let bytes = soon("bytes", right.recv_pooled()).await.expect("received");
            count += bytes.len();
            sender.send(bytes).expect("the other thread listens");
        }
        let (datagram, _) = soon("a datagram", socket.recv_from_pooled()).await.expect("received");
        sender.send(datagram).expect("the other thread listens");
        rounds.bump();
    }
    // Nothing comes any more.
    drop(right.recv_pooled().await);
}

/// F12, F13: written to by their holders on other threads, while others are received into and after the runtime's end.
#[test]
fn buffers_are_written_to_by_their_holders_only_and_until_they_are_dropped() {
    for kind in backends() {
        watched(|| {
            for round in 0..ROUNDS_COUNT {
                let runtime = runtime(kind);
                let (sender, receiver) = mpsc::channel::<PooledBuf>();
                let holder = std::thread::spawn(move || {
                    let mut held = Vec::new();
                    for mut buf in receiver {
                        let byte = buf[0];
                        assert!(buf.iter().all(|&other| other == byte), "two messages in one buffer");
                        buf.fill(byte ^ 0xFF);
                        held.push((buf, byte));
                        if held.len() % 3 == 0 {
                            drop(held.swap_remove(held.len() / 2));
                        }
                    }
                    held
                });
                let rounds = Counter::default();
                for _ in 0..TASKS_COUNT {
                    runtime.spawn(exchange(sender.clone(), rounds.clone()));
                }
                drop(sender);
                // In the last round all have received everything and wait; before that they are in the middle of it.
                let enough = TASKS_COUNT * MESSAGES_COUNT * (round + 1) / ROUNDS_COUNT;
                eventually("enough was received", || rounds.get() >= enough);
                drop(runtime);
                let held = holder.join().expect("no panic");
                assert!(held.iter().all(|(buf, byte)| buf.iter().all(|&other| other == byte ^ 0xFF)));
                drop(held);
            }
        });
        assert_eq!(CANARY.damaged_count(), 0, "somebody wrote into memory that was freed");
    }
}
