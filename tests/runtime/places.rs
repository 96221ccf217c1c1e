//! A call that needs a runtime and finds none, or may not be made where it is, names the line of its caller.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use heist::runtime::{Builder, Handle};
use heist::{fs, net, task, time};

use crate::support::watched;

/// The hook is the process's.
static HOOK: Mutex<()> = Mutex::new(());

/// Where and with which words `call` panics.
fn panic_of(call: impl FnOnce()) -> (String, String) {
    let _guard = HOOK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (tell, told) = std::sync::mpsc::channel();
    let here = std::thread::current().id();
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            let place = info.location().expect("it is known").file().to_owned();
            tell.send((place, info.to_string())).expect("it is received below");
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(call));
    std::panic::set_hook(former);
    assert!(outcome.is_err(), "it did not panic");
    told.recv().expect("the hook was called")
}

/// Polls once: what needs a runtime says so then.
fn poll(future: impl Future) {
    let mut context = Context::from_waker(Waker::noop());
    if pin!(future).as_mut().poll(&mut context).is_ready() {
        eprintln!("it was ready");
    }
}

#[track_caller]
fn expect(what: &str, call: impl FnOnce()) {
    let (place, words) = panic_of(call);
    assert!(place.ends_with("places.rs"), "{what}: {place}: {words}");
}

#[test]
fn calls_without_a_runtime_panic_at_the_line_of_the_caller() {
    watched(|| {
        expect("spawn", || drop(heist::spawn(async {})));
        expect("a large spawn", || {
            let large = [0_u8; 100_000];
            drop(heist::spawn(async move { large.len() }));
        });
        expect("task::spawn", || drop(task::spawn(async {})));
        expect("spawn_blocking", || drop(task::spawn_blocking(|| ())));
        expect("spawn_local", || drop(task::spawn_local(async {})));
        expect("current", || drop(Handle::current()));
        expect("JoinSet", || drop(task::JoinSet::new().spawn(async {})));
        expect("JoinSet, blocking", || drop(task::JoinSet::new().spawn_blocking(|| ())));
        expect("JoinSet, local", || drop(task::JoinSet::new().spawn_local(async {})));
        expect("JoinSet of many", || drop(task::JoinSet::from_iter([async {}])));
        expect("pause", || time::pause());
    });
}

#[test]
fn sockets_without_a_runtime_panic_at_the_line_of_the_caller() {
    watched(|| {
        let listener = || std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let udp = || std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        expect("listener", || drop(net::TcpListener::from_std(listener())));
        expect("listener, try_from", || drop(net::TcpListener::try_from(listener())));
        expect("udp", || drop(net::UdpSocket::from_std(udp())));
        expect("stream", || {
            let peer = std::net::TcpStream::connect(listener().local_addr().expect("bound"));
            drop(net::TcpStream::from_std(peer.expect("it listens")));
        });
        #[cfg(unix)]
        {
            expect("pair", || drop(net::UnixStream::pair()));
            expect("datagrams", || drop(net::UnixDatagram::unbound()));
            expect("datagram pair", || drop(net::UnixDatagram::pair()));
            let directory = tempfile::tempdir().expect("a directory");
            expect("unix bind", || drop(net::UnixListener::bind(directory.path().join("l"))));
            expect("datagram bind", || drop(net::UnixDatagram::bind(directory.path().join("d"))));
            expect("pipe", || drop(heist::io::pipe()));
            expect("signal", || {
                drop(heist::signal::unix::signal(heist::signal::unix::SignalKind::window_change()));
            });
        }
    });
}

/// They may be made anywhere: the place is that of the `await`.
#[test]
fn futures_without_a_runtime_panic_at_the_line_that_awaits_them() {
    watched(|| {
        let moment = Duration::from_millis(1);
        expect("sleep", || poll(async { time::sleep(moment).await }));
        expect("sleep_until", || poll(async { time::sleep_until(time::Instant::now() + moment).await }));
        expect("timeout", || poll(async { time::timeout(moment, std::future::pending::<()>()).await }));
        expect("tick", || {
            poll(async {
                let mut interval = time::interval_at(time::Instant::now() + moment, moment);
                interval.tick().await
            });
        });
        expect("connect", || poll(async { net::TcpStream::connect("127.0.0.1:1").await }));
        expect("bind", || poll(async { net::TcpListener::bind("127.0.0.1:0").await }));
        expect("udp bind", || poll(async { net::UdpSocket::bind("127.0.0.1:0").await }));
        expect("lookup", || poll(async { net::lookup_host("localhost:1").await.map(drop) }));
        expect("socket", || {
            poll(async {
                net::TcpSocket::new_v4()?.connect("127.0.0.1:1".parse().expect("an address")).await
            });
        });
        expect("read", || poll(async { fs::read("Cargo.toml").await }));
        expect("read_to_string", || poll(async { fs::read_to_string("Cargo.toml").await }));
        expect("metadata", || poll(async { fs::metadata("Cargo.toml").await }));
        expect("read_dir", || poll(async { fs::read_dir(".").await.map(drop) }));
        expect("canonicalize", || poll(async { fs::canonicalize(".").await }));
        expect("open", || poll(async { fs::File::open("Cargo.toml").await.map(drop) }));
        expect("options", || {
            poll(async { fs::OpenOptions::new().read(true).open("Cargo.toml").await.map(drop) });
        });
        #[cfg(unix)]
        {
            expect("unix connect", || poll(async { net::UnixStream::connect("/nobody").await.map(drop) }));
            expect("ctrl_c", || poll(async { heist::signal::ctrl_c().await }));
        }
    });
}

/// Where no `await` of the caller's is on the way, the words name the call.
#[test]
fn the_words_name_the_call_if_an_executor_polls_its_future() {
    watched(|| {
        let line = line!() + 1;
        let (_, words) = panic_of(|| drop(futures::executor::block_on(fs::read("Cargo.toml"))));
        assert!(words.contains(&format!("places.rs:{line}:")), "{words}");
    });
}

#[test]
fn nested_block_on_panics_at_the_line_of_the_caller() {
    watched(|| {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = builder.worker_threads(1).build().expect("a runtime");
            let handle = runtime.handle().clone();
            expect("the runtime's", || runtime.block_on(async { runtime.block_on(async {}) }));
            expect("the handle's", || runtime.block_on(async { handle.block_on(async {}) }));
            expect("a large one", || {
                runtime.block_on(async {
                    let large = [0_u8; 100_000];
                    handle.block_on(async move { std::hint::black_box(large).len() });
                });
            });
        }
    });
}

#[test]
fn a_clock_that_cannot_be_paused_names_the_line_of_the_caller() {
    watched(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let _guard = runtime.enter();
        expect("pause", || {
            time::pause();
        });
        expect("resume", || {
            time::resume();
        });
        expect("build_local", || drop(Builder::new_multi_thread().build_local(Default::default())));
        expect("name", || drop(Builder::new_multi_thread().name(" ").build()));
        expect("event_interval", || drop(Builder::new_multi_thread().event_interval(0).build()));
    });
}
