//! What needs a process of its own: descriptors that are counted, limited or inherited.

#![cfg(target_os = "linux")]

use crate::support::process::{
    again, become_nobody, cpu_time, expect_success, fds_fall_to, is_root, open_fds_count, role,
};
use crate::support::{Shape, backends, builder, has_uring, on_every_backend};
use futures::StreamExt as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::pin::pin;
use std::process::Command;
use std::time::{Duration, Instant};

use futures::join;
use heist::net::{TcpListener, TcpSocket, TcpStream};
use heist::runtime::Runtime;
use heist::time::{sleep, timeout};

use super::{MIB, is_pending_once, pair, pattern, soon};

fn in_a_child(test: &str, play: impl FnOnce(&Runtime)) {
    crate::support::process::in_a_child(&format!("process::{test}"), play);
}

/// A listener whose queue is full: the handshake of the next client is not answered.
fn full_listener() -> (socket2::Socket, SocketAddr, Vec<std::net::TcpStream>) {
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    listener.listen(0).expect("listens");
    let addr = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(client) = std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(100)) {
        queued.push(client);
    }
    (listener, addr, queued)
}

/// F5, G10.
#[test]
fn a_cancelled_connect_leaks_no_descriptor() {
    in_a_child("a_cancelled_connect_leaks_no_descriptor", |rt| {
        let (_listener, addr, _queued) = full_listener();
        rt.block_on(async {
            sleep(Duration::from_millis(1)).await;
            let before = open_fds_count();
            for round in 0..300 {
                if round % 3 == 0 {
                    assert!(is_pending_once(TcpStream::connect(addr)).await, "the queue is full");
                } else if round % 3 == 1 {
                    let connect = TcpSocket::new_v4().unwrap().connect(addr);
                    assert!(is_pending_once(connect).await, "the queue is full");
                } else {
                    let limit = Duration::from_millis(1);
                    assert!(timeout(limit, TcpStream::connect(addr)).await.is_err(), "the queue is full");
                }
            }
            fds_fall_to(before).await;
        });
    });
}

/// F5.
#[test]
fn a_cancelled_accept_leaks_no_descriptor() {
    in_a_child("a_cancelled_accept_leaks_no_descriptor", |rt| {
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            sleep(Duration::from_millis(1)).await;
            let before = open_fds_count();
            for _ in 0..200 {
                let accept = async { listener.accept().await.map(drop) };
                let connect = async { TcpStream::connect(addr).await.map(drop) };
                // Whichever is done first ends the other.
                futures::future::select(pin!(accept), pin!(connect)).await;
            }
            // What is still queued belongs to the listener.
            fds_fall_to(before).await;
        });
    });
}

/// D6, as a process: this end connects, the child has few descriptors.
#[test]
fn accepting_without_descriptors_neither_spins_nor_ends() {
    let name = "process::accepting_without_descriptors_neither_spins_nor_ends";
    match role() {
        Some(role) => {
            let (kind, style) = role.split_once(' ').expect("a back end and a style");
            let rt = builder(Shape::MultiThread, kind.parse().unwrap()).build().unwrap();
            rt.block_on(serve_with_few_descriptors(style == "stream"));
        }
        None => {
            for kind in backends() {
                for style in ["accept", "stream"] {
                    run_with_few_descriptors(again(name, &format!("{kind} {style}")));
                }
            }
        }
    }
}

const CLIENTS_COUNT: usize = 200;
const DESCRIPTORS_COUNT: usize = 64;

fn run_with_few_descriptors(command: Command) {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit -n {DESCRIPTORS_COUNT} && exec \"$0\" \"$@\""));
    limited.arg(command.get_program()).args(command.get_args());
    limited.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    limited.stdout(std::process::Stdio::piped());
    let mut child = limited.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let addr: SocketAddr = lines
        .by_ref()
        .map(|line| line.unwrap())
        .find_map(|line| line.split_once("listening on ")?.1.parse().ok())
        .expect("the child tells its address");
    let clients: Vec<_> = (0..CLIENTS_COUNT).map(|_| std::net::TcpStream::connect(addr).unwrap()).collect();
    let rest: Vec<_> = lines.map(|line| line.unwrap()).collect();
    assert!(child.wait().unwrap().success(), "{}", rest.join("\n"));
    drop(clients);
}

