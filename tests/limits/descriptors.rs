//! No descriptor, no memory: each call that makes a descriptor says so at once, nothing is left behind, and the next
//! call works as soon as there is one again.

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::SocketAddr as UnixAddress;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::join;
use heist::io::pipe;
use heist::io::unix::AsyncFd;
use heist::net::{
    TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixSocket, UnixStream,
};
use heist::process::Command;
use heist::runtime::{Builder, DriverKind};
use heist::signal::unix::{SignalKind, signal};
use heist::time::{sleep, timeout};

use crate::support::echo;
use crate::support::process::{cpu_time, fds_fall_to, in_a_child, open_fds_count};
use crate::support::supervisor::{limit_descriptors, supervise};
use crate::support::wait::soon;

type Call<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + 'a>>;

/// Servers of this test's own, to connect to.
struct Targets {
    tcp: std::net::TcpListener,
    unix: std::os::unix::net::UnixListener,
    unix_address: UnixAddress,
}

impl Targets {
    fn new() -> Targets {
        let name = format!("heist-limits-{}", std::process::id());
        let unix_address = UnixAddress::from_abstract_name(name).expect("a valid name");
        Targets {
            tcp: std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"),
            unix: std::os::unix::net::UnixListener::bind_addr(&unix_address).expect("a free name"),
            unix_address,
        }
    }

    /// Every call that makes a socket.
    fn calls(&self) -> Vec<(&'static str, Call<'_>)> {
        let tcp = self.tcp.local_addr().expect("bound");
        let path = std::env::temp_dir().join(format!("heist-limits-{}", std::process::id()));
        let fresh = move || {
            // What an earlier call made.
            let _ = std::fs::remove_file(&path);
            path.clone()
        };
        let another = fresh.clone();
        vec![
            ("TcpListener::bind", Box::pin(async { TcpListener::bind("127.0.0.1:0").await.map(drop) })),
            ("TcpStream::connect", Box::pin(async move { TcpStream::connect(tcp).await.map(drop) })),
            ("TcpSocket::new_v4", Box::pin(async { TcpSocket::new_v4().map(drop) })),
            ("UdpSocket::bind", Box::pin(async { UdpSocket::bind("127.0.0.1:0").await.map(drop) })),
            ("UnixListener::bind", Box::pin(async move { UnixListener::bind(fresh()).map(drop) })),
            (
                "UnixStream::connect_addr",
                Box::pin(async { UnixStream::connect_addr(&self.unix_address).await.map(drop) }),
            ),
            ("UnixStream::pair", Box::pin(async { UnixStream::pair().map(drop) })),
            ("UnixDatagram::unbound", Box::pin(async { UnixDatagram::unbound().map(drop) })),
            ("UnixDatagram::bind", Box::pin(async move { UnixDatagram::bind(another()).map(drop) })),
            ("UnixDatagram::pair", Box::pin(async { UnixDatagram::pair().map(drop) })),
            ("UnixSocket::new_stream", Box::pin(async { UnixSocket::new_stream().map(drop) })),
            ("signal", Box::pin(async { signal(SignalKind::user_defined2()).map(drop) })),
        ]
    }

    /// Calls that make other descriptors.
    fn other_calls(&self) -> Vec<(&'static str, Call<'_>)> {
        vec![
            ("pipe", Box::pin(async { pipe().map(drop) })),
            // The descriptor is there, and the poller for it is not.
            ("AsyncFd::new", Box::pin(async { AsyncFd::new(self.tcp.as_fd()).map(drop) })),
            ("Command::output", Box::pin(async { Command::new("true").output().await.map(drop) })),
        ]
    }

    /// Forgets who connected.
    fn empty(&self) {
        self.tcp.set_nonblocking(true).expect("a socket can be made non-blocking");
        self.unix.set_nonblocking(true).expect("a socket can be made non-blocking");
        while self.tcp.accept().is_ok() {}
        while self.unix.accept().is_ok() {}
    }
}

/// Takes every descriptor that is left.
fn take_all() -> Vec<File> {
    let mut taken = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                return taken;
            }
        }
    }
}

