//! Outside of a runtime: the calls whose docs have "Panics if called outside of a runtime." panic
//! and say so, the others work there. `places.rs` checks the lines that the panics name.

use std::future::Future;
use std::io::SeekFrom;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Waker};

use futures::StreamExt;
use futures::executor::block_on;
use heist::asyncio::{self, ReturnWhen};
use heist::fs::{self, File};
use heist::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use heist::runtime::{Handle, Runtime};
use heist::time::{self, Duration, Instant};

use crate::support::{two_workers, watched};

const LOCAL: &str = "127.0.0.1:0";
const SECOND: Duration = Duration::from_secs(1);

/// `call` panics because this thread has no runtime.
#[track_caller]
fn refused<R>(what: &str, call: impl FnOnce() -> R) {
    let panic = catch_unwind(AssertUnwindSafe(call)).err().unwrap_or_else(|| panic!("{what} does not panic"));
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("a text");
    assert!(text.contains("there is no heist runtime on this thread"), "{what}: {text}");
}

/// The first poll panics because this thread has no runtime.
#[track_caller]
fn refuses<F: Future>(what: &str, future: F) {
    refused(what, || pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

fn file_at(path: &Path) -> File {
    File::from_std(std::fs::File::options().read(true).write(true).open(path).expect("it exists"))
}

#[test]
fn tasks_need_a_runtime() {
    refused("spawn", || heist::spawn(async {}));
    refused("spawn_blocking", || heist::task::spawn_blocking(|| ()));
    refused("current", heist::runtime::Handle::current);
    refused("JoinSet::spawn", || heist::task::JoinSet::new().spawn(async {}));
    refused("JoinSet::spawn_blocking", || heist::task::JoinSet::new().spawn_blocking(|| ()));
    assert!(heist::task::try_id().is_none());
    heist::task::block_in_place(|| ());
    block_on(heist::task::yield_now());
    block_on(heist::task::consume_budget());
    block_on(heist::task::coop::cooperative(async {}));
}

#[test]
fn timers_need_a_runtime_when_they_wait() {
    refuses("sleep", time::sleep(SECOND));
    refuses("sleep_until", time::sleep_until(Instant::now() + SECOND));
    refuses("timeout", time::timeout(SECOND, std::future::pending::<()>()));
    refuses("tick", time::interval_at(Instant::now() + SECOND, SECOND).tick());
    refused("pause", time::pause);
    refused("resume", time::resume);
    refuses("advance", time::advance(SECOND));
    block_on(time::sleep(Duration::ZERO));
    block_on(time::timeout(SECOND, async {})).expect("it is ready");
    block_on(time::interval(SECOND).tick());
    #[cfg(feature = "hyper")]
    refuses("hyper's sleep", hyper::rt::Timer::sleep(&heist::io::hyper::Timer, SECOND));
    #[cfg(feature = "hyper")]
    refused("execute", || hyper::rt::Executor::execute(&heist::io::hyper::Executor, async {}));
}

#[test]
fn asyncio_needs_a_runtime_for_its_tasks_and_its_timers() {
    let runtime = Runtime::new().expect("a runtime");
    let endless = || runtime.spawn(std::future::pending::<Result<(), ()>>());
    refused("gather", || asyncio::gather([async { Ok::<(), ()>(()) }]));
    refused("shield", || asyncio::shield(async {}));
    let body = heist::generator::async_coroutine! { |_: ()| (yield 1)?; Ok(()) };
    refused("adopt", || asyncio::adopt(Box::pin(body)));
    refuses("wait", asyncio::wait([endless()], ReturnWhen::AllCompleted, Some(SECOND)));
    refuses("as_completed", async { asyncio::as_completed([endless()], Some(SECOND)).next().await });
    let task = runtime.spawn(async { Ok::<(), ()>(()) });
    block_on(asyncio::wait([task], ReturnWhen::AllCompleted, None)).expect("no limit");
    asyncio::run(async {}).expect("a runtime of its own");
}

#[test]
fn making_a_socket_needs_a_runtime_and_using_it_does_not() {
    watched(|| {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(LOCAL)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        refuses("bind", TcpListener::bind(LOCAL));
        refuses("connect", TcpStream::connect(address));
        refuses("socket connect", TcpSocket::new_v4().expect("a socket").connect(address));
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(LOCAL.parse().expect("an address")).expect("a free port");
        refused("listen", || socket.listen(1));
        refuses("udp bind", UdpSocket::bind(LOCAL));
        refuses("lookup", heist::net::lookup_host(address));
        // The connection belongs to the runtime of the listener.
        let mut connected = std::net::TcpStream::connect(address).expect("it listens");
        let (mut accepted, _) = block_on(listener.accept()).expect("a connection");
        std::io::Write::write_all(&mut connected, b"hello").expect("it is connected");
        let mut bytes = [0; 5];
        block_on(accepted.read_exact(&mut bytes)).expect("five bytes");

        let mut client = runtime.block_on(TcpStream::connect(address)).expect("it listens");
        let (mut server, _) = runtime.block_on(listener.accept()).expect("a connection");
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 5];
            block_on(server.read_exact(&mut bytes)).map(|_| bytes)
        });
        block_on(client.write_all(b"he")).expect("it is connected");
        let (result, _) = block_on(client.write_all_owned_zero_copy(b"llo".to_vec()));
        result.expect("it is connected");
        assert_eq!(&reader.join().expect("no panic").expect("five bytes"), b"hello");

        let udp = runtime.block_on(UdpSocket::bind(LOCAL)).expect("a free port");
        let target = udp.local_addr().expect("bound");
        block_on(udp.send_to(b"ping", target)).expect("sent");
        assert_eq!(block_on(udp.recv_pooled()).expect("a datagram").len(), 4);
        block_on(udp.connect(target)).expect("connected");
        refuses("send_to a name", udp.send_to(b"ping", ("localhost", target.port())));
        refuses("connect to a name", udp.connect(("localhost", target.port())));
    });
}