async fn serve_with_few_descriptors(as_stream: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    let mut incoming = listener.incoming();
    let mut kept = Vec::new();
    let mut accepted = 0;
    let mut errors = 0_u32;
    let mut measured = None;
    while accepted < CLIENTS_COUNT {
        let connection = if as_stream {
            soon("a connection or an error", incoming.next()).await.unwrap()
        } else {
            soon("a connection or an error", listener.accept()).await.map(|(stream, _)| stream)
        };
        match connection {
            Ok(stream) => {
                accepted += 1;
                if measured.is_none() {
                    kept.push(stream);
                }
            }
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                errors += 1;
                if errors == 1 {
                    measured = Some((Instant::now(), cpu_time()));
                }
                if errors == 31 {
                    let (start, cpu) = measured.unwrap();
                    let (elapsed, used) = (start.elapsed(), cpu_time() - cpu);
                    assert!(elapsed >= Duration::from_millis(290), "thirty rests took {elapsed:?}");
                    assert!(used < elapsed / 4, "{used:?} of CPU in {elapsed:?} without descriptors");
                    kept.clear();
                }
            }
        }
    }
    assert!(errors >= 31, "only {errors} errors: the limit did not bite");
}

/// L3.
#[test]
fn a_child_process_inherits_no_descriptor() {
    in_a_child("a_child_process_inherits_no_descriptor", |rt| {
        let list = || {
            let mut command = Command::new("sh");
            // Without the numbers of its pipes, which are new ones each time.
            command.args(["-c", "for fd in /proc/self/fd/*; do readlink $fd; done | sed 's/\\[[0-9]*\\]//'"]);
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        let inherited = list();
        for kind in ["io_uring", "eventfd", "eventpoll", "socket:"] {
            assert!(!inherited.contains(kind), "before any socket:\n{inherited}");
        }
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let (client, accepted) = join!(TcpStream::connect(addr), listener.accept());
            let signal = heist::signal::unix::signal(heist::signal::unix::SignalKind::hangup()).unwrap();
            let here = std::fs::read_dir("/proc/self/fd").unwrap();
            let sockets = here
                .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
                .filter(|target| target.to_string_lossy().starts_with("socket:"))
                .count();
            assert!(sockets >= 5, "a listener, two ends, a pair of the signal: {sockets}");
            assert_eq!(list(), inherited);
            drop((client, accepted, listener, signal));
        });
    });
}

/// D8: a write without copying pins the memory that the kernel reads. What may not be pinned is copied.
#[test]
fn what_may_not_be_pinned_is_written_plainly() {
    if role().is_none() {
        let mut child = again("process::what_may_not_be_pinned_is_written_plainly", "nobody");
        if has_uring() {
            child.env("HEIST_REQUIRE_URING", "1");
        }
        expect_success(&mut child);
        return;
    }
    // Enough for rings, and not for what is written.
    let limit = rustix::process::Rlimit { current: Some(MIB as u64), maximum: Some(MIB as u64) };
    rustix::process::setrlimit(rustix::process::Resource::Memlock, limit).expect("less than before");
    if is_root() {
        // Root may pin whatever it likes, and so may whoever uses a ring of root's.
        become_nobody();
    }
    on_every_backend(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(MIB / 4, 1).repeat(8);
            let expected = sent.repeat(2);
            let reader = heist::spawn(async move {
                let mut received = Vec::new();
                server.read_to_end(&mut received).await.unwrap();
                assert!(received == expected);
            });
            for _ in 0..2 {
                client.write_all_owned_zero_copy(sent.clone()).await.0.unwrap();
            }
            drop(client);
            soon("the bytes", reader).await.unwrap();
        });
    });
}