/// D6, D8: EMFILE, for real.
#[test]
fn calls_without_descriptors_fail_at_once_and_work_again_later() {
    in_a_child("descriptors::calls_without_descriptors_fail_at_once_and_work_again_later", |rt| {
        let targets = Targets::new();
        limit_descriptors(open_fds_count() + 40);
        let (address, server) = echo::start(rt);
        let mut client = std::net::TcpStream::connect(address).expect("it listens");
        assert_eq!(echo::round_trip_blocking(&mut client, b"before"), b"before");
        rt.block_on(async {
            let before = open_fds_count();
            let (mut rested, mut used) = (Duration::ZERO, Duration::ZERO);
            for round in 0..20 {
                let taken = take_all();
                for (name, call) in targets.calls().into_iter().chain(targets.other_calls()) {
                    let error = soon(name, call).await.expect_err(name);
                    assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{name}: {error}");
                }
                let error =
                    Builder::new_multi_thread().worker_threads(2).build().map(drop).expect_err("no room");
                assert!(!error.to_string().is_empty());
                // Those who are connected are served.
                assert_eq!(echo::round_trip_blocking(&mut client, b"meanwhile"), b"meanwhile");
                let (start, cpu) = (Instant::now(), cpu_time());
                sleep(Duration::from_millis(20)).await;
                rested += start.elapsed();
                used += cpu_time() - cpu;
                drop(taken);
                assert!(open_fds_count() <= before, "round {round}: a call that failed left a descriptor");
                for (name, call) in targets.calls().into_iter().chain(targets.other_calls()) {
                    soon(name, call).await.unwrap_or_else(|error| panic!("{name} afterwards: {error}"));
                }
                targets.empty();
                fds_fall_to(before).await;
            }
            assert!(used < rested / 2, "somebody spins: {used:?} of CPU in {rested:?} without descriptors");
        });
        server.abort();
    });
}

/// D8: whichever descriptor it is that a runtime does not get, those that it got are given back.
#[test]
fn a_runtime_that_gets_some_of_its_descriptors_gives_them_back() {
    in_a_child("descriptors::a_runtime_that_gets_some_of_its_descriptors_gives_them_back", |rt| {
        let kind = kind_of(rt);
        limit_descriptors(open_fds_count() + 40);
        let before = open_fds_count();
        let (mut failed_count, mut built_count) = (0, 0);
        for free_count in 0..16 {
            for kind in [kind, DriverKind::Auto] {
                let mut taken = take_all();
                taken.truncate(taken.len() - free_count);
                match Builder::new_multi_thread().worker_threads(2).driver(kind).build() {
                    Ok(runtime) => {
                        built_count += 1;
                        assert_eq!(
                            runtime.block_on(async { heist::spawn(async { 7 }).await.expect("no panic") }),
                            7
                        );
                    }
                    Err(error) => {
                        failed_count += 1;
                        // Its text names the call where it is a ring's; the kind stays.
                        let expected = io::Error::from_raw_os_error(libc::EMFILE).kind();
                        assert_eq!(error.kind(), expected, "with {free_count} free: {error}");
                    }
                }
                drop(taken);
                assert_eq!(open_fds_count(), before, "with {free_count} free, {kind}");
            }
        }
        assert!(failed_count >= 4 && built_count >= 4, "{failed_count} failed, {built_count} were built");
    });
}

/// Leaves a wait in flight.
async fn wait_in_vain(socket: &UdpSocket) {
    let mut byte = [0];
    timeout(Duration::from_millis(20), socket.recv(&mut byte)).await.expect_err("nobody sends");
}

