//! Behaviour of the driver, on every back end.

use std::future::Future;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::primitive::atomic::{AtomicUsize, Ordering};

use super::{Driver, DriverGuard, DriverKind, Options, Registration};

#[cfg(unix)]
mod beside;
#[cfg(target_os = "linux")]
pub(super) mod flight;
mod lifecycle;
#[cfg(all(target_os = "linux", feature = "console"))]
mod noted;
mod quiet;
mod readiness;
#[cfg(target_os = "linux")]
mod refused;
mod threads;

/// Normally a second would be more than enough, but the machine may be busy with other work. A test
/// that takes longer than this hangs.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        // Ordering: SeqCst: a test's counter.
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(super) fn counting_waker() -> (Arc<CountingWaker>, Waker) {
    let count = Arc::new(CountingWaker(AtomicUsize::new(0)));
    (count.clone(), Waker::from(count))
}

impl CountingWaker {
    pub(super) fn count(&self) -> usize {
        // Ordering: SeqCst: a test's counter.
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs the test on io_uring and on polling. If the kernel refuses io_uring, the test fails,
/// because half of it would be missing.
pub(super) fn on_every_backend(test: impl Fn(&Arc<Driver>)) {
    on_every_backend_of(&Options::default(), test);
}

pub(super) fn on_every_backend_of(options: &Options, test: impl Fn(&Arc<Driver>)) {
    for &(kind, single_thread) in FLAVOURS {
        let single_thread = options.single_thread || (single_thread && options.workers == 1);
        let options = Options { kind, single_thread, ..options.clone() };
        eprintln!("on {options:?}");
        test(&Driver::new(&options).expect("the back end is available"));
    }
}

/// Rings for one thread each, the ring of a loop that moves between threads, and polling.
#[cfg(target_os = "linux")]
const FLAVOURS: &[(DriverKind, bool)] =
    &[(DriverKind::Uring, false), (DriverKind::Uring, true), (DriverKind::Poll, false)];

#[cfg(not(target_os = "linux"))]
const FLAVOURS: &[(DriverKind, bool)] = &[(DriverKind::Poll, false)];

/// Worker 0's loop: polls the future, and parks in between.
pub(super) fn drive<F: Future>(driver: &Arc<Driver>, future: F) -> F::Output {
    drive_on(driver, 0, future)
}

pub(super) fn drive_on<F: Future>(driver: &Arc<Driver>, worker: usize, future: F) -> F::Output {
    let (count, waker) = counting_waker();
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let mut wakers = Vec::new();
    let started = Instant::now();
    loop {
        let before = count.count();
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        while count.count() == before {
            assert!(started.elapsed() < LIMIT, "nothing woke the future");
            driver.park(worker, Some(Duration::from_secs(1)), &mut wakers).expect("park");
            wakers.drain(..).for_each(Waker::wake);
        }
    }
}

/// Harvests until `done` or the limit.
pub(super) fn harvest_until(driver: &Arc<Driver>, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    let mut wakers = Vec::new();
    while !done() {
        assert!(started.elapsed() < LIMIT, "it never came");
        driver.harvest(0, &mut wakers).expect("harvest");
        wakers.drain(..).for_each(Waker::wake);
        std::thread::yield_now();
    }
}

pub(super) fn bound(driver: &Arc<Driver>) -> DriverGuard {
    driver.bind_worker(0).expect("bind")
}

/// Two connected sockets: one registered, and one that only the test uses.
pub(super) fn pair() -> (Registration, TcpStream) {
    let (ours, theirs) = stream_pair();
    (Registration::new(ours.into()).expect("register"), theirs)
}

pub(super) fn stream_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let ours = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    let (theirs, _) = listener.accept().expect("accept");
    (ours, theirs)
}

pub(super) fn receive(mut socket: &Socket) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 256];
    let count = socket.read(&mut buffer)?;
    Ok(buffer[..count].to_vec())
}

/// The peer's end of a socket that was closed.
///
/// The read may be interrupted, because the kernel signals the threads that used a ring once more
/// after it was closed.
pub(super) fn expect_end(mut peer: &TcpStream) {
    peer.set_read_timeout(Some(LIMIT)).expect("time-out");
    loop {
        match peer.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            end => return assert_eq!(end.expect("the end of the stream"), 0),
        }
    }
}