#[cfg(unix)]
#[test]
fn making_a_unix_socket_or_a_pipe_needs_a_runtime_and_using_it_does_not() {
    use heist::net::{UnixDatagram, UnixListener, UnixStream};
    watched(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        let runtime = Runtime::new().expect("a runtime");
        refused("pair", UnixStream::pair);
        refused("datagram pair", UnixDatagram::pair);
        refused("unbound", UnixDatagram::unbound);
        refused("bind", || UnixDatagram::bind(path("refused")));
        let listener = runtime.block_on(async { UnixListener::bind(path("listener")) }).expect("bound");
        refuses("connect", UnixStream::connect(path("listener")));
        let _connected = std::os::unix::net::UnixStream::connect(path("listener")).expect("it listens");
        block_on(listener.accept()).expect("a connection");

        let _receiver = runtime.block_on(async { UnixDatagram::bind(path("full")) }).expect("bound");
        let sender = runtime.block_on(async { UnixDatagram::unbound() }).expect("a socket");
        block_on(sender.send_to(b"ping", path("full"))).expect("there is room");
        while sender.try_send_to(b"ping", path("full")).is_ok() {}
        refuses("send_to without room", sender.send_to(b"ping", path("full")));

        refused("pipe", heist::io::pipe);
        let (mut reader, mut writer) = runtime.block_on(async { heist::io::pipe() }).expect("a pipe");
        block_on(writer.write_all(b"ping")).expect("there is room");
        assert_eq!(block_on(reader.read(&mut [0; 64])).expect("four bytes"), 4);
        refuses("ctrl_c", heist::signal::ctrl_c());
    });
}

#[test]
fn paths_need_a_runtime() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    std::fs::write(&path, "text").expect("written");
    let permissions = std::fs::metadata(&path).expect("it exists").permissions();
    refuses("read", fs::read(&path));
    refuses("read_to_string", fs::read_to_string(&path));
    refuses("write", fs::write(&path, "text"));
    refuses("copy", fs::copy(&path, directory.path().join("copy")));
    refuses("rename", fs::rename(&path, directory.path().join("other")));
    refuses("remove_file", fs::remove_file(&path));
    refuses("remove_dir", fs::remove_dir(directory.path()));
    refuses("remove_dir_all", fs::remove_dir_all(directory.path()));
    refuses("create_dir", fs::create_dir(directory.path().join("new")));
    refuses("create_dir_all", fs::create_dir_all(directory.path().join("new")));
    refuses("hard_link", fs::hard_link(&path, directory.path().join("link")));
    refuses("read_link", fs::read_link(&path));
    refuses("canonicalize", fs::canonicalize(&path));
    refuses("metadata", fs::metadata(&path));
    refuses("symlink_metadata", fs::symlink_metadata(&path));
    refuses("try_exists", fs::try_exists(&path));
    refuses("set_permissions", fs::set_permissions(&path, permissions));
    refuses("read_dir", fs::read_dir(directory.path()));
    refuses("open", File::open(&path));
    refuses("create", File::create(&path));
    refuses("create_new", File::create_new(directory.path().join("new")));
    assert_eq!(std::fs::read_dir(directory.path()).expect("it exists").count(), 1, "nothing has happened");
    assert_eq!(std::fs::read(&path).expect("it exists"), b"text");
    let runtime = Runtime::new().expect("a runtime");
    let mut entries = runtime.block_on(fs::read_dir(directory.path())).expect("a directory");
    let entry = block_on(entries.next_entry()).expect("read together with the first").expect("one");
    refuses("entry.metadata", entry.metadata());
}