/// A wait in flight shares the descriptor, so the socket that is given back is another one, where there is room for it.
#[test]
fn giving_a_socket_back_while_it_is_waited_for_needs_a_descriptor_or_says_so() {
    in_a_child(
        "descriptors::giving_a_socket_back_while_it_is_waited_for_needs_a_descriptor_or_says_so",
        |rt| {
            limit_descriptors(open_fds_count() + 40);
            rt.block_on(async {
                let before = open_fds_count();
                let mut told_count = 0;
                for _ in 0..30 {
                    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                    wait_in_vain(&socket).await;
                    let taken = take_all();
                    let given_back = socket.into_std().map(drop);
                    drop(taken);
                    // Without an error the wait was withdrawn in time: always with polling, and with a ring if its worker
                    // is quick.
                    if let Err(error) = given_back {
                        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                        told_count += 1;
                    }
                    fds_fall_to(before).await;
                }
                eprintln!("{}: told {told_count} times of 30", rt.driver_name());
                assert!(told_count == 0 || rt.driver_name() != "poll", "{told_count} times");
                // With room there is no error.
                let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
                let address = socket.local_addr().expect("bound");
                wait_in_vain(&socket).await;
                let socket = socket.into_std().expect("there is room");
                assert_eq!(socket.local_addr().expect("bound"), address);
            });
        },
    );
}

/// ENFILE, ENOBUFS and ENOMEM come from the machine and cannot be provoked without harming it: a filter answers them.
#[test]
fn calls_without_memory_fail_at_once_and_work_again_later() {
    in_a_child("descriptors::calls_without_memory_fail_at_once_and_work_again_later", |rt| {
        let kind = kind_of(rt);
        let targets = Targets::new();
        const ERRNOS: [i32; 3] = [libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
        // Each call is tried once for each errno, and then done.
        supervise(&[libc::SYS_socket, libc::SYS_socketpair], |_, count| ERRNOS.get(count % 4).copied());
        // Made under the filter, so that its workers are asked as well.
        let rt = Builder::new_multi_thread().worker_threads(2).driver(kind).build().expect("needs no socket");
        rt.block_on(async {
            let names: Vec<_> = targets.calls().iter().map(|(name, _)| *name).collect();
            for (index, name) in names.into_iter().enumerate() {
                for errno in ERRNOS {
                    let (_, call) = targets.calls().swap_remove(index);
                    let error = soon(name, call).await.expect_err(name);
                    assert_eq!(error.raw_os_error(), Some(errno), "{name}: {error}");
                }
                let (_, call) = targets.calls().swap_remove(index);
                soon(name, call).await.unwrap_or_else(|error| panic!("{name} afterwards: {error}"));
            }
        });
    });
}

/// D6 with the other three: `accept` rests each time, and the connection is still there.
#[test]
fn accepting_without_memory_rests_and_loses_no_connection() {
    in_a_child("descriptors::accepting_without_memory_rests_and_loses_no_connection", |rt| {
        let kind = kind_of(rt);
        const REFUSALS_COUNT: usize = 30;
        const ERRNOS: [i32; 4] = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
        supervise(&[libc::SYS_accept4], |_, count| (count < REFUSALS_COUNT).then_some(ERRNOS[count % 4]));
        let rt = Builder::new_multi_thread().worker_threads(2).driver(kind).build().expect("needs no accept");
        rt.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("bound");
            let client = TcpStream::connect(address).await.expect("it listens");
            let (start, cpu) = (Instant::now(), cpu_time());
            for round in 0..REFUSALS_COUNT {
                let error = soon("an error", listener.accept()).await.expect_err("refused");
                assert_eq!(error.raw_os_error(), Some(ERRNOS[round % 4]), "{error}");
            }
            let (elapsed, used) = (start.elapsed(), cpu_time() - cpu);
            assert!(elapsed.as_millis() >= 10 * REFUSALS_COUNT as u128 - 5, "{elapsed:?} of rest");
            assert!(used < elapsed / 4, "{used:?} of CPU in {elapsed:?}");
            let (_stream, peer) = soon("the connection", listener.accept()).await.expect("accepted");
            assert_eq!(peer, client.local_addr().expect("connected"));
            // And the next ones as ever.
            for _ in 0..20 {
                let (client, accepted) = join!(TcpStream::connect(address), listener.accept());
                let (client, (_, peer)) = (client.expect("connected"), accepted.expect("accepted"));
                assert_eq!(peer, client.local_addr().expect("connected"));
            }
        });
    });
}

