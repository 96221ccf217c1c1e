//! Addresses of sockets that were dropped while they waited [closed-before-bind].

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use heist::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use heist::task::yield_now;

use super::soon;
#[cfg(unix)]
use crate::support::process;
use crate::support::wait::is_pending_once;
use crate::support::{PATIENCE, Shape, backends, builder, on_every_runtime};

const ROUNDS: usize = 50;

/// Returns whether this process has no other tests in it; otherwise, runs the test in one that has none.
/// A child that a test beside this one starts has a copy of each socket until it runs its program.
fn is_alone(test: &str) -> bool {
    #[cfg(unix)]
    if process::role().is_none() {
        process::expect_success(&mut process::again(&format!("rebind::{test}"), "alone"));
        return false;
    }
    let _ = test;
    true
}

/// Binds once more if the machine stood still for longer than a bind waits for a socket to close.
async fn bound<R, F: Future<Output = io::Result<R>>>(
    dropped_at: Instant,
    bind: impl Fn() -> F,
) -> io::Result<R> {
    const LIMIT: Duration = Duration::from_millis(90);
    loop {
        match soon("the bind", bind()).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse && dropped_at.elapsed() > LIMIT => {
                yield_now().await;
            }
            outcome => return outcome,
        }
    }
}

/// Lets the driver begin its wait.
async fn begin(future: impl Future) {
    let mut future = pin!(future);
    assert!(is_pending_once(future.as_mut()).await);
    for _ in 0..3 {
        yield_now().await;
    }
}

async fn listen_again(address: &mut SocketAddr) -> io::Result<()> {
    let mut dropped_at = Instant::now();
    for _ in 0..ROUNDS {
        let here = *address;
        let listener = bound(dropped_at, || TcpListener::bind(here)).await?;
        *address = listener.local_addr()?;
        begin(listener.accept()).await;
        dropped_at = Instant::now();
    }
    Ok(())
}

async fn receive_again(address: &mut SocketAddr) -> io::Result<()> {
    let mut dropped_at = Instant::now();
    for _ in 0..ROUNDS {
        let here = *address;
        let socket = bound(dropped_at, || UdpSocket::bind(here)).await?;
        *address = socket.local_addr()?;
        begin(socket.recv(&mut [0; 8])).await;
        dropped_at = Instant::now();
    }
    Ok(())
}

/// A free port, of an address of its own where there are several: a test beside this one that asks for a
/// free port does not get it between a drop and the next bind.
fn any_port() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let last =
        if cfg!(any(target_os = "linux", windows)) { NEXT.fetch_add(1, Ordering::Relaxed).max(2) } else { 1 };
    SocketAddr::from(([127, 0, 0, last], 0))
}

fn listen_anew(address: &mut SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(*address).unwrap();
    let listener = socket.listen(8).unwrap();
    *address = listener.local_addr().unwrap();
    listener
}

#[test]
fn the_address_of_a_listener_that_waited_is_bound_again_at_once() {
    if !is_alone("the_address_of_a_listener_that_waited_is_bound_again_at_once") {
        return;
    }
    on_every_runtime(|rt| {
        rt.block_on(listen_again(&mut any_port())).unwrap();
        rt.block_on(rt.spawn(async { listen_again(&mut any_port()).await })).unwrap().unwrap();
    });
}

#[test]
fn the_address_of_a_socket_for_datagrams_that_waited_is_bound_again_at_once() {
    if !is_alone("the_address_of_a_socket_for_datagrams_that_waited_is_bound_again_at_once") {
        return;
    }
    on_every_runtime(|rt| {
        rt.block_on(receive_again(&mut any_port())).unwrap();
        rt.block_on(rt.spawn(async { receive_again(&mut any_port()).await })).unwrap().unwrap();
    });
}

#[test]
fn the_address_of_a_server_that_was_aborted_is_bound_again_at_once() {
    if !is_alone("the_address_of_a_server_that_was_aborted_is_bound_again_at_once") {
        return;
    }
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut address, mut dropped_at) = (any_port(), Instant::now());
            for _ in 0..ROUNDS {
                let listener = bound(dropped_at, || TcpListener::bind(address)).await.unwrap();
                address = listener.local_addr().unwrap();
                dropped_at = Instant::now();
                let server = heist::spawn(async move { listener.accept().await.map(|_| ()) });
                yield_now().await;
                server.abort();
                assert!(server.await.unwrap_err().is_cancelled());
            }
        });
    });
}

