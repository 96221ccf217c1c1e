//! Sends on a real ring whose peer reads late, never, or is gone: where the buffer, the descriptor
//! and the turn are.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use socket2::{SockRef, Socket};

use super::{AnyLoan, End, Extent, Loan, Sent};
use crate::buf::IoBuf;
use crate::driver::file::Region;
use crate::driver::inflight::InFlight;
use crate::driver::op::Op;
use crate::driver::submission::Completion;
use crate::driver::tests::{LIMIT, bound, drive, expect_end, harvest_until, pair};
use crate::driver::{Direction, Driver, DriverKind, Options, Registration};

/// More than a socket takes whose peer does not read, so that the kernel keeps the buffer.
const MUCH_BYTES: usize = 16 << 20;

/// Bytes, and an observer that sees when they are freed.
struct Watched(Box<[u8]>, #[expect(dead_code, reason = "what is watched")] Arc<()>);

#[expect(unsafe_code, reason = "a buffer of the test's own")]
// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for Watched {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.0.len()
    }
}

fn watched(len: usize) -> (Watched, Weak<()>) {
    let life = Arc::new(());
    let weak = Arc::downgrade(&life);
    let bytes = (0..len).map(|index| (index % 251) as u8).collect();
    (Watched(bytes, life), weak)
}

/// The op-code is as old as the setup flags that the other tests of rings need. A kernel without it
/// fails these tests.
fn driver() -> Arc<Driver> {
    let options =
        Options { kind: DriverKind::Uring, ring_entries: 8, completion_entries: 16, ..Options::default() };
    Driver::new(&options).expect("io_uring")
}

type Pending<'a> = Pin<Box<dyn Future<Output = Sent<Watched>> + 'a>>;

/// A send whose bytes the kernel has taken, and keeps, because no peer reads them.
fn stuck<'a>(driver: &Arc<Driver>, registration: &'a Registration) -> (Pending<'a>, Weak<()>) {
    assert!(registration.offers_zero_copy(), "Linux 6.0 or newer");
    let (buf, life) = watched(MUCH_BYTES);
    let mut send: Pending = Box::pin(registration.send_zero_copy(buf, Extent::Part));
    assert!(poll(&mut send).is_pending());
    assert_eq!(driver.in_flight(0), 1);
    // The answer comes with the entry, and one more poll receives it.
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    assert!(poll(&mut send).is_pending(), "answered, and not given back");
    (send, life)
}

fn poll<T>(future: &mut Pin<Box<dyn Future<Output = T> + '_>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Reads to the end, and checks that the bytes are a beginning of those that were sent.
fn expect_beginning(mut peer: TcpStream) -> usize {
    let mut bytes = Vec::new();
    peer.set_read_timeout(Some(LIMIT)).expect("time-out");
    while let Err(error) = peer.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "{error}");
    }
    assert!(bytes.iter().enumerate().all(|(index, byte)| *byte == (index % 251) as u8), "other bytes");
    bytes.len()
}

/// F10.
#[test]
fn the_buffer_comes_back_when_the_peer_has_read() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, mut peer) = pair();
    let (mut send, life) = stuck(&driver, &registration);
    for _ in 0..50 {
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        assert!(poll(&mut send).is_pending(), "the peer has read nothing");
    }
    peer.set_nonblocking(true).expect("non-blocking");
    let mut got = vec![0; 1 << 16];
    let mut received_bytes = 0;
    let sent = loop {
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        if let Poll::Ready(sent) = poll(&mut send) {
            break sent;
        }
        received_bytes += peer.read(&mut got).unwrap_or(0);
    };
    assert!(matches!(sent.end, End::Taken), "{:?}", sent.end);
    assert!(sent.sent_bytes < MUCH_BYTES && received_bytes <= sent.sent_bytes, "{received_bytes}");
    assert!(sent.buf.is_some_and(|buf| buf.0.len() == MUCH_BYTES));
    assert!(life.upgrade().is_none());
    drop(send);
    assert_eq!((driver.in_flight(0), driver.stale_count(0)), (0, 0));
}

#[test]
fn all_of_a_large_buffer_arrives() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let reader = std::thread::spawn(move || expect_beginning(peer));
    let (buf, _life) = watched(MUCH_BYTES);
    let sent = drive(&driver, registration.send_zero_copy(buf, Extent::All));
    assert!(matches!(sent.end, End::Taken), "{:?}", sent.end);
    assert_eq!(sent.sent_bytes, MUCH_BYTES);
    assert!(sent.buf.is_some());
    assert!(!registration.offers_zero_copy(), "the kernel copies within the machine, and says so");
    drop(registration);
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!(reader.join().expect("no panic"), MUCH_BYTES);
    assert_eq!(driver.stale_count(0), 0);
}

