//! UDP echo: one socket per thread, all on one port, as servers have them; the kernel spreads the peers over them.

use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::sync::mpsc;

use crate::echo::{announce, buffer_size};
use crate::rival::contract::{PerCore, Rival, WORKER_COUNT};
use crate::rival::ports;

/// A port, and the socket that reserves it. It receives from nobody once it is dropped.
fn reserve() -> (UdpSocket, SocketAddr) {
    let socket = ports::shared_datagrams(ports::any_port()).expect("a free port");
    let address = socket.local_addr().expect("bound");
    (socket, address)
}

/// Serves with a runtime whose tasks move between threads.
pub(crate) fn serve<R: Rival>(message_size: usize) -> ExitCode {
    let (first, address) = reserve();
    let others = (1..WORKER_COUNT).map(|_| ports::shared_datagrams(address).expect("the port is shared"));
    let sockets: Vec<UdpSocket> = [first].into_iter().chain(others).collect();
    std::thread::spawn(move || {
        let rival = R::start();
        rival.block_on(async {
            let serve = |socket| R::spawn(answer_all::<R>(socket, message_size));
            for server in sockets.into_iter().map(serve).collect::<Vec<_>>() {
                server.await.expect("no panic");
            }
        });
    });
    announce(address)
}

async fn answer_all<R: Rival>(socket: UdpSocket, message_size: usize) {
    let mut socket = R::datagrams(socket).expect("the socket is taken over");
    let mut buffer = vec![0; buffer_size(message_size)];
    loop {
        // A peer that has gone is reported here and there; the others go on.
        let Ok((count, peer)) = R::receive_from(&mut socket, &mut buffer).await else { continue };
        let _ = R::send_to(&mut socket, &buffer[..count], peer).await;
    }
}

/// Serves with a runtime of one thread per core.
pub(crate) fn serve_per_core<P: PerCore>(message_size: usize) -> ExitCode {
    let (reserved, address) = reserve();
    let (ready, all_ready) = mpsc::channel();
    for _ in 0..WORKER_COUNT {
        let ready = ready.clone();
        std::thread::spawn(move || P::run(answer_all_per_core::<P>(address, message_size, ready)));
    }
    for _ in 0..WORKER_COUNT {
        all_ready.recv().expect("a bound thread");
    }
    // Or it would get its share of the peers.
    drop(reserved);
    announce(address)
}

async fn answer_all_per_core<P: PerCore>(address: SocketAddr, message_size: usize, ready: mpsc::Sender<()>) {
    let socket = P::datagrams(address).expect("the port is shared");
    ready.send(()).expect("the starter waits");
    let mut buffer = vec![0; buffer_size(message_size)];
    loop {
        let (result, filled) = P::receive_from(&socket, buffer).await;
        let Ok((_, peer)) = result else {
            buffer = filled;
            continue;
        };
        (_, buffer) = P::send_to(&socket, filled, peer).await;
    }
}
