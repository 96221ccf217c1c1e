//! Behaviour of the driver, on every back end.

use std::future::Future;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::primitive::atomic::{AtomicUsize, Ordering};

use super::{Direction, Driver, Guard, Kind, Options, Registration};

/// A second is an eternity here: whatever takes as long hangs.
const LIMIT: Duration = Duration::from_secs(10);

struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        // Ordering: SeqCst: a test's counter.
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counting_waker() -> (Arc<CountingWaker>, Waker) {
    let count = Arc::new(CountingWaker(AtomicUsize::new(0)));
    (count.clone(), Waker::from(count))
}

impl CountingWaker {
    fn count(&self) -> usize {
        // Ordering: SeqCst: a test's counter.
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs the test on io_uring and on polling. A kernel that refuses io_uring fails the test: it would be half a test.
fn on_every_backend(test: impl Fn(&Arc<Driver>)) {
    on_every_backend_of(&Options::default(), test);
}

fn on_every_backend_of(options: &Options, test: impl Fn(&Arc<Driver>)) {
    for kind in kinds() {
        eprintln!("on {kind}");
        let driver =
            Driver::new(&Options { kind: *kind, ..options.clone() }).expect("the back end is available");
        test(&driver);
    }
}

#[cfg(target_os = "linux")]
fn kinds() -> &'static [Kind] {
    &[Kind::Uring, Kind::Poll]
}

#[cfg(not(target_os = "linux"))]
fn kinds() -> &'static [Kind] {
    &[Kind::Poll]
}

/// Worker 0's loop: polls the future, parks in between.
fn drive<F: Future>(driver: &Arc<Driver>, future: F) -> F::Output {
    let (count, waker) = counting_waker();
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let mut wakers = Vec::new();
    let started = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        let before = count.count();
        while count.count() == before {
            assert!(started.elapsed() < LIMIT, "nothing woke the future");
            driver.park(0, Some(Duration::from_secs(1)), &mut wakers).expect("park");
            wakers.drain(..).for_each(Waker::wake);
        }
    }
}

/// Harvests until `done` or the limit.
fn harvest_until(driver: &Arc<Driver>, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    let mut wakers = Vec::new();
    while !done() {
        assert!(started.elapsed() < LIMIT, "it never came");
        driver.harvest(0, &mut wakers).expect("harvest");
        wakers.drain(..).for_each(Waker::wake);
    }
}

fn bound(driver: &Arc<Driver>) -> Guard {
    driver.bind_worker(0).expect("bind")
}

/// Two connected sockets: one registered, one of the test's own.
fn pair() -> (Registration, std::net::TcpStream) {
    let (ours, theirs) = stream_pair();
    (Registration::new(ours.into()).expect("register"), theirs)
}

fn stream_pair() -> (std::net::TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let ours = std::net::TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    let (theirs, _) = listener.accept().expect("accept");
    (ours, theirs)
}

fn receive(mut socket: &Socket) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 256];
    let count = socket.read(&mut buffer)?;
    Ok(buffer[..count].to_vec())
}

#[test]
fn data_that_arrives_later_wakes_the_reader() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            peer.write_all(b"later").expect("write");
            peer
        });
        let data = drive(driver, registration.async_io(Direction::Read, receive)).expect("receive");
        assert_eq!(data, b"later");
        drop(writer.join());
    });
}

#[test]
fn room_that_is_made_later_wakes_the_writer() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let block = vec![7; 1 << 16];
        let mut sent = 0;
        while let Ok(count) = registration.try_io(Direction::Write, |mut socket| socket.write(&block)) {
            sent += count;
        }
        let reader = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let mut all = vec![0; sent];
            peer.read_exact(&mut all).expect("read");
            peer
        });
        let count = drive(driver, registration.async_io(Direction::Write, |mut socket| socket.write(&block)));
        assert!(count.expect("write") > 0);
        drop(reader.join());
    });
}

#[test]
fn a_connect_succeeds_and_a_refused_one_says_so() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let connect = |address: std::net::SocketAddr| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
            let registration = Registration::new(socket).expect("register");
            drive(driver, async move { registration.connect(&SockAddr::from(address)).await })
        };
        connect(address).expect("connect");
        drop(listener);
        let error = connect(address).expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(driver.in_flight(0), 0);
    });
}