#[test]
fn files_need_a_runtime_when_they_have_to_ask_the_system() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    std::fs::write(&path, "text").expect("written");
    let permissions = std::fs::metadata(&path).expect("it exists").permissions();
    refuses("write", file_at(&path).write(b"text"));
    refuses("write_all", file_at(&path).write_all(b"text"));
    refuses("write_at", file_at(&path).write_at(b"text", 0));
    refuses("write_all_at", file_at(&path).write_all_at(b"text", 0));
    refuses("write_owned_at", file_at(&path).write_owned_at(b"text".to_vec(), 0));
    refuses("read_vectored_owned_at", file_at(&path).read_vectored_owned_at(vec![vec![0; 4]], 0));
    refuses("write_vectored_owned_at", file_at(&path).write_vectored_owned_at(vec![b"text".to_vec()], 0));
    refuses("sync_all", file_at(&path).sync_all());
    refuses("sync_data", file_at(&path).sync_data());
    refuses("set_len", file_at(&path).set_len(4));
    // Other systems refuse it at once.
    #[cfg(target_os = "linux")]
    refuses("allocate", file_at(&path).allocate(0, 4));
    refuses("metadata", file_at(&path).metadata());
    refuses("set_permissions", file_at(&path).set_permissions(permissions));
    refuses("stdout", heist::io::stdout().write_all(b""));

    let mut file = file_at(&path);
    block_on(file.seek(SeekFrom::Start(2))).expect("a file");
    assert_eq!(block_on(file.stream_position()).expect("a file"), 2);
    block_on(file.rewind()).expect("a file");
    block_on(file.flush()).expect("nothing was given up");
    block_on(file.try_clone()).expect("a descriptor");
    file.into_std().expect("a descriptor");
}

#[test]
fn a_file_that_has_refused_calls_works_in_a_runtime() {
    watched(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        std::fs::write(&path, "text").expect("written");
        let permissions = std::fs::metadata(&path).expect("it exists").permissions();
        let mut file = file_at(&path);
        refuses("write_at", file.write_at(b"lost", 0));
        refuses("write_owned_at", file.write_owned_at(b"lost".to_vec(), 0));
        refuses("write_vectored_owned_at", file.write_vectored_owned_at(vec![b"lost".to_vec()], 0));
        refuses("write", file.write(b"lost"));
        refuses("sync_all", file.sync_all());
        refuses("set_len", file.set_len(0));
        #[cfg(target_os = "linux")]
        refuses("allocate", file.allocate(0, 4));
        refuses("set_permissions", file.set_permissions(permissions));
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            file.seek(SeekFrom::End(0)).await.expect("no wait for what never began");
            file.write_all(b" and more").await.expect("a file");
            file.write_at(b"T", 0).await.expect("a file");
            file.sync_all().await.expect("a file");
        });
        assert_eq!(std::fs::read(&path).expect("it exists"), b"Text and more");
    });
}

#[cfg(unix)]
#[test]
fn a_refused_bind_leaves_no_socket_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    refused("UnixListener::bind", || heist::net::UnixListener::bind(&path));
    refused("UnixDatagram::bind", || heist::net::UnixDatagram::bind(&path));
    assert!(!path.exists(), "a file of nobody");
}

#[test]
fn guards_in_the_wrong_order_panic_whether_of_one_runtime_or_of_two() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (one, other) = (two_workers(), two_workers());
    for second in [&one, &other] {
        // On a thread of its own: a guard that was dropped too early leaves its runtime entered.
        std::thread::scope(|scope| {
            let outcome = scope.spawn(|| {
                let first_guard = one.enter();
                let second_guard = second.enter();
                let is_refused = catch_unwind(AssertUnwindSafe(|| drop(first_guard))).is_err();
                drop(second_guard);
                is_refused
            });
            assert!(outcome.join().expect("the second drop is in order"));
        });
    }
}

#[test]
fn the_error_of_try_current_tells_an_ending_thread_from_one_without_a_runtime() {
    use std::cell::RefCell;
    use std::sync::mpsc;
    struct AsksAtTheEnd(mpsc::Sender<heist::runtime::TryCurrentError>);
    impl Drop for AsksAtTheEnd {
        fn drop(&mut self) {
            self.0.send(Handle::try_current().expect_err("the thread ends")).expect("the test listens");
        }
    }
    std::thread_local!(static ASKS: RefCell<Option<AsksAtTheEnd>> = const { RefCell::new(None) });
    let error = Handle::try_current().expect_err("outside");
    assert!(error.is_missing_context() && !error.is_thread_local_destroyed());
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        ASKS.with(|asks| asks.replace(Some(AsksAtTheEnd(send))));
        // Its storage is made later, and destroyed earlier.
        assert!(Handle::try_current().is_err());
    });
    let error = receive.recv().expect("sent at the end");
    assert!(error.is_missing_context() != error.is_thread_local_destroyed());
}