/// F10, F1, F8: the peer sees the end of the stream, after all the bytes that were taken, although
/// the kernel still has the buffer.
#[test]
fn a_dropped_send_keeps_its_buffer_and_not_its_descriptor() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let (send, life) = stuck(&driver, &registration);
    drop(send);
    drop(registration);
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    assert!(life.upgrade().is_some(), "the kernel still reads it");
    assert_eq!(driver.in_flight(0), 1);
    assert!(expect_beginning(peer) > 0);
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert!(life.upgrade().is_none(), "the notification freed it");
    assert_eq!(driver.stale_count(0), 0);
}

#[test]
fn a_send_that_is_given_up_before_the_worker_begins_it_sends_nothing() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let (buf, life) = watched(100);
    let mut send: Pending = Box::pin(registration.send_zero_copy(buf, Extent::All));
    assert!(poll(&mut send).is_pending());
    drop(send);
    // A write now waits for the end of the send.
    let write = |mut socket: &Socket| socket.write(b"x");
    let error = registration.try_io(Direction::Write, write).expect_err("not its turn yet");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(drive(&driver, registration.async_io(Direction::Write, write)).expect("written"), 1);
    assert!(life.upgrade().is_none());
    drop(registration);
    let mut bytes = Vec::new();
    (&peer).read_to_end(&mut bytes).expect("read");
    assert_eq!(bytes, b"x");
}

/// If a send is on its way to the kernel, the bytes that it has taken come before bytes that are
/// written afterwards.
#[test]
fn nothing_overtakes_a_send_that_is_given_up() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let (buf, _life) = watched(100);
    let mut send: Pending = Box::pin(registration.send_zero_copy(buf, Extent::All));
    // Begun at once, and not yet submitted.
    assert!(crate::driver::pinned(|| poll(&mut send)).is_pending());
    drop(send);
    let write = |mut socket: &Socket| socket.write(b"last");
    registration.try_io(Direction::Write, write).expect_err("not its turn yet");
    drive(&driver, registration.async_io(Direction::Write, write)).expect("written");
    drop(registration);
    let mut bytes = Vec::new();
    (&peer).read_to_end(&mut bytes).expect("read");
    assert!(bytes.ends_with(b"last"), "{bytes:?}");
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!(driver.stale_count(0), 0);
}

/// A kernel that has sent nothing reports that it has copied. That is no reason to send by plain
/// calls.
#[test]
fn a_full_socket_is_not_taken_for_one_that_copies() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let block = [0; 1 << 16];
    while registration.socket().send(&block).is_ok() {}
    let mut send: Pending = Box::pin(registration.send_zero_copy(watched(100).0, Extent::All));
    for _ in 0..10 {
        assert!(poll(&mut send).is_pending());
        driver.harvest(0, &mut Vec::new()).expect("harvest");
    }
    // Only a wait for room is left.
    assert_eq!(driver.in_flight(0), 1);
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("linger");
    drop(peer);
    let sent = drive(&driver, send);
    assert!(matches!(sent.end, End::Failed(_)), "{:?}", sent.end);
    assert!(registration.offers_zero_copy());
    assert_eq!((driver.in_flight(0), driver.stale_count(0)), (0, 0));
}

/// H15 for sockets: the end of the runtime waits for the notification up to its deadline.
#[test]
fn a_buffer_that_is_on_loan_at_the_end_is_leaked_and_given_to_nobody() {
    const DEADLINE: Duration = Duration::from_millis(100);
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let (mut send, life) = stuck(&driver, &registration);
    let started = Instant::now();
    driver.shutdown(0, DEADLINE);
    assert!((DEADLINE..LIMIT / 2).contains(&started.elapsed()), "{:?}", started.elapsed());
    assert_eq!((driver.in_flight(0), driver.leaked_count(0)), (0, 1));
    let Poll::Ready(sent) = poll(&mut send) else { panic!("its runtime has ended") };
    assert!(sent.buf.is_none(), "the kernel still reads it");
    drop(send);
    drop(registration);
    assert!(life.upgrade().is_some());
    // The bytes are not lost, and no others are sent in their place.
    assert!(expect_beginning(peer) > 0);
}