/// A call that is no future waits in the call, also on a thread that closes sockets itself.
#[test]
fn a_bind_that_is_no_future_gets_the_address_as_well() {
    if !is_alone("a_bind_that_is_no_future_gets_the_address_as_well") {
        return;
    }
    on_every_runtime(|rt| {
        let in_turn = async || {
            let mut address = any_port();
            for _ in 0..ROUNDS {
                let listener = listen_anew(&mut address);
                begin(listener.accept()).await;
            }
        };
        rt.block_on(in_turn());
        rt.block_on(rt.spawn(async move { in_turn().await })).unwrap();
    });
}

/// The thread that binds is the only one that can close what another thread has dropped.
#[test]
fn a_bind_that_is_no_future_closes_what_another_thread_has_dropped() {
    if !is_alone("a_bind_that_is_no_future_closes_what_another_thread_has_dropped") {
        return;
    }
    for kind in backends() {
        builder(Shape::CurrentThread, kind).build().unwrap().block_on(async {
            let mut address = any_port();
            for _ in 0..ROUNDS {
                let listener = listen_anew(&mut address);
                begin(listener.accept()).await;
                std::thread::spawn(move || drop(listener)).join().unwrap();
            }
        });
    }
}

/// So that others, who know nothing of this runtime, can bind it too.
#[test]
fn a_single_thread_has_closed_what_it_has_dropped() {
    if !is_alone("a_single_thread_has_closed_what_it_has_dropped") {
        return;
    }
    for kind in backends() {
        builder(Shape::CurrentThread, kind).build().unwrap().block_on(async {
            let mut address = any_port();
            for _ in 0..ROUNDS {
                let listener = std::net::TcpListener::bind(address).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                address = listener.local_addr().unwrap();
                begin(listener.accept()).await;
            }
        });
    }
}

/// The drop of a listener takes all completions from the ring, and wakes nobody itself.
#[test]
fn what_comes_while_a_listener_is_dropped_wakes_its_tasks() {
    for kind in backends() {
        builder(Shape::CurrentThread, kind).build().unwrap().block_on(async {
            let (mut ours, mut theirs) = {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
                (ours, listener.accept().unwrap().0)
            };
            let reader = heist::spawn(async move {
                let mut byte = [0];
                for _ in 0..ROUNDS {
                    ours.read_exact(&mut byte).await.unwrap();
                }
            });
            for _ in 0..ROUNDS {
                let listener = TcpListener::bind(any_port()).await.unwrap();
                begin(listener.accept()).await;
                std::io::Write::write_all(&mut theirs, b"!").unwrap();
                drop(listener);
            }
            soon("all bytes", reader).await.unwrap();
        });
    }
}

/// The end of a runtime drops listeners among its tasks, which reaps for the others.
#[test]
fn all_sockets_are_closed_at_the_end_of_a_runtime_though_a_handle_stays() {
    for kind in backends() {
        let runtime = builder(Shape::CurrentThread, kind).build().unwrap();
        let peers: Vec<_> = runtime.block_on(async {
            let mut peers = Vec::new();
            for _ in 0..ROUNDS {
                let listener = TcpListener::bind(any_port()).await.unwrap();
                let address = listener.local_addr().unwrap();
                peers.push(std::net::TcpStream::connect(address).unwrap());
                let (mut stream, _) = listener.accept().await.unwrap();
                heist::spawn(async move { stream.read(&mut [0]).await });
                heist::spawn(async move { listener.accept().await.map(|_| ()) });
            }
            // The waits reach the kernel when the loop goes to sleep.
            heist::time::sleep(Duration::from_millis(1)).await;
            peers
        });
        let handle = runtime.handle().clone();
        drop(runtime);
        for mut peer in peers {
            peer.set_read_timeout(Some(PATIENCE / 2)).unwrap();
            // It goes on after an interruption, by the ring for example.
            assert_eq!(std::io::Read::read_to_end(&mut peer, &mut Vec::new()).unwrap(), 0);
        }
        drop(handle);
    }
}

#[test]
fn an_address_that_is_in_use_is_refused_while_others_close() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let holder = UdpSocket::bind(any_port()).await.unwrap();
            let address = holder.local_addr().unwrap();
            for _ in 0..ROUNDS {
                let other = UdpSocket::bind(any_port()).await.unwrap();
                begin(other.recv(&mut [0; 8])).await;
                drop(other);
                let error = soon("the refusal", UdpSocket::bind(address)).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AddrInUse);
            }
        });
    });
}