fn kind_of(rt: &heist::runtime::Runtime) -> DriverKind {
    if rt.driver_name() == "poll" { DriverKind::Poll } else { DriverKind::Uring }
}

/// D6: a file needs no descriptor to be sent; a pipe is only the faster way.
#[test]
fn a_file_is_sent_without_a_descriptor_for_a_pipe() {
    in_a_child("descriptors::a_file_is_sent_without_a_descriptor_for_a_pipe", |rt| {
        rt.block_on(async {
            let mut file = tempfile::tempfile().expect("a temporary file");
            std::io::Write::write_all(&mut file, &[7; 1000]).expect("there is room");
            let file = heist::fs::File::from_std(file);
            let (mut near, mut far) = UnixStream::pair().expect("there are descriptors");
            near.write_all(b"x").await.expect("it is connected");
            let mut bytes = [0; 1001];
            far.read_exact(&mut bytes[..1]).await.expect("it is connected");
            limit_descriptors(open_fds_count() + 40);
            let mut taken = take_all();
            for free_count in 0..3 {
                let sent = near.send_file(&file, 0, u64::MAX).await;
                assert_eq!(sent.unwrap_or_else(|error| panic!("with {free_count} free: {error}")), 1000);
                far.read_exact(&mut bytes[..1000]).await.expect("it is connected");
                assert_eq!(bytes[..1000], [7; 1000]);
                taken.pop();
            }
        });
    });
}

/// D6: what a path names can be asked for without a descriptor, as with std.
#[test]
fn the_metadata_of_a_path_needs_no_descriptor() {
    in_a_child("descriptors::the_metadata_of_a_path_needs_no_descriptor", |rt| {
        rt.block_on(async {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let (path, link) = (directory.path().join("file"), directory.path().join("link"));
            std::fs::write(&path, "text").expect("there is room");
            std::os::unix::fs::symlink(&path, &link).expect("links are supported");
            limit_descriptors(open_fds_count() + 40);
            let taken = take_all();
            let of_file = soon("metadata", heist::fs::metadata(&link)).await;
            assert_eq!(of_file.expect("no descriptor is needed").len(), 4);
            let of_link = soon("symlink_metadata", heist::fs::symlink_metadata(&link)).await;
            assert!(of_link.expect("no descriptor is needed").file_type().is_symlink());
            let missing = soon("metadata", heist::fs::metadata(directory.path().join("missing"))).await;
            assert_eq!(missing.map(drop).expect_err("nothing is there").kind(), io::ErrorKind::NotFound);
            drop(taken);
        });
    });
}

/// D6: an idle worker sleeps on the pollers of those in long polls as well. `poll(2)` refuses more of
/// them than the limit of descriptors, which ends no runtime.
#[test]
fn a_limit_below_the_number_of_workers_stops_no_service() {
    in_a_child("descriptors::a_limit_below_the_number_of_workers_stops_no_service", |rt| {
        let rt =
            Builder::new_multi_thread().worker_threads(3).driver(kind_of(rt)).build().expect("no limit yet");
        rt.block_on(async {
            let (near, far) = UnixDatagram::pair().expect("no limit yet");
            limit_descriptors(1);
            let echo = heist::spawn(async move {
                let mut buf = [0; 8];
                for _round in 0..20 {
                    let count = far.recv(&mut buf).await?;
                    far.send(&buf[..count]).await?;
                }
                io::Result::Ok(())
            });
            for round in 0..20_u8 {
                let stuck = heist::spawn(async { std::thread::sleep(Duration::from_millis(60)) });
                let asking = heist::spawn(async {
                    sleep(Duration::from_millis(10)).await;
                });
                soon("a timer", asking).await.expect("it does not panic");
                near.send(&[round]).await.expect("it is connected");
                let mut answer = [0; 8];
                assert_eq!(soon("an echo", near.recv(&mut answer)).await.expect("it is connected"), 1);
                assert_eq!(answer[0], round);
                stuck.await.expect("it does not panic");
            }
            soon("the echo", echo).await.expect("it does not panic").expect("it is connected");
        });
    });
}