#[test]
fn the_end_waits_for_a_buffer_that_comes_back_in_time() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let (mut send, _life) = stuck(&driver, &registration);
    registration.socket().shutdown(Shutdown::Write).expect("shut down");
    let reader = std::thread::spawn(move || expect_beginning(peer));
    driver.shutdown(0, LIMIT);
    assert_eq!(driver.leaked_count(0), 0);
    let Poll::Ready(sent) = poll(&mut send) else { panic!("its runtime has ended") };
    assert!(sent.buf.is_some());
    assert_eq!(reader.join().expect("no panic"), sent.sent_bytes);
}

#[test]
fn what_is_begun_after_the_end_gives_its_buffer_back() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, _peer) = pair();
    driver.shutdown(0, Duration::ZERO);
    let (buf, _life) = watched(100);
    let mut send: Pending = Box::pin(registration.send_zero_copy(buf, Extent::All));
    let Poll::Ready(sent) = poll(&mut send) else { panic!("it was refused") };
    assert!(
        matches!(&sent.end, End::Failed(error) if error.to_string().contains("shut down")),
        "{:?}",
        sent.end
    );
    assert!(sent.buf.is_some());
}

#[test]
fn a_socket_that_cannot_is_distinguished_from_one_that_failed() {
    let driver = driver();
    let _guard = bound(&driver);
    let (ours, _theirs) = UnixStream::pair().expect("a pair");
    let registration = Registration::new(ours.into()).expect("register");
    let (buf, _life) = watched(100);
    let sent = drive(&driver, registration.send_zero_copy(buf, Extent::All));
    assert!(matches!(sent.end, End::Refused), "{:?}", sent.end);
    assert_eq!(sent.sent_bytes, 0);
    assert!(!registration.offers_zero_copy(), "it is asked once");
    assert!(sent.buf.is_some());
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!(driver.stale_count(0), 0);
}

/// F10: errors for which the kernel announces a notification.
#[test]
fn a_peer_that_is_gone_gives_the_buffer_back_with_the_error() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("linger");
    drop(peer);
    for wanted in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe] {
        let sent = drive(&driver, registration.send_zero_copy(watched(100).0, Extent::All));
        assert!(matches!(&sent.end, End::Failed(error) if error.kind() == wanted), "{:?}", sent.end);
        assert!(sent.buf.is_some());
    }
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!((driver.stale_count(0), driver.leaked_count(0)), (0, 0));
}

/// F10: errors without a notification, and results that a kernel should never return.
#[test]
fn an_answer_without_a_notification_ends_the_loan_itself() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, _peer) = pair();
    let (buf, _life) = watched(100);
    let loan = Arc::new(Loan::new(buf));
    let send = || {
        let bytes = loan.lend(|buf| Region::bytes_from(buf, 0));
        let completion = Arc::new(Completion::new());
        let loan: Arc<dyn AnyLoan> = loan.clone();
        Op::Send { source: registration.source.clone(), bytes, completion, loan }
    };
    let mut flights = InFlight::new();
    let mut admit = || flights.admit(send(), 0).expect("it has not been given up");
    let (with, without) = (admit(), admit());
    let (mut wakers, mut leftovers) = (Vec::new(), Vec::new());
    let broken = || Err(io::ErrorKind::BrokenPipe.into());
    flights.answer(with, broken(), &mut wakers, &mut leftovers);
    flights.land(without, broken(), &mut wakers, &mut leftovers);
    assert_eq!(leftovers.len(), 2);
    let mut returned = pin!(loan.returned());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(returned.as_mut().poll(&mut cx).is_pending(), "one of two has it still");
    flights.answer(with, broken(), &mut wakers, &mut leftovers);
    assert_eq!(flights.stale_count(), 1, "an answer comes once");
    flights.land(with, Ok(0), &mut wakers, &mut leftovers);
    assert!(matches!(returned.as_mut().poll(&mut cx), Poll::Ready(Some(_))));
    assert_eq!((flights.len(), wakers.len()), (0, 1));
}

/// An end that a peer must see is also visible to the test's own pairs: a send that has ended does
/// not keep the descriptor.
#[test]
fn a_stream_closes_after_a_send_that_was_refused_or_taken() {
    let driver = driver();
    let _guard = bound(&driver);
    let (registration, peer) = pair();
    let sent = drive(&driver, registration.send_zero_copy(watched(1).0, Extent::All));
    assert_eq!(sent.sent_bytes, 1);
    (&peer).read_exact(&mut [0]).expect("the byte");
    drop(registration);
    harvest_until(&driver, || driver.in_flight(0) == 0);
    expect_end(&peer);
}
