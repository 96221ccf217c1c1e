//! Connections on which nothing happens.

use std::future::{Future, poll_fn};
use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::{Child, Stdio};

use heist::net::{TcpListener, TcpStream};
use heist::runtime::{DriverKind, Runtime};

use crate::TALLY;
use crate::support::process::{again, expect_success, role};
use crate::support::supervisor::raise_descriptor_limit;
use crate::support::{Counter, Shape, backends, builder, eventually, watched};

const CONNECTIONS_COUNT: usize = 10_000;
/// All that a connection may take: its task and what its socket and its wait take in the runtime.
const BYTES_MAX: usize = 1024;

/// What a task does with its connection until its peer says something.
#[derive(Clone, Copy)]
enum Wait {
    Read,
    Readable,
}

impl Wait {
    const fn name(self) -> &'static str {
        match self {
            Wait::Read => "idle::a_connection_that_waits_in_read_costs_less_than_a_kibibyte",
            Wait::Readable => "idle::a_connection_that_waits_in_readable_costs_less_than_a_kibibyte",
        }
    }
}

#[test]
fn a_connection_that_waits_in_read_costs_less_than_a_kibibyte() {
    in_two_children(Wait::Read);
}

#[test]
fn a_connection_that_waits_in_readable_costs_less_than_a_kibibyte() {
    in_two_children(Wait::Readable);
}

/// One process has the accepted ends, the other one the connecting ones: each has descriptors for one of them only.
fn in_two_children(wait: Wait) {
    match role().as_deref().map(|role| role.split_once(' ').unwrap_or((role, ""))) {
        None => {
            for kind in backends() {
                let text = expect_success(&mut again(wait.name(), &kind.to_string()));
                let figures = text.lines().find(|line| line.contains("per connection"));
                eprintln!("{}", figures.expect("the child tells what it measured"));
            }
        }
        Some(("peers", address)) => connect_all(address.parse().expect("an address")),
        Some((kind, _)) => {
            let kind: DriverKind = kind.parse().expect("the role is a back end");
            watched(|| {
                hold_all(wait, &builder(Shape::MultiThread, kind).build().expect("the parent had it"))
            });
        }
    }
}

/// The peers: connect, wait for the word, send a byte each, and wait for the end.
fn connect_all(address: SocketAddr) {
    raise_descriptor_limit(CONNECTIONS_COUNT + 100);
    let connect = |_| std::net::TcpStream::connect(address).expect("it listens");
    let mut streams: Vec<_> = (0..CONNECTIONS_COUNT).map(connect).collect();
    let mut orders = std::io::stdin().lines();
    orders.next().expect("an order").expect("text");
    for stream in &mut streams {
        stream.write_all(b"x").expect("it is read");
    }
    let no_more_orders = orders.next();
    assert!(no_more_orders.is_none(), "{no_more_orders:?}");
}

fn start_peers(wait: Wait, address: SocketAddr) -> Child {
    let mut command = again(wait.name(), &format!("peers {address}"));
    command.stdin(Stdio::piped()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    command.spawn().expect("the child starts")
}

fn hold_all(wait: Wait, runtime: &Runtime) {
    raise_descriptor_limit(CONNECTIONS_COUNT + 100);
    let (waiting, served) = (Counter::default(), Counter::default());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (before, resident_before) = (TALLY.census(), resident_bytes());
    let mut peers = start_peers(wait, address);
    let accept_all = accept_all(wait, listener, waiting.clone(), served.clone());
    runtime.block_on(async { heist::spawn(accept_all).await.expect("no panic") });
    eventually("every task waits", || waiting.get() == CONNECTIONS_COUNT);
    let (after, resident_after) = (TALLY.census(), resident_bytes());
    let heap_each = after.bytes_each_since(&before, CONNECTIONS_COUNT);
    let resident_each = resident_after.saturating_sub(resident_before) / CONNECTIONS_COUNT;
    println!(
        "{}: {heap_each} B of heap per connection ({}), {resident_each} B resident",
        runtime.driver_name(),
        after.parts_since(&before, CONNECTIONS_COUNT),
    );
    assert_eq!(served.get(), 0, "somebody did not wait");
    assert!(heap_each <= BYTES_MAX, "{heap_each} B of heap each");
    assert!(resident_each <= BYTES_MAX, "{resident_each} B resident each");

    // They were no dead weight: each wait ends when its peer speaks.
    let mut orders = peers.stdin.take().expect("piped");
    writeln!(orders, "speak").expect("they read");
    eventually("every peer was heard", || served.get() == CONNECTIONS_COUNT);
    drop(orders);
    assert!(peers.wait().expect("our own child").success());
}

async fn accept_all(wait: Wait, listener: TcpListener, waiting: Counter, served: Counter) {
    for _ in 0..CONNECTIONS_COUNT {
        let (stream, _) = listener.accept().await.expect("accepted");
        drop(heist::spawn(serve(wait, stream, waiting.clone(), served.clone())));
    }
}

async fn serve(wait: Wait, mut stream: TcpStream, waiting: Counter, served: Counter) {
    let mut byte = [0];
    match wait {
        Wait::Read => {
            let count = counted(stream.read(&mut byte), &waiting).await.expect("read");
            assert_eq!(count, 1);
        }
        Wait::Readable => {
            let error = stream.try_read(&mut byte).expect_err("nothing was sent");
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
            counted(stream.readable(), &waiting).await.expect("readable");
            assert_eq!(stream.try_read(&mut byte).expect("it is there"), 1);
        }
    }
    served.bump();
}

/// Counts the first time that `future` waits.
async fn counted<F: Future>(future: F, waiting: &Counter) -> F::Output {
    let mut future = pin!(future);
    let mut is_counted = false;
    poll_fn(|cx| {
        let outcome = future.as_mut().poll(cx);
        if outcome.is_pending() && !std::mem::replace(&mut is_counted, true) {
            waiting.bump();
        }
        outcome
    })
    .await
}

/// The resident memory of this process.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel tells it");
    let kibibytes: usize = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    1024 * kibibytes
}
